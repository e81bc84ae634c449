"""What a runtime may ask for when."""

import pytest

from lambent.fleet.runtime_api.states import TRANSITIONS, RuntimeCall, RuntimeState, next_state


def test_a_runtimes_life_is_a_round_through_the_table() -> None:
    state: RuntimeState | None = RuntimeState.STARTED
    for call in (
        RuntimeCall.NEXT,
        RuntimeCall.DELIVER,
        RuntimeCall.BEGIN_RESPONSE,
        RuntimeCall.END_RESPONSE,
        RuntimeCall.NEXT,
    ):
        assert state is not None
        state = next_state(state, call)
    assert state is RuntimeState.READY


@pytest.mark.parametrize("state", list(RuntimeState))
@pytest.mark.parametrize("call", list(RuntimeCall))
def test_what_is_not_in_the_table_may_not_be(state: RuntimeState, call: RuntimeCall) -> None:
    assert next_state(state, call) is TRANSITIONS.get((state, call))


def test_nothing_follows_a_failed_init() -> None:
    assert not [call for state, call in TRANSITIONS if state is RuntimeState.INIT_ERROR]


def test_an_event_is_answered_once() -> None:
    assert next_state(RuntimeState.RESPONDED, RuntimeCall.BEGIN_RESPONSE) is None
    assert next_state(RuntimeState.RESPONDING, RuntimeCall.BEGIN_RESPONSE) is None
