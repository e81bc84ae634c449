"""What every clock promises: timers at their instant and in order, sleeps, timeouts."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from lambent.core.clock import Clock, RealClock, VirtualClock

# Short, for on the real clock they are waited for.
SHORT_S = 0.01


class Setting:
    """A clock, and how its time is made to pass until something has happened."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def until(self, done: Callable[[], bool]) -> None:
        if isinstance(self.clock, VirtualClock):
            await self.clock.advance(10 * SHORT_S)
            assert done()
            return
        while not done():
            await asyncio.sleep(0)


@pytest.fixture(params=[RealClock, VirtualClock])
def setting(request: pytest.FixtureRequest) -> Setting:
    return Setting(request.param())


async def test_timers_fire_in_the_order_of_their_instants(setting: Setting) -> None:
    fired: list[str] = []
    now = setting.clock.now()
    setting.clock.call_at(now + 2 * SHORT_S, lambda: fired.append("later"))
    setting.clock.call_at(now + SHORT_S, lambda: fired.append("sooner"))
    await setting.until(lambda: len(fired) == 2)
    assert fired == ["sooner", "later"]
    assert setting.clock.now() >= now + 2 * SHORT_S


async def test_a_cancelled_timer_does_not_fire(setting: Setting) -> None:
    fired: list[str] = []
    now = setting.clock.now()
    setting.clock.call_at(now + SHORT_S, lambda: fired.append("cancelled")).cancel()
    setting.clock.call_at(now + SHORT_S, lambda: fired.append("kept"))
    await setting.until(lambda: bool(fired))
    assert fired == ["kept"]


async def test_an_instant_that_has_passed_fires_at_once(setting: Setting) -> None:
    fired: list[bool] = []
    setting.clock.call_at(setting.clock.now() - 1, lambda: fired.append(True))
    await setting.until(lambda: bool(fired))


async def test_a_sleep_ends_and_can_be_cancelled(setting: Setting) -> None:
    slept = asyncio.ensure_future(setting.clock.sleep(SHORT_S))
    given_up = asyncio.ensure_future(setting.clock.sleep(1000))
    await asyncio.sleep(0)
    given_up.cancel()
    await setting.until(slept.done)
    with pytest.raises(asyncio.CancelledError):
        await given_up


async def test_a_timeout_ends_what_takes_too_long(setting: Setting) -> None:
    async def forever() -> None:
        async with setting.clock.timeout(SHORT_S):
            await asyncio.Event().wait()

    running = asyncio.ensure_future(forever())
    await asyncio.sleep(0)
    await setting.until(running.done)
    with pytest.raises(TimeoutError):
        await running


async def test_a_timeout_leaves_alone_what_comes_after_its_block(setting: Setting) -> None:
    async def in_time() -> str:
        async with setting.clock.timeout(SHORT_S):
            await asyncio.sleep(0)
        await setting.clock.sleep(2 * SHORT_S)
        return "went on"

    running = asyncio.ensure_future(in_time())
    await asyncio.sleep(0)
    await setting.until(running.done)
    assert await running == "went on"


async def test_a_virtual_clock_lets_each_timers_consequences_happen_before_the_next() -> None:
    clock = VirtualClock(0.0)
    seen: list[tuple[str, float]] = []

    async def work(name: str) -> None:
        with clock.busy():
            for _ in range(50):
                await asyncio.sleep(0)
            seen.append((name, clock.now()))

    tasks: list[Awaitable[None]] = []
    for name, at in (("one", 1.0), ("two", 2.0)):
        clock.call_at(at, lambda name=name: tasks.append(asyncio.ensure_future(work(name))))
    await clock.advance(13 * 3600)
    assert seen == [("one", 1.0), ("two", 2.0)]
    assert clock.now() == 13 * 3600
    with pytest.raises(ValueError, match="backwards"):
        await clock.advance(-1)
