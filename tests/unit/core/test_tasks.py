"""Background tasks end with their owner, and a failing one harms no other."""

import asyncio
import logging

import pytest

from lambent.core.tasks import Tasks, owned_tasks


async def test_tasks_end_with_their_owner() -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("yes")

    async with owned_tasks() as tasks:
        tasks.spawn(forever())
        await asyncio.sleep(0)
    assert ended == ["yes"]


async def test_a_failing_task_is_logged_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done: list[str] = []

    async def fail() -> None:
        raise ValueError("as asked")

    async def work() -> None:
        await asyncio.sleep(0)
        done.append("worked")

    tasks = Tasks()
    with caplog.at_level(logging.ERROR, "lambent"):
        tasks.spawn(fail())
        tasks.spawn(work())
        await tasks.drain()
    assert done == ["worked"]
    assert "as asked" in caplog.text
    await tasks.close()
    await tasks.close()


async def test_nothing_begins_after_closing() -> None:
    begun: list[str] = []

    async def begin() -> None:
        begun.append("yes")

    tasks = Tasks()
    await tasks.close()
    tasks.spawn(begin())
    await asyncio.sleep(0)
    assert begun == []
