"""The environment's table of states."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.fleet.states import TRANSITIONS, EnvironmentEvent, EnvironmentState, next_state


def test_an_event_out_of_turn_is_a_bug() -> None:
    with pytest.raises(RuntimeError, match="created cannot invoke"):
        next_state(EnvironmentState.CREATED, EnvironmentEvent.INVOKE)


@given(st.lists(st.sampled_from(EnvironmentEvent), max_size=50))
def test_a_closed_environment_stays_closed(events: list[EnvironmentEvent]) -> None:
    state = EnvironmentState.CREATED
    closed = False
    for event in events:
        if (state, event) in TRANSITIONS:
            state = next_state(state, event)
        closed = closed or state is EnvironmentState.CLOSED
        assert (state is EnvironmentState.CLOSED) is closed


def test_every_state_can_be_reached_and_closed() -> None:
    reached = {EnvironmentState.CREATED, *TRANSITIONS.values()}
    assert reached == set(EnvironmentState)
    assert all((state, EnvironmentEvent.CLOSE) in TRANSITIONS for state in EnvironmentState)
