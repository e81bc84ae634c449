"""A runtime family without processes: each environment runs a Python function of the test's."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from lambent.fleet.runtimes.api import (
    Answer,
    Event,
    FunctionFailure,
    Output,
    Response,
    RuntimeChoice,
)
from lambent.fleet.sandbox.api import Exit
from lambent.fleet.spec import Boot

Handler = Callable[[Event], Awaitable[Answer]]


async def echo(event: Event) -> Answer:
    return Response(payload=event.payload)


def failure(kind: str) -> FunctionFailure:
    body = json.dumps({"errorMessage": "no", "errorType": kind}).encode()
    return FunctionFailure(error_type=kind, payload=body)


@dataclass
class FakeProcess:
    """One run of the fake runtime."""

    host: "FakeHost"
    ended: "asyncio.Future[Exit]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    at_rest: bool = True

    @property
    def alive(self) -> bool:
        return not self.ended.done()

    async def initialised(self) -> FunctionFailure | Exit | None:
        outcomes = self.host.family.inits
        outcome = outcomes.pop(0) if outcomes else None
        if outcome == "hang":
            return await self.exited()
        if isinstance(outcome, Exit):
            self.end(outcome)
        return outcome if not isinstance(outcome, str) else None

    async def invoke(self, event: Event) -> Answer:
        handler = asyncio.ensure_future(self.host.family.handler(event))
        await asyncio.wait({handler, self.ended}, return_when=asyncio.FIRST_COMPLETED)
        if not handler.done():
            handler.cancel()
            return self.ended.result()
        answer = handler.result()
        if isinstance(answer, Exit):
            self.end(answer)
        return answer

    async def idle(self) -> Exit | None:
        return self.ended.result() if self.ended.done() else None

    async def exited(self) -> Exit:
        return await asyncio.shield(self.ended)

    async def stop(self, grace_s: float) -> Exit:
        self.end(Exit(signal=9))
        return self.ended.result()

    def end(self, how: Exit) -> None:
        if not self.ended.done():
            self.ended.set_result(how)


@dataclass
class FakeHost:
    """One fake sandbox."""

    family: "FakeFamily"
    boot_record: Boot
    boots: int = 0
    frozen: bool = False
    closed: bool = False
    process: FakeProcess | None = None

    async def boot(self, output: Output) -> FakeProcess:
        self.boots += 1
        self.process = FakeProcess(self)
        return self.process

    def freeze(self) -> None:
        self.frozen = True

    def thaw(self) -> None:
        self.frozen = False

    def memory_peak_bytes(self) -> int:
        return 36 * 1_048_576

    async def close(self) -> None:
        self.closed = True


@dataclass
class FakeFamily:
    """Runs any runtime called fake…; `inits` are what the next init phases come to."""

    handler: Handler = echo
    inits: list[FunctionFailure | Exit | str | None] = field(default_factory=list)
    hosts: list[FakeHost] = field(default_factory=list)
    name: str = "fake"

    def resolve(self, runtime: str) -> RuntimeChoice | str | None:
        if runtime == "fake-absent":
            return "the fake runtime is absent"
        if runtime.startswith("fake"):
            return RuntimeChoice(identifier=runtime, version="fake:1.v1")
        return None

    async def open(self, boot: Boot) -> FakeHost:
        host = FakeHost(self, boot)
        self.hosts.append(host)
        return host

    @property
    def open_hosts(self) -> list[FakeHost]:
        return [host for host in self.hosts if not host.closed]
