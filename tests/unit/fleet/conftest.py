"""A fleet without processes, on a virtual clock."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from fake_runtime import FakeFamily
from fleet_world import Lines, NoArchives, World

from lambent.core.clock import VirtualClock
from lambent.core.ids import IdSource
from lambent.fleet.fleet import Fleet
from lambent.fleet.packages import Packages
from lambent.fleet.starts import Starts


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
