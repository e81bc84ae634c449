"""Owned background tasks: everything that runs beside a request has an owner that outlives it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any

logger = logging.getLogger("lambent.tasks")


class Tasks:
    """Tasks of one owner. A task that raises is logged with its traceback; the others go on."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside everything else; after `close`, not at all."""
        if self._closed:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Wait until every task, and every task those made, has ended."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Cancel what still runs and wait for its end. Idempotent."""
        self._closed = True
        for task in set(self._tasks):
            task.cancel()
        await self.drain()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("a background task failed", extra={"task": repr(work)})


@contextlib.asynccontextmanager
async def owned_tasks() -> AsyncIterator[Tasks]:
    """Tasks that end with the block."""
    tasks = Tasks()
    try:
        yield tasks
    finally:
        await tasks.close()
