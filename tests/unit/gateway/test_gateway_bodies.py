"""Bodies: limits, and content codings undone."""

import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lambent.core.errors import AwsError
from lambent.core.http import HttpRequest
from lambent.gateway import bodies
from lambent.gateway.bodies import ClientGone, check_operation_limit, read_body, undo_codings

CHUNKED = b"5;chunk-signature=0\r\nhello\r\n0;chunk-signature=0\r\n"


def undone(body: bytes, *, keeps_compression: bool = False, **headers: Any) -> HttpRequest:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = HttpRequest(method="PUT", path="/", headers=names, body=body)
    return undo_codings(request, keeps_compression=keeps_compression)


def messages(*sent: dict[str, Any]) -> Callable[[], Awaitable[Any]]:
    left = list(sent)

    async def receive() -> Any:
        return left.pop(0)

    return receive


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def _raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"text")),
        ("GZIP", gzip.compress(b"text")),
        ("deflate", zlib.compress(b"text")),
        ("deflate", _raw_deflate(b"text")),
        ("gzip, deflate", zlib.compress(gzip.compress(b"text"))),
        ("identity", b"text"),
    ],
)
def test_a_coding_is_undone(coding: str, body: bytes) -> None:
    assert undone(body, content_encoding=coding).body == b"text"


def test_the_headers_say_that_it_is_undone() -> None:
    headers = undone(gzip.compress(b"text"), content_encoding="gzip").headers
    assert headers == {"content-length": "4"}


def test_compression_is_kept_where_it_is_the_content() -> None:
    body = gzip.compress(b"text")
    request = undone(body, keeps_compression=True, content_encoding="gzip")
    assert (request.body, request.headers["content-encoding"]) == (body, "gzip")


@pytest.mark.parametrize(
    ("body", "coding", "code"),
    [
        (b"text", "gzip", "SerializationException"),
        (gzip.compress(b"text")[:-4], "gzip", "SerializationException"),
        (gzip.compress(b"a") * 2, "gzip", "SerializationException"),
        (b"text", "deflate", "SerializationException"),
        (b"text", "br", "UnsupportedMediaTypeException"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(body: bytes, coding: str, code: str) -> None:
    with pytest.raises(AwsError) as refused:
        undone(body, content_encoding=coding)
    assert refused.value.code == code


def test_a_body_that_inflates_beyond_the_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "LARGEST_BODY_BYTES", 1_000)
    assert len(undone(gzip.compress(bytes(1_000)), content_encoding="gzip").body) == 1_000
    with pytest.raises(AwsError) as refused:
        undone(gzip.compress(bytes(1_001)), content_encoding="gzip")
    assert refused.value.status == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"content_encoding": "aws-chunked"},
        {"x_amz_content_sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
        {"x_amz_content_sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
    ],
)
def test_an_aws_chunked_body_is_put_together(headers: dict[str, Any]) -> None:
    request = undone(CHUNKED, x_amz_decoded_content_length="5", **headers)
    assert (request.body, request.headers["content-length"]) == (b"hello", "5")
    assert "content-encoding" not in request.headers


def test_an_aws_chunked_body_of_another_length_is_refused() -> None:
    with pytest.raises(AwsError, match="x-amz-decoded-content-length"):
        undone(CHUNKED, content_encoding="aws-chunked", x_amz_decoded_content_length="6")


def test_the_coding_below_aws_chunked_is_kept_for_s3() -> None:
    request = undone(CHUNKED, keeps_compression=True, content_encoding="aws-chunked,gzip")
    assert (request.body, request.headers["content-encoding"]) == (b"hello", "gzip")


def test_announced_trailers_become_headers_and_others_do_not() -> None:
    body = CHUNKED + b"x-amz-checksum-crc32:AAAA\r\nhost:evil\r\n\r\n"
    request = undone(body, content_encoding="aws-chunked", x_amz_trailer="x-amz-checksum-crc32")
    assert request.headers["x-amz-checksum-crc32"] == "AAAA"
    assert "host" not in request.headers


async def test_a_body_in_pieces_is_read_whole() -> None:
    receive = messages(part(b"a", more=True), part(b"b", more=True), part(b"", more=False))
    assert await read_body(receive, {}) == b"ab"


async def test_a_client_that_leaves_is_noticed() -> None:
    with pytest.raises(ClientGone):
        await read_body(messages(part(b"a", more=True), {"type": "http.disconnect"}), {})


async def test_pieces_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGEST_BODY_BYTES", 3)
    assert await read_body(messages(part(b"ab", more=True), part(b"c", more=False)), {}) == b"abc"
    with pytest.raises(AwsError) as refused:
        await read_body(messages(part(b"ab", more=True), part(b"cd", more=True)), {})
    assert refused.value.status == 413


def test_an_operations_own_limit_is_named() -> None:
    check_operation_limit("lambda", "CreateFunction", bytes(70_167_210))
    with pytest.raises(AwsError, match="Request must be smaller than 70167211 bytes for the Upd"):
        check_operation_limit("lambda", "UpdateFunctionCode", bytes(70_167_211))
