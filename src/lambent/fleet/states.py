"""The states of an execution environment, and the one table that says which follows which.

AWS's phases are INIT, INVOKE and SHUTDOWN; between two invocations an environment is frozen.
`docs/environments.md` draws this table.
"""

from enum import StrEnum


class EnvironmentState(StrEnum):
    """Where an environment is in its life."""

    CREATED = "created"
    INITIALISING = "initialising"
    IDLE = "idle"
    FROZEN = "frozen"
    INVOKING = "invoking"
    # Its runtime ended or never came up: the next invocation initialises it again.
    RESET = "reset"
    CLOSED = "closed"


class EnvironmentEvent(StrEnum):
    """What can happen to an environment."""

    BOOT = "boot"
    READY = "ready"
    FAIL = "fail"
    INVOKE = "invoke"
    FINISH = "finish"
    FREEZE = "freeze"
    THAW = "thaw"
    CLOSE = "close"


_S, _E = EnvironmentState, EnvironmentEvent

TRANSITIONS: dict[tuple[EnvironmentState, EnvironmentEvent], EnvironmentState] = {
    (_S.CREATED, _E.BOOT): _S.INITIALISING,
    (_S.RESET, _E.BOOT): _S.INITIALISING,
    (_S.INITIALISING, _E.READY): _S.IDLE,
    (_S.INITIALISING, _E.FAIL): _S.RESET,
    (_S.IDLE, _E.INVOKE): _S.INVOKING,
    (_S.IDLE, _E.FREEZE): _S.FROZEN,
    (_S.IDLE, _E.FAIL): _S.RESET,
    (_S.FROZEN, _E.THAW): _S.IDLE,
    (_S.FROZEN, _E.FAIL): _S.RESET,
    (_S.INVOKING, _E.FINISH): _S.IDLE,
    (_S.INVOKING, _E.FAIL): _S.RESET,
    **{(state, _E.CLOSE): _S.CLOSED for state in _S},
}


def next_state(state: EnvironmentState, event: EnvironmentEvent) -> EnvironmentState:
    """The state that follows; an event that the table does not have is a bug of ours."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise RuntimeError(f"an environment that is {state} cannot {event}") from None
