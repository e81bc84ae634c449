"""Requests out of ASGI's scope, and responses into its messages."""

import asyncio
from typing import Any

import pytest

from lambent.core.http import HttpResponse
from lambent.gateway.exchange import read_head, send_response, with_request_id


async def sent(response: HttpResponse) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    async def receive() -> dict[str, Any]:
        return await asyncio.Future()

    await send_response(response, "id", receive, send)
    return messages


def test_repeated_headers_are_joined() -> None:
    scope = {
        "method": "GET",
        "raw_path": b"/a%2Fb",
        "query_string": b"c=d",
        "headers": [(b"a", b"1"), (b"b", b"\xfc"), (b"a", b"2")],
    }
    request = read_head(scope)
    assert (request.path, request.query) == ("/a%2Fb", "c=d")
    assert request.headers == {"a": "1, 2", "b": "ü"}


def test_a_server_that_gives_no_raw_path_is_borne() -> None:
    scope = {"method": "GET", "path": "/a b", "query_string": b"", "headers": []}
    assert read_head(scope).path == "/a%20b"


def test_a_request_id_is_added_once() -> None:
    response = with_request_id(HttpResponse(headers=(("x-amzn-RequestId", "mine"),)), "other")
    assert response.headers == (("x-amzn-RequestId", "mine"),)
    assert with_request_id(HttpResponse(), "new").headers == (("x-amzn-requestid", "new"),)


@pytest.mark.parametrize(("status", "has_length"), [(200, True), (204, False), (304, False)])
async def test_an_answer_that_may_have_a_body_says_its_length(
    status: int, has_length: bool
) -> None:
    start, _ = await sent(HttpResponse(status=status))
    assert ((b"content-length", b"0") in start["headers"]) is has_length


async def test_a_length_that_is_said_is_kept() -> None:
    start, _ = await sent(HttpResponse(headers=(("Content-Length", "7"),)))
    assert start["headers"] == [(b"Content-Length", b"7")]


@pytest.mark.parametrize(
    ("value", "encoded"),
    [("plain", b"plain"), ("a\r\nb: c", b"a  b: c"), ("ü", b"\xfc"), ("🙂", b"?"), ("\x00", b" ")],
)
async def test_a_header_cannot_break_out_of_its_line(value: str, encoded: bytes) -> None:
    start, _ = await sent(HttpResponse(headers=(("x", value),)))
    assert start["headers"][0] == (b"x", encoded)
