"""HTTP itself, as SDKs and proxies use it: what goes over the socket, byte for byte.

Provenance: RFC 9110 and RFC 9112; Lambda's quota on request heads.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from lambent.core.clock import RealClock
from lambent.core.http import HttpRequest, HttpResponse
from lambent.core.ids import IdSource
from lambent.gateway.asgi import Gateway
from lambent.gateway.server import LARGEST_HEAD_BYTES, HttpServer
from lambent.services.contract import Call, RawRoute, Service

PATH = "/2015-03-31/functions/f/invocations"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
def stream_closed() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def server(stream_closed: asyncio.Event) -> AsyncIterator[HttpServer]:
    async def echo(call: Call, request: HttpRequest, labels: Mapping[str, str]) -> HttpResponse:
        return HttpResponse(headers=(("content-type", "text/plain"),), body=request.body)

    async def endless(call: Call, request: HttpRequest, labels: Mapping[str, str]) -> HttpResponse:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await asyncio.Future()
            finally:
                stream_closed.set()

        return HttpResponse(body=pieces())

    toy = Service(
        name="lambda",
        operations={},
        raw_routes=(
            RawRoute(operation="Invoke", method="POST", pattern=PATH, handler=echo),
            RawRoute(operation="GetFunction", method="HEAD", pattern=PATH, handler=echo),
            RawRoute(operation="GetFunction", method="GET", pattern="/endless", handler=endless),
        ),
    )
    gateway = Gateway(
        services=[toy],
        admin=[],
        clock=RealClock(),
        ids=IdSource(1),
        default_region="us-east-1",
        default_account="000000000000",
    )
    server = HttpServer(gateway, host="127.0.0.1", port=0)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run())
        await server.started.wait()
        yield server
        await server.stop(5)


@pytest.fixture
async def streams(server: HttpServer) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.bound_port)
    yield reader, writer
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next answer's head and body, by its content length."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return head, await reader.readexactly(int(length or b"0"))


def _post(*headers: str) -> bytes:
    return "\r\n".join((f"POST {PATH} HTTP/1.1", "host: localhost", *headers, "", "")).encode()


async def test_a_connection_is_kept_for_the_next_request(streams: Streams) -> None:
    reader, writer = streams
    for body in (b"one", b"three"):
        writer.write(_post(f"content-length: {len(body)}") + body)
        head, echoed = await _answer(reader)
        assert (head[:15], echoed) == (b"http/1.1 200 ok", body)
        assert b"connection: close" not in head


async def test_requests_sent_ahead_are_answered_in_order(streams: Streams) -> None:
    reader, writer = streams
    writer.write(_post("content-length: 1") + b"1" + _post("content-length: 1") + b"2")
    assert [(await _answer(reader))[1], (await _answer(reader))[1]] == [b"1", b"2"]


async def test_a_chunked_body_arrives_whole(streams: Streams) -> None:
    reader, writer = streams
    writer.write(_post("transfer-encoding: chunked") + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert (await _answer(reader))[1] == b"abcde"


async def test_a_client_that_waits_is_told_to_continue(streams: Streams) -> None:
    reader, writer = streams
    writer.write(_post("content-length: 2", "expect: 100-continue"))
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"ok")
    assert (await _answer(reader))[1] == b"ok"


async def test_a_client_that_waits_with_too_much_is_told_so_at_once(streams: Streams) -> None:
    reader, writer = streams
    writer.write(_post(f"content-length: {2**40}", "expect: 100-continue"))
    head, _ = await _answer(reader)
    assert head.startswith(b"http/1.1 413")


async def test_head_has_a_length_and_no_body(streams: Streams) -> None:
    reader, writer = streams
    writer.write(f"HEAD {PATH} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode())
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n")


async def test_a_head_over_the_quota_is_refused(streams: Streams) -> None:
    reader, writer = streams
    writer.write(_post("long: " + "a" * LARGEST_HEAD_BYTES))
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 431")


async def test_the_quota_is_each_requests_own(streams: Streams) -> None:
    reader, writer = streams
    for _ in range(3):
        writer.write(_post("content-length: 1", "long: " + "a" * (LARGEST_HEAD_BYTES // 2)) + b"1")
        assert (await _answer(reader))[1] == b"1"
    writer.write(_post("long: " + "a" * LARGEST_HEAD_BYTES))
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 431")


async def test_a_stream_is_sent_as_it_comes_and_ends_with_the_client(
    streams: Streams, stream_closed: asyncio.Event
) -> None:
    reader, writer = streams
    writer.write(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert await reader.readuntil(b"\r\nfirst\r\n") == b"5\r\nfirst\r\n"
    writer.close()
    await stream_closed.wait()


async def test_stopping_cuts_off_what_does_not_end(
    server: HttpServer,
    streams: Streams,
    stream_closed: asyncio.Event,
    caplog: pytest.LogCaptureFixture,
) -> None:
    reader, writer = streams
    writer.write(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
    await reader.readuntil(b"first")
    await server.stop(0)
    await reader.read()
    assert stream_closed.is_set()
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_port_that_is_taken_is_an_error(server: HttpServer) -> None:
    second = HttpServer(_nowhere, host="127.0.0.1", port=server.bound_port)
    with pytest.raises(OSError, match="in use"):
        await second.run()
    assert not second.started.is_set()


async def test_stopping_what_never_started_is_harmless() -> None:
    server = HttpServer(_nowhere, host="127.0.0.1", port=0)
    await server.stop(0)
    await server.run()
    assert not server.started.is_set()


async def test_every_address_of_a_name_is_served_on_one_port() -> None:
    server = HttpServer(_nowhere, host="localhost", port=0)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run())
        await server.started.wait()
        _, writer = await asyncio.open_connection("localhost", server.bound_port)
        writer.close()
        await server.stop(5)


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError
