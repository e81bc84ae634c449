"""Malformed requests of every protocol: never a 5xx, never a traceback, never growth.

Valid requests are serialised once by botocore for every operation of the services under test, then
mutated. A failure prints the request that caused it, and the seed replays the whole run.
"""

import asyncio
import gc
import logging
import os
import random
import re
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.serialize import create_serializer

from lambent.core.clock import RealClock
from lambent.core.http import HttpRequest, HttpResponse
from lambent.core.ids import IdSource
from lambent.core.models import service_model
from lambent.gateway.admin import clock_routes
from lambent.gateway.asgi import Gateway
from lambent.gateway.server import LARGEST_HEAD_BYTES, HttpServer
from lambent.gateway.service_table import load_table
from lambent.services.contract import Call, Handler, Operation, RawRoute, Service

INPUTS = int(os.environ.get("LAMBENT_FUZZ_INPUTS", "100000"))
SEED = int(os.environ.get("LAMBENT_FUZZ_SEED", "20261123"))
RAW_INPUTS = 400
SERVICES = ("lambda", "logs", "sqs", "dynamodb", "sts", "s3", "cloudwatch")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


@pytest.fixture(scope="module")
def services() -> list[Service]:
    """A handler for every operation of every service; each answers with nothing."""
    return [
        Service(
            name=name,
            operations={
                operation: Operation(handler=_handler(name, operation))
                for operation in service_model(name).operation_names
            },
            raw_routes=_INVOKE if name == "lambda" else (),
        )
        for name in SERVICES
    ]


@pytest.fixture(scope="module")
def corpus(services: list[Service]) -> list[Request]:
    """Each operation's request in each protocol, with as few parameters as may be and with many."""
    return [request for service in services for request in _valid_requests(service.name)]


@pytest.fixture
def gateway(services: list[Service]) -> Gateway:
    clock = RealClock()
    return Gateway(
        services=services,
        admin=clock_routes(clock),
        clock=clock,
        ids=IdSource(SEED),
        default_region="us-east-1",
        default_account="000000000000",
    )


@pytest.mark.timeout(300)
async def test_no_malformed_request_is_answered_as_a_fault_of_ours(
    gateway: Gateway, corpus: list[Request], caplog: pytest.LogCaptureFixture
) -> None:
    rng = random.Random(SEED)
    for number in range(INPUTS):
        request = _mutated(rng.choice(corpus), rng)
        status = await _status(gateway, request)
        assert status < 500, f"input {number} of seed {SEED}: {request}"
        assert not caplog.records, f"input {number} of seed {SEED}: {request}"


async def test_every_valid_request_is_answered(gateway: Gateway, corpus: list[Request]) -> None:
    statuses = [await _status(gateway, request) for request in corpus]
    assert len(statuses) > 400
    assert max(statuses) < 500


async def test_malformed_requests_leave_nothing_behind(
    gateway: Gateway, corpus: list[Request]
) -> None:
    rng = random.Random(SEED)
    requests = [_mutated(rng.choice(corpus), rng) for _ in range(3_000)]
    await _send_all(gateway, requests)
    tracemalloc.start()
    try:
        await _send_all(gateway, requests)
        gc.collect()
        before, objects = tracemalloc.get_traced_memory()[0], len(gc.get_objects())
        await _send_all(gateway, requests)
        gc.collect()
        after, objects_after = tracemalloc.get_traced_memory()[0], len(gc.get_objects())
    finally:
        tracemalloc.stop()
    assert after - before < 100_000
    assert objects_after - objects < 100


async def test_a_server_survives_what_is_not_http(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    server = HttpServer(gateway, host="127.0.0.1", port=0)
    rng = random.Random(SEED)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run())
        await server.started.wait()
        for _ in range(RAW_INPUTS):
            payload = _mutated_bytes(rng.choice(_RAW_SEEDS), rng)
            answer = await _talk(server.bound_port, payload)
            assert not answer.startswith(b"HTTP/1.1 5"), payload
        for payload in _RAW_BOUNDS:
            assert (await _talk(server.bound_port, payload)).startswith(b"HTTP/1.1 4"), payload[:80]
        assert (await _talk(server.bound_port, _GET_CLOCK)).startswith(b"HTTP/1.1 200")
        await server.stop(5)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def _handler(service: str, operation: str) -> Handler:
    """Answers with nothing, and with an empty stream where the answer is one."""
    output = service_model(service).operation_model(operation).output_shape
    stream = getattr(output, "event_stream_name", None)

    async def nothing(call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return {stream: _no_events()} if stream else {}

    return nothing


async def _no_events() -> AsyncIterator[dict[str, Any]]:
    for event in list[dict[str, Any]]():
        yield event


async def _echo(call: Call, request: HttpRequest, labels: Any) -> HttpResponse:
    return HttpResponse(body=request.body)


_INVOKE = (
    RawRoute(
        operation="Invoke",
        method="POST",
        pattern="/2015-03-31/functions/(?P<FunctionName>[^/]+)/invocations",
        handler=_echo,
    ),
)


async def _send_all(gateway: Gateway, requests: list[Request]) -> None:
    for request in requests:
        await _status(gateway, request)


async def _status(gateway: Gateway, request: Request) -> int:
    """The status of a whole answer: one start, and a last piece of body."""
    status = 0
    finished = received = False

    async def receive() -> dict[str, Any]:
        nonlocal received
        if received:
            return await asyncio.Future()
        received = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, finished
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            finished = not message.get("more_body")

    scope = {
        "type": "http",
        "method": request.method,
        "raw_path": request.path,
        "query_string": request.query,
        "headers": request.headers,
    }
    await gateway(scope, receive, send)
    assert finished, request
    return status


# --- valid requests ---------------------------------------------------------------------------


def _valid_requests(name: str) -> Iterator[Request]:
    model = service_model(name)
    known = load_table({name}).by_name[name]
    credential = f"test/20261123/us-east-1/{known.signing}/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
    # botocore serialises what its model lists; what a table adds on top it cannot write.
    for protocol in model.metadata.get("protocols", [model.metadata["protocol"]]):
        serializer = create_serializer(protocol, include_validation=False)
        for operation in model.operation_names:
            shape = model.operation_model(operation).input_shape
            for full in (False, True):
                params = _structure(shape, full=full, depth=0) if shape else {}
                sent = serializer.serialize_to_request(params, model.operation_model(operation))
                yield _as_request(sent, authorization)


def _as_request(sent: dict[str, Any], authorization: str) -> Request:
    path, _, query = sent["url_path"].partition("?")
    extra = sent["query_string"]
    query = "&".join(part for part in (query, extra if isinstance(extra, str) else "") if part)
    if not isinstance(extra, str) and extra:
        query = "&".join(part for part in (query, urlencode(extra, doseq=True)) if part)
    body = sent["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
    headers = {"host": "localhost:4566", "authorization": authorization, **sent["headers"]}
    return Request(
        sent["method"],
        quote(path, safe="/%:$").encode(),
        query.encode(),
        tuple((name.lower().encode(), str(value).encode()) for name, value in headers.items()),
        body.encode() if isinstance(body, str) else bytes(body or b""),
    )


def _structure(shape: StructureShape, *, full: bool, depth: int) -> dict[str, Any]:
    wanted = shape.members if full and depth < 4 else shape.required_members
    chosen = list(wanted)[:1] if getattr(shape, "is_tagged_union", False) else list(wanted)
    return {
        name: _value(shape.members[name], full=full, depth=depth + 1)
        for name in chosen
        if not shape.members[name].serialization.get("eventstream")
    }


def _value(shape: Shape, *, full: bool, depth: int) -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape, full=full, depth=depth)
    if isinstance(shape, ListShape):
        return [_value(shape.member, full=full, depth=depth + 1)] if depth < 8 else []
    if isinstance(shape, MapShape):
        key = _value(shape.key, full=full, depth=depth)
        return {key: _value(shape.value, full=full, depth=depth + 1)} if depth < 8 else {}
    match shape.type_name:
        case "string" | "character":
            enum = shape.metadata.get("enum")
            return enum[0] if enum else "a" * max(1, shape.metadata.get("min", 1))
        case "blob":
            return b"blob"
        case "boolean":
            return True
        case "timestamp":
            return datetime(2026, 11, 23, tzinfo=UTC)
        case "float" | "double":
            return 1.5
        case _:
            return max(1, int(shape.metadata.get("min", 1)))


# --- mutations --------------------------------------------------------------------------------


def _mutated(request: Request, rng: random.Random) -> Request:
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        part = rng.random()
        if part < 0.5:
            request = replace(request, body=_mutated_bytes(request.body, rng))
        elif part < 0.65:
            request = replace(request, path=b"/" + _mutated_bytes(request.path[1:], rng))
        elif part < 0.75:
            request = replace(request, query=_mutated_bytes(request.query, rng))
        elif part < 0.8:
            request = replace(request, method=rng.choice(_METHODS))
        else:
            request = replace(request, headers=_mutated_headers(request.headers, rng))
    return request


def _mutated_headers(
    headers: tuple[tuple[bytes, bytes], ...], rng: random.Random
) -> tuple[tuple[bytes, bytes], ...]:
    kind = rng.randrange(4)
    at = rng.randrange(len(headers)) if headers else 0
    if kind == 0:
        return headers[:at] + headers[at + 1 :]
    if kind == 1:
        return (*headers, rng.choice(_HEADERS))
    if kind == 2 and headers:
        name, value = headers[at]
        changed = (name, _mutated_bytes(value, rng).replace(b"\n", b"").replace(b"\r", b""))
        return (*headers[:at], changed, *headers[at + 1 :])
    return (*headers, *rng.sample(_HEADERS, 2))


def _mutated_bytes(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    match rng.randrange(10):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + rng.randbytes(1) + data[at + 1 :]
        case 2:
            return data[:at] + rng.choice(_TOKENS) + data[at:]
        case 3:
            return data[:at] + rng.choice(_TOKENS) + data[at + rng.randrange(8) :]
        case 4:
            end = at + rng.randrange(16)
            return data[:end] + data[at:]
        case 5:
            return rng.choice(_TOKENS)
        case 6 | 7 | 8:
            return _other_value(data, at, rng)
        case _:
            return data[:at] + rng.randbytes(rng.randrange(1, 8)) + data[at:]


def _other_value(data: bytes, at: int, rng: random.Random) -> bytes:
    """One value of a JSON, form or XML document replaced, and the document still well formed."""
    for before, after, values in _VALUES:
        start = data.find(before, at)
        if start < 0:
            start = data.find(before)
        if start >= 0:
            start += len(before)
            ended = after.search(data, start)
            end = ended.start() if ended else len(data)
            return data[:start] + rng.choice(values) + data[end:]
    return data + rng.randbytes(1)


_JSON_VALUES = (
    b'"',
    b'""',
    b"0",
    b"-1",
    b"1.5",
    b"1e400",
    b"NaN",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'[{"a": null}]',
    b"9" * 30,
    b"9" * 5_000,
    b'"\\ud800"',
    b'"\\u0000"',
    b'"not base64!"',
    b'"2026-13-45T99:99:99Z"',
    b'"' + b"long" * 300 + b'"',
)
_TEXT_VALUES = (
    b"",
    b"0",
    b"-1",
    b"1e400",
    b"NaN",
    b"9" * 5_000,
    b"true",
    b"%00",
    b"%ff",
    b"a b",
    b"*",
)
_XML_VALUES = (*_TEXT_VALUES, b"<a/>", b"&#0;", b"&lt;", b"<![CDATA[a]]>", b"<!-- a -->")
_VALUES = (
    (b": ", re.compile(rb"[,}\]]"), _JSON_VALUES),
    (b"=", re.compile(b"&"), _TEXT_VALUES),
    (
        b">",
        re.compile(b"<"),
        (*_TEXT_VALUES, b"<a/>", b"&#0;", b"&lt;", b"<![CDATA[a]]>", b"<!-- a -->"),
    ),
)
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PURGE")
_TOKENS = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xc3\x28",
    b"%",
    b"%zz",
    b"%00",
    b"%C3%28",
    b"%E2%82%AC",
    b"//",
    b"/../",
    b"null",
    b"[]",
    b"{}",
    b'""',
    b"[" * 2_000,
    b'{"a":' * 2_000,
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-1",
    b"9" * 400,
    b"true",
    b'"\\ud800"',
    b'{"__type":1}',
    b"<a>",
    b"</a>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    b"<a>" * 2_000,
    b"&amp;",
    b"&Action=",
    b"&Version=0",
    b"&A.member.99999999999.B=1",
    b"&A.entry.1.key=x",
    b"\x9f" * 2_000,
    b"\xbf",
    b"\xbf\x61a\xff",
    b"\x81" * 2_000,
    b"\xa1\xf6\xf6",
    b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xc1\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00",
    b"\xc1\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"5;chunk-signature=0\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffffff\r\n",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    "\N{SNOWMAN}\N{RIGHT-TO-LEFT OVERRIDE}".encode(),
    b"arn:aws:lambda:us-east-1:000000000000:function:f:1:2",
)
_HEADERS = (
    (b"content-type", b"application/x-www-form-urlencoded"),
    (b"content-type", b"application/json"),
    (b"content-type", b"application/cbor"),
    (b"content-type", b"\xff"),
    (b"content-encoding", b"gzip"),
    (b"content-encoding", b"deflate"),
    (b"content-encoding", b"br, gzip"),
    (b"content-encoding", b"aws-chunked"),
    (b"x-amz-content-sha256", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
    (b"x-amz-content-sha256", b"STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
    (b"x-amz-decoded-content-length", b"-1"),
    (b"x-amz-trailer", b"x-amz-checksum-crc32, host"),
    (b"content-length", b"99999999999999999999999"),
    (b"content-length", b"-5"),
    (b"x-amz-target", b"Logs_20140328.DescribeLogGroups"),
    (b"x-amz-target", b"Logs_20140328."),
    (b"x-amz-target", b"."),
    (b"x-amz-target", b"DynamoDB_20120810.PutItem"),
    (b"x-amz-target", b"AmazonSQS.SendMessage"),
    (b"smithy-protocol", b"rpc-v2-cbor"),
    (b"authorization", b"AWS4-HMAC-SHA256 Credential=a/b/c"),
    (b"authorization", b"AWS4-HMAC-SHA256 Signature=a"),
    (b"authorization", b"AWS4-HMAC-SHA256 Credential=a/20261123/x y/s3/aws4_request, S"),
    (b"authorization", b"AWS4-HMAC-SHA256 Credential=ASIA1111111111111111/d/r/sqs/aws4_request"),
    (b"authorization", b"AWS4-HMAC-SHA256 Credential=a/d/us-east-1/sts/aws4_request"),
    (b"authorization", b"AWS4-HMAC-SHA256 Credential=a/d/us-east-1/nothing/aws4_request"),
    (b"authorization", b"AWS4-ECDSA-P256-SHA256 Credential=a/20261123/s3/aws4_request"),
    (b"authorization", b"AWS AKIA:sig"),
    (b"authorization", b"Bearer \xff"),
    (b"host", b""),
    (b"host", b"."),
    (b"host", b"a.s3.amazonaws.com"),
    (b"host", b"dynamodb.us-east-1.amazonaws.com:99999"),
    (b"host", b"[::1"),
    (b"host", b"evil.example"),
    (b"origin", b"http://localhost"),
    (b"origin", b"http://[::1"),
    (b"origin", b"null"),
    (b"access-control-request-method", b"POST"),
    (b"access-control-request-headers", b"\xff"),
    (b"sec-fetch-site", b"cross-site"),
    (b"x-amzn-requestid", b"not-a-uuid"),
    (b"range", b"bytes=9-1"),
    (b"if-modified-since", b"yesterday"),
    (b"x-amz-client-context", b"!"),
    (b"x-amz-meta-\xff", b"\xff"),
)

# --- below HTTP -------------------------------------------------------------------------------

_GET_CLOCK = b"GET /_lambent/clock HTTP/1.1\r\nhost: localhost\r\n\r\n"
_RAW_SEEDS = (
    _GET_CLOCK,
    b"POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}",
    b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}",
    b"GET * HTTP/1.0\r\n\r\n",
    b"GET http://a:b:c/ HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
)
_RAW_BOUNDS = (
    b"GET /" + b"a" * LARGEST_HEAD_BYTES + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nlong: " + b"a" * LARGEST_HEAD_BYTES + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (LARGEST_HEAD_BYTES // 6 + 1) + b"\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
)


async def _talk(port: int, payload: bytes) -> bytes:
    """What the server says to `payload` before it, or we, close the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(payload)
        writer.write_eof()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()
