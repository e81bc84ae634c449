"""The fork servers behind executed runtimes: each started once, and again when it has ended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from lambent.fleet.sandbox.api import SandboxLevel

StartLevel = Callable[[Mapping[str, Path]], Awaitable[SandboxLevel]]


class ExecLevels:
    """A sandbox level for each set of mounts, by a key of the caller's."""

    def __init__(self, start: StartLevel) -> None:
        self._start = start
        self._levels: dict[object, asyncio.Future[SandboxLevel]] = {}

    async def level(self, key: object, mounts: Mapping[str, Path]) -> SandboxLevel:
        """The level of this key; whoever asks first starts it, and all wait for the same one.

        One whose start failed, or whose fork server has ended, is replaced.
        """
        starting = self._levels.get(key)
        if starting is None or _is_over(starting):
            starting = asyncio.ensure_future(self._start(mounts))
            self._levels[key] = starting
        # A caller that gives up must not take the level from the others.
        return await asyncio.shield(starting)


def _is_over(starting: "asyncio.Future[SandboxLevel]") -> bool:
    if not starting.done():
        return False
    if starting.cancelled() or starting.exception() is not None:
        return True
    return not starting.result().alive
