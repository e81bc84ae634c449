"""A runtime's place without a sandbox: a real Runtime API, and a client that says what it likes."""

import asyncio
import json
from dataclasses import dataclass, field

from lambent.core.clock import VirtualClock
from lambent.fleet.runtime_api.pipes import OutputPipe
from lambent.fleet.runtime_api.process import ApiProcess
from lambent.fleet.runtime_api.server import Connection
from lambent.fleet.runtimes.api import Event
from lambent.fleet.sandbox.api import Exit

BASE = "/2018-06-01/runtime"


class FakeProcess:
    """A program that ends when it is told to."""

    pid = 1

    def __init__(self) -> None:
        self.ended: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()

    async def exited(self) -> Exit:
        return await asyncio.shield(self.ended)

    def signal(self, number: int) -> None:
        self.end(Exit(signal=number))

    async def kill(self) -> Exit:
        self.end(Exit(signal=9))
        return self.ended.result()

    def end(self, ended: Exit) -> None:
        if not self.ended.done():
            self.ended.set_result(ended)


@dataclass
class Answered:
    """An answer of the Runtime API."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error_type(self) -> str:
        return str(json.loads(self.body)["errorType"])


class Client:
    """One connection, as user code may use it: whole requests, or any bytes at all."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answered:
        await self.send(request(method, path, body, **headers))
        return await self.answer()

    async def answer(self) -> Answered:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        return Answered(int(head[0].split()[1]), headers, body)

    async def rest(self) -> bytes:
        """All that comes until the other side closes."""
        return await self._reader.read()

    def hang_up(self) -> None:
        self.writer.transport.abort()


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines])
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def event(request_id: str = "r1", payload: bytes = b"{}") -> Event:
    return Event(
        request_id=request_id, payload=payload, deadline_ms=1, invoked_function_arn="arn:x"
    )


@dataclass
class Place:
    """The runtime under test, its program, and connections to its API."""

    runtime: ApiProcess
    program: FakeProcess
    port: int
    trusted: bool = True
    clients: list[Client] = field(default_factory=list)

    async def connect(self) -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        client = Client(reader, writer)
        self.clients.append(client)
        return client

    async def running(self, request_id: str = "r1") -> "tuple[Client, asyncio.Task[object]]":
        """A client that has been given an event, and the invocation that waits for its answer."""
        client = await self.connect()
        await client.send(request("GET", f"{BASE}/invocation/next"))
        await self.runtime.initialised()
        invocation = asyncio.ensure_future(self.runtime.invoke(event(request_id)))
        given = await client.answer()
        assert given.headers["lambda-runtime-aws-request-id"] == request_id
        return client, invocation  # type: ignore[return-value]  # a Task of any Answer


async def make_place(pipes: list[OutputPipe]) -> Place:
    made: list[Place] = []
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(made[0].runtime, lambda transport: made[0].trusted), "127.0.0.1", 0
    )
    runtime = ApiProcess(pipes, server, VirtualClock())
    program = FakeProcess()
    made.append(Place(runtime, program, server.sockets[0].getsockname()[1]))
    runtime.attend(program)
    return made[0]
