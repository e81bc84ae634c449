"""What a runtime may ask for when: the Runtime API's states, and nothing of HTTP.

Source: aws-lambda-runtime-interface-emulator, `internal/lambda/core/statejson` and `rapi/model`.
"""

from enum import StrEnum


class RuntimeState(StrEnum):
    """Where a runtime is between its start and its next event."""

    STARTED = "Started"
    INIT_ERROR = "RuntimeInitError"
    READY = "Ready"
    RUNNING = "Running"
    RESPONDING = "InvocationResponse"
    RESPONDED = "ResponseSent"


class RuntimeCall(StrEnum):
    """What a runtime can do."""

    NEXT = "next"
    BEGIN_RESPONSE = "begin response"
    END_RESPONSE = "end response"
    INIT_ERROR = "init error"
    DELIVER = "deliver"


_S, _C = RuntimeState, RuntimeCall

TRANSITIONS: dict[tuple[RuntimeState, RuntimeCall], RuntimeState] = {
    (_S.STARTED, _C.NEXT): _S.READY,
    (_S.STARTED, _C.INIT_ERROR): _S.INIT_ERROR,
    (_S.READY, _C.NEXT): _S.READY,
    (_S.READY, _C.DELIVER): _S.RUNNING,
    (_S.RUNNING, _C.BEGIN_RESPONSE): _S.RESPONDING,
    (_S.RESPONDING, _C.END_RESPONSE): _S.RESPONDED,
    (_S.RESPONDED, _C.NEXT): _S.READY,
}


def next_state(state: RuntimeState, call: RuntimeCall) -> RuntimeState | None:
    """The state that follows, or None when the runtime may not do that now (a 403)."""
    return TRANSITIONS.get((state, call))
