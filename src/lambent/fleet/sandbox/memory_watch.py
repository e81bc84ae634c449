"""Looks, often, at whether a sandbox that runs is over its memory limit."""

import contextlib

from lambent.core.clock import Clock, Timer
from lambent.fleet.sandbox.cgroups import ControlGroup

# Measured: one look is 1 to 2 us. Filling 100 MB takes a program about 30 ms.
_PAUSE_S = 0.02
_PAUSE_PER_GROUP_S = 0.0001


class MemoryWatch:
    """The groups that run now. Frozen ones do not grow and are not looked at; without any, nothing
    is done. The kernel has a notice for this (version 1), but asking for it takes 8 to 30 ms.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._groups: set[ControlGroup] = set()
        self._timer: Timer | None = None

    def add(self, group: ControlGroup) -> None:
        self._groups.add(group)
        if self._timer is None:
            self._wait()

    def remove(self, group: ControlGroup) -> None:
        """Harmless when the group is not watched."""
        self._groups.discard(group)

    def close(self) -> None:
        self._groups.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        pause_s = max(_PAUSE_S, len(self._groups) * _PAUSE_PER_GROUP_S)
        self._timer = self._clock.call_at(self._clock.now() + pause_s, self._look)

    def _look(self) -> None:
        self._timer = None
        for group in self._groups:
            # A group may go while it is looked at: then nothing runs in it any more.
            with contextlib.suppress(OSError):
                group.end_if_over_limit()
        if self._groups:
            self._wait()
