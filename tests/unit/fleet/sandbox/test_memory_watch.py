from typing import cast

import pytest

from lambent.core.clock import VirtualClock
from lambent.fleet.sandbox.cgroups import ControlGroup
from lambent.fleet.sandbox.memory_watch import MemoryWatch


class Group:
    def __init__(self, gone: bool = False) -> None:
        self.looks = 0
        self.gone = gone

    def end_if_over_limit(self) -> None:
        self.looks += 1
        if self.gone:
            raise OSError("no such group")


def watched(group: Group) -> ControlGroup:
    return cast("ControlGroup", group)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


async def test_what_runs_is_looked_at_again_and_again(clock: VirtualClock) -> None:
    watch, group = MemoryWatch(clock), Group()
    watch.add(watched(group))
    watch.add(watched(group))
    await clock.advance(1.0)
    assert 40 <= group.looks <= 50


async def test_what_is_removed_is_not_looked_at_and_then_nothing_waits(clock: VirtualClock) -> None:
    watch, one, two = MemoryWatch(clock), Group(), Group()
    watch.add(watched(one))
    watch.add(watched(two))
    watch.remove(watched(one))
    await clock.advance(0.1)
    assert (one.looks, two.looks > 0) == (0, True)
    watch.remove(watched(two))
    watch.remove(watched(two))
    await clock.advance(0.1)
    assert clock.next_timer_at() is None
    watch.add(watched(one))
    await clock.advance(0.1)
    assert one.looks > 0


async def test_a_group_that_is_gone_does_not_stop_the_others(clock: VirtualClock) -> None:
    watch, gone, there = MemoryWatch(clock), Group(gone=True), Group()
    watch.add(watched(gone))
    watch.add(watched(there))
    await clock.advance(0.1)
    assert there.looks > 1


async def test_a_thousand_groups_are_looked_at_less_often(clock: VirtualClock) -> None:
    watch = MemoryWatch(clock)
    groups = [Group() for _ in range(1000)]
    for group in groups:
        watch.add(watched(group))
    await clock.advance(1.02)
    assert 9 <= groups[0].looks <= 11


async def test_closing_ends_it(clock: VirtualClock) -> None:
    watch, group = MemoryWatch(clock), Group()
    watch.add(watched(group))
    watch.close()
    assert clock.next_timer_at() is None
