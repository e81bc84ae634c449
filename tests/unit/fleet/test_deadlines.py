"""Many deadlines on one timer."""

from collections.abc import Hashable

from lambent.core.clock import VirtualClock
from lambent.fleet.deadlines import Deadlines


async def test_deadlines_ring_at_their_instant_and_withdrawn_ones_do_not() -> None:
    clock = VirtualClock(0.0)
    rung: list[tuple[Hashable, float]] = []
    deadlines = Deadlines(clock, lambda key: rung.append((key, clock.now())))
    deadlines.set("late", 10.0)
    deadlines.set("early", 5.0)
    deadlines.set("never", 6.0)
    deadlines.clear("never")
    deadlines.clear("unknown")
    await clock.advance(20)
    assert rung == [("early", 5.0), ("late", 10.0)]


async def test_setting_again_moves_a_deadline() -> None:
    clock = VirtualClock(0.0)
    rung: list[float] = []
    deadlines = Deadlines(clock, lambda key: rung.append(clock.now()))
    deadlines.set("a", 5.0)
    deadlines.set("a", 8.0)
    await clock.advance(20)
    assert rung == [8.0]


async def test_a_key_may_set_itself_again_as_it_rings() -> None:
    clock = VirtualClock(0.0)
    rung: list[float] = []

    def again(key: Hashable) -> None:
        rung.append(clock.now())
        if len(rung) < 3:
            deadlines.set(key, clock.now() + 1)

    deadlines = Deadlines(clock, again)
    deadlines.set("a", 1.0)
    await clock.advance(10)
    assert rung == [1.0, 2.0, 3.0]


async def test_nothing_rings_after_closing() -> None:
    clock = VirtualClock(0.0)
    rung: list[Hashable] = []
    deadlines = Deadlines(clock, rung.append)
    deadlines.set("a", 1.0)
    deadlines.close()
    await clock.advance(10)
    assert rung == []
