"""Fork servers of executed runtimes: one for each, and another when it has ended."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from lambent.fleet.runtime_api.exec_levels import ExecLevels
from lambent.fleet.sandbox.api import Sandbox, SandboxPlan


class Level:
    name = "process"

    def __init__(self) -> None:
        self.alive = True

    async def create(self, plan: SandboxPlan) -> Sandbox:
        raise NotImplementedError


class Starts:
    """Starts levels when it is let; counts them."""

    def __init__(self) -> None:
        self.made: list[Level] = []
        self.fails = False
        self.gate = asyncio.Event()

    async def start(self, mounts: Mapping[str, Path]) -> Level:
        level = Level()
        self.made.append(level)
        await self.gate.wait()
        if self.fails:
            raise OSError("no fork server")
        return level


async def test_two_first_callers_share_one_start() -> None:
    starts = Starts()
    levels = ExecLevels(starts.start)
    first = asyncio.ensure_future(levels.level(20, {}))
    second = asyncio.ensure_future(levels.level(20, {}))
    await asyncio.sleep(0)
    starts.gate.set()
    assert await first is await second
    assert len(starts.made) == 1


async def test_a_caller_that_gives_up_does_not_take_it_from_the_others() -> None:
    starts = Starts()
    levels = ExecLevels(starts.start)
    first = asyncio.ensure_future(levels.level(20, {}))
    second = asyncio.ensure_future(levels.level(20, {}))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    starts.gate.set()
    assert await second is starts.made[0]


async def test_one_that_has_ended_is_replaced() -> None:
    starts = Starts()
    starts.gate.set()
    levels = ExecLevels(starts.start)
    first = await levels.level(20, {})
    starts.made[0].alive = False
    assert await levels.level(20, {}) is not first


async def test_one_that_did_not_start_is_tried_again() -> None:
    starts = Starts()
    starts.gate.set()
    starts.fails = True
    levels = ExecLevels(starts.start)
    with pytest.raises(OSError, match="no fork server"):
        await levels.level(20, {})
    starts.fails = False
    assert await levels.level(20, {}) is starts.made[1]
