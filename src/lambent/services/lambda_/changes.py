"""Changes made one after another, each carried to its end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from lambent.services.lambda_.state import Spawn

T = TypeVar("T")


class Changes:
    """Runs changes one at a time; one that has begun ends even if who asked for it is cancelled.

    Invariant: what is in memory changes together with what is on disk, although the two are
    apart by an `await`.
    """

    def __init__(self, spawn: Spawn) -> None:
        self._spawn = spawn
        self._turn = asyncio.Lock()

    async def run(self, change: Callable[[], Awaitable[T]]) -> T:
        """Carry out `change` in its turn; its result, or what it raises."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        # Whoever asked may be gone when it fails; the exception counts as seen all the same.
        done.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        self._spawn(self._carry_out(change, done))
        return await asyncio.shield(done)

    async def _carry_out(
        self, change: Callable[[], Awaitable[T]], done: "asyncio.Future[T]"
    ) -> None:
        try:
            async with self._turn:
                value = await change()
        except asyncio.CancelledError:
            done.cancel()
            raise
        except Exception as error:
            # Not lost: it is raised where the change was asked for.
            done.set_exception(error)
        else:
            done.set_result(value)
