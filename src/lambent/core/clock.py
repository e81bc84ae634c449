"""The only source of now, sleep and timers.

`RealClock` is the machine's. `VirtualClock` stands still until somebody advances it; it then runs
every timer that has become due in order of its instant, and between two timers waits until the
platform is idle, so that what one timer set off has happened before the next one fires.
"""

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol


class Timer(Protocol):
    """A promise to call back at an instant; cancelling one that has fired is harmless."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Time, as everything in Lambent sees it."""

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary instant, never going backwards; for durations."""
        ...

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the loop once `now()` has reached `at`."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed on this clock."""
        ...

    def timeout(self, seconds: float) -> contextlib.AbstractAsyncContextManager[None]:
        """Cancel the block and raise TimeoutError once `seconds` have passed on this clock."""
        ...

    def busy(self) -> contextlib.AbstractContextManager[None]:
        """Mark work under way, so that a virtual clock holds the next timer until it is done."""
        ...


async def _sleep(clock: Clock, seconds: float) -> None:
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = clock.call_at(clock.now() + seconds, lambda: _wake(woken))
    try:
        await woken
    finally:
        timer.cancel()


def _wake(woken: "asyncio.Future[None]") -> None:
    if not woken.done():
        woken.set_result(None)


@contextlib.asynccontextmanager
async def _timeout(clock: Clock, seconds: float) -> AsyncIterator[None]:
    # asyncio's Timeout does the cancelling; its deadline is moved to "now" by the clock's timer.
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as scope:
        timer = clock.call_at(clock.now() + seconds, lambda: scope.reschedule(loop.time()))
        try:
            yield
        finally:
            timer.cancel()


class RealClock:
    """The machine's clock, with timers on the running event loop."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0.0, at - self.now()), callback)

    async def sleep(self, seconds: float) -> None:
        await _sleep(self, seconds)

    def timeout(self, seconds: float) -> contextlib.AbstractAsyncContextManager[None]:
        return _timeout(self, seconds)

    def busy(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


@dataclass(slots=True, order=True)
class _VirtualTimer:
    at: float
    order: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class VirtualClock:
    """A clock that moves only when told to.

    Invariant: timers fire in order of (instant, order of making), and `now()` is exactly the
    timer's instant while it fires.
    """

    def __init__(self, start: float = 1_767_225_600.0) -> None:
        self._now = start
        self._start = start
        self._timers: list[_VirtualTimer] = []
        self._orders = itertools.count()
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now - self._start

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        timer = _VirtualTimer(at, next(self._orders), callback)
        if at <= self._now:
            asyncio.get_running_loop().call_soon(self._fire, timer)
        else:
            heapq.heappush(self._timers, timer)
        return timer

    async def sleep(self, seconds: float) -> None:
        await _sleep(self, seconds)

    def timeout(self, seconds: float) -> contextlib.AbstractAsyncContextManager[None]:
        return _timeout(self, seconds)

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        self._busy += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if self._busy == 0:
                self._idle.set()

    def next_timer_at(self) -> float | None:
        """When the next timer is due, or None when nothing waits."""
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0].at if self._timers else None

    async def settle(self) -> None:
        """Return once nothing marked busy is under way and the loop has run what was ready."""
        while True:
            await self._idle.wait()
            for _ in range(_SETTLING_TURNS):
                await asyncio.sleep(0)
                if self._busy:
                    break
            if not self._busy:
                return

    async def advance(self, seconds: float) -> None:
        """Move time forward by `seconds`, firing what falls due on the way, in order."""
        if seconds < 0:
            raise ValueError("a clock does not go backwards")
        target = self._now + seconds
        await self.settle()
        while (at := self.next_timer_at()) is not None and at <= target:
            timer = heapq.heappop(self._timers)
            self._now = max(self._now, timer.at)
            self._fire(timer)
            await self.settle()
        self._now = target
        await self.settle()

    @staticmethod
    def _fire(timer: _VirtualTimer) -> None:
        if not timer.cancelled:
            timer.callback()


# How many turns of the loop a wake-up may need to travel through awaiting tasks before it marks
# itself busy: future → task → call_soon → task, with room to spare.
_SETTLING_TURNS = 20
