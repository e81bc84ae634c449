"""The error documents that the platform itself makes, when a runtime could not.

Form: `{"errorType", "errorMessage": "RequestId: <id> Error: <text>"}`, in this order.
Source: aws-lambda-runtime-interface-emulator, and responses recorded from AWS in November 2025.
"""

import json
import re
import signal
from dataclasses import dataclass

from lambent.fleet.sandbox.api import Exit

# AWS: a function's own error types are recorded as they are only if they look like this.
_KNOWN_TYPE = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed invocation as its caller and its REPORT line see it."""

    error_type: str
    payload: bytes
    status: str = "error"


def exit_failure(ended: Exit, request_id: str) -> Failure:
    """The runtime ended before it answered."""
    if ended.out_of_memory:
        return platform_failure("Runtime.OutOfMemory", request_id, _exit_text(ended))
    return platform_failure("Runtime.ExitError", request_id, _exit_text(ended))


def timeout_failure(timeout_s: float, request_id: str) -> Failure:
    """The function ran for longer than its timeout."""
    text = f"Task timed out after {timeout_s:.2f} seconds"
    made = platform_failure("Sandbox.Timedout", request_id, text)
    return Failure(error_type=made.error_type, payload=made.payload, status="timeout")


def too_large_failure(limit_bytes: int) -> Failure:
    """The function's result was larger than Lambda hands back."""
    # AWS: here errorMessage comes first, and there is no RequestId in it.
    text = f"Response payload size exceeded maximum allowed payload size ({limit_bytes} bytes)."
    document = {"errorMessage": text, "errorType": "Function.ResponseSizeTooLarge"}
    payload = json.dumps(document, separators=(",", ":")).encode()
    return Failure(error_type="Function.ResponseSizeTooLarge", payload=payload)


def recorded_type(error_type: str) -> str:
    """How an error type that a runtime reported is recorded in metrics and logs."""
    if _KNOWN_TYPE.fullmatch(error_type):
        return error_type
    return "Function.Unknown" if error_type.startswith("Function.") else "Runtime.Unknown"


def platform_failure(error_type: str, request_id: str, text: str) -> Failure:
    """A failure that the platform words: `RequestId: <id> Error: <text>`."""
    document = {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {text}"}
    payload = json.dumps(document, separators=(",", ":")).encode()
    return Failure(error_type=error_type, payload=payload)


def _exit_text(ended: Exit) -> str:
    if ended.out_of_memory:
        return "Runtime exited with error: signal: killed"
    if ended.signal is not None:
        return f"Runtime exited with error: signal: {_signal_name(ended.signal)}"
    if ended.code == 0:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: exit status {ended.code}"


def _signal_name(number: int) -> str:
    # Go's names, since AWS's supervisor is written in Go; they are glibc's in lower case.
    return (signal.strsignal(number) or f"signal {number}").lower().split(" (")[0]
