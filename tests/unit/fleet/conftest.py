"""A fleet without processes, on a virtual clock."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lambent.core.clock import VirtualClock
from lambent.core.identity import Scope
from lambent.core.ids import IdSource
from lambent.fleet.fleet import Fleet
from lambent.fleet.packages import Packages
from lambent.fleet.spec import FunctionSpec, LoggingSpec
from lambent.fleet.starts import Starts
from lambent.observe.log_writer import LogEvent

sys.path.insert(0, str(Path(__file__).parent))

from fake_runtime import FakeFamily

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


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    family, lines = FakeFamily(), Lines()
    clock, machine = VirtualClock(), VirtualClock()
    async with asyncio.TaskGroup() as tasks:

        def spawn(work: Coroutine[Any, Any, None]) -> None:
            tasks.create_task(work)

        fleet = Fleet(
            families=[family],
            packages=Packages(tmp_path, NoArchives()),  # type: ignore[arg-type]  # never unpacks
            writer=lines,
            clock=clock,
            machine=machine,
            ids=IdSource(7),
            spawn=spawn,
            endpoint_url=lambda: "http://127.0.0.1:4566",
            idle_timeout_s=600,
            starts=Starts(4, machine),
        )
        yield World(fleet, family, clock, machine, lines)
        await fleet.close()
