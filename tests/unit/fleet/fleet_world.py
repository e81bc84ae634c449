"""A fleet without processes, on a virtual clock."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from fake_runtime import FakeFamily

from lambent.core.clock import VirtualClock
from lambent.core.identity import Scope
from lambent.fleet.fleet import Fleet
from lambent.fleet.spec import FunctionSpec, LoggingSpec
from lambent.observe.log_writer import LogEvent

T = TypeVar("T")


class NoArchives:
    """Packages that are never looked into."""

    def path(self, digest: str) -> Path:
        return Path("/nonexistent") / digest

    async def run(self, work: Callable[[], T]) -> T | None:
        return None


@dataclass
class Lines:
    """A log writer that keeps what it is given."""

    messages: list[str] = field(default_factory=list)

    def append(self, scope: Scope, group: str, stream: str, events: Sequence[LogEvent]) -> None:
        self.messages.extend(event.message for event in events)

    def reports(self) -> list[str]:
        return [line for line in self.messages if line.startswith("REPORT")]


@dataclass
class World:
    """The fleet under test and what is around it."""

    fleet: Fleet
    family: FakeFamily
    clock: VirtualClock
    machine: VirtualClock
    lines: Lines

    def spec(self, **changes: Any) -> FunctionSpec:
        return replace(SPEC, **changes)

    async def until(self, fact: Callable[[], object]) -> None:
        """Let the loop turn until `fact` holds."""
        for _ in range(1000):
            if fact():
                return
            await asyncio.sleep(0)
        raise AssertionError("it never came to be")


SPEC = FunctionSpec(
    key="f:1",
    scope=Scope(),
    function_name="f",
    function_arn="arn:aws:lambda:us-east-1:000000000000:function:f",
    version="$LATEST",
    runtime="fake1",
    handler="h.h",
    memory_mb=128,
    timeout_s=3,
    code_digest="0" * 64,
    logging=LoggingSpec(group="/aws/lambda/f"),
    role_arn="arn:aws:iam::000000000000:role/r",
)
