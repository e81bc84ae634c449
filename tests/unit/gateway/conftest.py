"""A gateway over toy services, asked without a server."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from lambent.core.clock import VirtualClock
from lambent.core.errors import AwsError
from lambent.core.http import HttpRequest, HttpResponse
from lambent.core.ids import IdSource
from lambent.gateway.admin import clock_routes
from lambent.gateway.asgi import Gateway
from lambent.services.contract import Call, Operation, RawRoute, Service


class TeapotException(AwsError):
    status = 418


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Toy:
    """A gateway, what its handlers were called with, and what the streamed one is waiting for."""

    gateway: Gateway
    clock: VirtualClock
    calls: list[Call]
    params: list[dict[str, Any]]
    stream_open: asyncio.Event
    stream_closed: asyncio.Event

    async def ask(
        self,
        method: str,
        target: str,
        body: bytes | list[bytes] = b"",
        **headers: str,
    ) -> Answer:
        """One exchange; header names are written with underscores."""
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.gateway(scope_of(method, target, headers), receiver(body), send)
        start, *rest = sent
        return Answer(
            start["status"],
            {name.decode().lower(): value.decode() for name, value in start["headers"]},
            b"".join(message["body"] for message in rest),
        )


def scope_of(method: str, target: str, headers: Mapping[str, str]) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [
            (name.replace("_", "-").lower().encode(), value.encode())
            for name, value in {"host": "localhost:4566", **headers}.items()
        ],
    }


def receiver(body: bytes | list[bytes]) -> Callable[[], Any]:
    """Gives the body's pieces, and after them waits as for a client that stays."""
    pieces = [body] if isinstance(body, bytes) else list(body)
    left = [
        {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1}
        for index, piece in enumerate(pieces)
    ]

    async def receive() -> dict[str, Any]:
        if left:
            return left.pop(0)
        return await asyncio.Future()

    return receive


@pytest.fixture
def toy() -> Toy:
    clock = VirtualClock()
    calls: list[Call] = []
    params: list[dict[str, Any]] = []
    stream_open, stream_closed = asyncio.Event(), asyncio.Event()

    async def answer(call: Call, given: dict[str, Any]) -> dict[str, Any]:
        calls.append(call)
        params.append(given)
        return {}

    async def refuse(call: Call, given: dict[str, Any]) -> dict[str, Any]:
        raise TeapotException("short\nand stout")

    async def break_(call: Call, given: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("the toy is broken")

    async def invoke(call: Call, request: HttpRequest, labels: Mapping[str, str]) -> HttpResponse:
        calls.append(call)
        return HttpResponse(headers=(("name", labels["name"]),), body=request.body)

    async def stream(call: Call, request: HttpRequest, labels: Mapping[str, str]) -> HttpResponse:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                yield b"one"
                stream_open.set()
                if labels["name"] == "broken":
                    raise RuntimeError("the stream is broken")
                if labels["name"] == "endless":
                    await asyncio.Future()
                yield b"two"
            finally:
                stream_closed.set()

        return HttpResponse(body=pieces())

    services = [
        Service(
            name="lambda",
            operations={
                "ListFunctions": Operation(handler=answer),
                "CreateFunction": Operation(
                    handler=answer, rejected={"VpcConfig.SubnetIds": "there is no network"}
                ),
                "GetFunction": Operation(handler=refuse),
                "GetAccountSettings": Operation(handler=break_),
            },
            raw_routes=(
                RawRoute(
                    operation="Invoke",
                    method="POST",
                    pattern="/2015-03-31/functions/(?P<name>[^/]+)/invocations",
                    handler=invoke,
                ),
                RawRoute(
                    operation="InvokeWithResponseStream",
                    method="POST",
                    pattern="/2021-11-15/functions/(?P<name>[^/]+)/response-streaming-invocations",
                    handler=stream,
                ),
            ),
            not_built={"CreateEventSourceMapping": "no source can be polled"},
        ),
        Service(name="logs", operations={"DescribeLogGroups": Operation(handler=answer)}),
        Service(name="sts", operations={"GetCallerIdentity": Operation(handler=answer)}),
        Service(name="cloudwatch", operations={"ListMetrics": Operation(handler=answer)}),
        Service(name="s3", operations={"PutObject": Operation(handler=answer)}),
    ]
    gateway = Gateway(
        services=services,
        admin=clock_routes(clock),
        clock=clock,
        ids=IdSource(1),
        default_region="eu-north-1",
        default_account="424242424242",
    )
    return Toy(gateway, clock, calls, params, stream_open, stream_closed)


def signed(service: str, *, key: str = "test", region: str = "us-east-1") -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential={key}/20261123/{region}/{service}/aws4_request, "
        "SignedHeaders=host, Signature=00"
    )


@pytest.fixture
def sign() -> Callable[..., str]:
    return signed
