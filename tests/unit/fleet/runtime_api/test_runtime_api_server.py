"""The Runtime API's HTTP, and what user code can do to it."""

import asyncio
import contextlib

import pytest
from api_place import BASE, Client, Place, request

from lambent.fleet.runtime_api.process import CONNECTION_LIMIT
from lambent.fleet.runtime_api.server import HEAD_LIMIT_BYTES
from lambent.fleet.runtimes.api import FunctionFailure, Response


async def still_serves(place: Place) -> bool:
    client = await place.connect()
    return (await client.ask("GET", "/2018-06-01/ping")).body == b"pong"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
async def test_garbage_is_refused_and_others_are_served(place: Place, garbage: bytes) -> None:
    client = await place.connect()
    await client.send(garbage)
    assert b" 400 " in (await client.rest()).split(b"\r\n")[0]
    assert await still_serves(place)


@pytest.mark.parametrize("prefix", [b"GET /", b"GET / HTTP/1.1\r\nX: "])
async def test_an_endless_head_is_cut_off(place: Place, prefix: bytes) -> None:
    client = await place.connect()
    client.writer.write(prefix + b"a" * (HEAD_LIMIT_BYTES + 1))
    # Either the refusal is read, or the connection was reset while more was sent.
    with contextlib.suppress(ConnectionError):
        assert b" 431 " in await client.rest()
    assert await still_serves(place)


async def test_endless_trailers_are_cut_off(place: Place) -> None:
    client, invocation = await place.running()
    head = request("POST", f"{BASE}/invocation/r1/response", Transfer_Encoding="chunked")
    head = head.replace(b"Content-Length: 0\r\n", b"")
    client.writer.write(head + b"1\r\na\r\n0\r\nX: " + b"a" * (HEAD_LIMIT_BYTES + 70_000))
    answer = await invocation
    assert isinstance(answer, FunctionFailure)
    assert answer.error_type == "Runtime.TruncatedResponse"


async def test_a_large_head_that_aws_takes_is_taken(place: Place) -> None:
    client, invocation = await place.running()
    cause = "x" * ((1 << 20) - 1)
    answered = await client.ask(
        "POST",
        f"{BASE}/invocation/r1/error",
        b"{}",
        Lambda_Runtime_Function_Error_Type="Runtime.X",
        Lambda_Runtime_Function_XRay_Error_Cause=cause,
    )
    assert answered.status == 202
    failure = await invocation
    assert isinstance(failure, FunctionFailure)
    assert failure.xray_cause == cause


async def test_a_peer_of_another_user_is_refused(place: Place) -> None:
    place.trusted = False
    client = await place.connect()
    assert b" 403 Forbidden" in await client.rest()
    place.trusted = True
    assert await still_serves(place)


async def test_strangers_do_not_use_up_the_connections(place: Place) -> None:
    place.trusted = False
    for _ in range(CONNECTION_LIMIT + 1):
        await (await place.connect()).rest()
    place.trusted = True
    assert await still_serves(place)


async def test_the_number_of_connections_is_bounded(place: Place) -> None:
    held = [await place.connect() for _ in range(CONNECTION_LIMIT)]
    assert (await held[-1].ask("GET", "/ping")).status == 200
    assert await _is_cut_off(await place.connect())
    held[0].hang_up()
    while not await _serves(await place.connect()):
        await asyncio.sleep(0)


async def _is_cut_off(client: Client) -> bool:
    try:
        return await client.rest() == b""
    except ConnectionError:
        return True


async def _serves(client: Client) -> bool:
    try:
        return (await client.ask("GET", "/ping")).status == 200
    except (ConnectionError, asyncio.IncompleteReadError):
        return False


async def test_who_does_not_read_answers_is_not_listened_to(place: Place) -> None:
    """Else the answers would pile up in the platform's memory."""
    client = await place.connect()
    pings = request("GET", "/ping") * 1000
    sent = 0
    while sent < 64 << 20:
        client.writer.write(pings)
        sent += len(pings)
        try:
            async with asyncio.timeout(0.2):
                await client.writer.drain()
        except TimeoutError:
            break
    assert sent < 64 << 20
    client.hang_up()
    assert await still_serves(place)


async def test_requests_one_after_another_in_one_piece_are_each_answered(place: Place) -> None:
    client = await place.connect()
    await client.send(request("GET", "/ping") * 2 + request("GET", "/nowhere"))
    assert [(await client.answer()).status for _ in range(3)] == [200, 200, 404]


async def test_a_body_in_chunks_is_taken(place: Place) -> None:
    client, invocation = await place.running()
    head = request("POST", f"{BASE}/invocation/r1/response", Transfer_Encoding="chunked")
    await client.send(
        head.replace(b"Content-Length: 0\r\n", b"") + b'1\r\n"\r\n2\r\na"\r\n0\r\n\r\n'
    )
    assert (await client.answer()).status == 202
    assert await invocation == Response(payload=b'"a"')


async def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(place: Place) -> None:
    client, invocation = await place.running()
    whole = request("POST", f"{BASE}/invocation/r1/response", b"12", Expect="100-continue")
    await client.send(whole[:-2])
    assert (await client.answer()).status == 100
    await client.send(whole[-2:])
    assert (await client.answer()).status == 202
    assert await invocation == Response(payload=b"12")


async def test_an_offer_of_another_protocol_is_declined_by_answering(place: Place) -> None:
    """As Java's HTTP client offers HTTP/2."""
    client = await place.connect()
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2_Settings": "AA"}
    await client.send(request("GET", "/ping", **offer) + request("GET", "/ping"))
    assert [(await client.answer()).status for _ in range(2)] == [200, 200]


async def test_a_connection_is_closed_when_that_was_asked_for(place: Place) -> None:
    client = await place.connect()
    await client.send(request("GET", "/ping", Connection="close"))
    assert (await client.rest()).endswith(b"pong")


@pytest.mark.parametrize(
    ("method", "path", "status", "error_type"),
    [
        ("PUT", "/2022-07-01/telemetry", 202, "Telemetry.NotSupported"),
        ("PUT", "/2020-08-15/logs", 202, "Logs.NotSupported"),
        ("POST", "/2020-01-01/extension/register", 404, "NotFound"),
        ("GET", "/2018-06-01/runtime/restore/next", 404, "NotFound"),
        ("POST", "/a/b/c/r1/response", 404, "NotFound"),
    ],
)
async def test_what_is_not_there_says_so(
    place: Place, method: str, path: str, status: int, error_type: str
) -> None:
    answered = await (await place.connect()).ask(method, path, b"{}")
    assert (answered.status, answered.error_type) == (status, error_type)
