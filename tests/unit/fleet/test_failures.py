"""The error documents that the platform makes. Expected texts: recorded from AWS, November 2025."""

import pytest

from lambent.fleet.failures import (
    exit_failure,
    recorded_type,
    timeout_failure,
    too_large_failure,
)
from lambent.fleet.sandbox.api import Exit


@pytest.mark.parametrize(
    ("ended", "payload"),
    [
        (
            Exit(code=0),
            (
                b'{"errorType":"Runtime.ExitError","errorMessage":'
                b'"RequestId: id Error: Runtime exited without providing a reason"}'
            ),
        ),
        (
            Exit(code=127),
            (
                b'{"errorType":"Runtime.ExitError","errorMessage":'
                b'"RequestId: id Error: Runtime exited with error: exit status 127"}'
            ),
        ),
        (
            Exit(signal=9),
            (
                b'{"errorType":"Runtime.ExitError","errorMessage":'
                b'"RequestId: id Error: Runtime exited with error: signal: killed"}'
            ),
        ),
        (
            Exit(signal=11),
            (
                b'{"errorType":"Runtime.ExitError","errorMessage":'
                b'"RequestId: id Error: Runtime exited with error: signal: segmentation fault"}'
            ),
        ),
        (
            Exit(signal=9, out_of_memory=True),
            (
                b'{"errorType":"Runtime.OutOfMemory","errorMessage":'
                b'"RequestId: id Error: Runtime exited with error: signal: killed"}'
            ),
        ),
    ],
)
def test_an_exit_is_told_in_lambdas_words(ended: Exit, payload: bytes) -> None:
    assert exit_failure(ended, "id").payload == payload


def test_a_timeout_names_the_configured_seconds() -> None:
    failure = timeout_failure(3, "id")
    assert failure.status == "timeout"
    assert failure.payload == (
        b'{"errorType":"Sandbox.Timedout","errorMessage":'
        b'"RequestId: id Error: Task timed out after 3.00 seconds"}'
    )


def test_a_result_too_large_has_its_message_first_and_no_request_id() -> None:
    assert too_large_failure(6_291_556).payload == (
        b'{"errorMessage":"Response payload size exceeded maximum allowed payload size '
        b'(6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}'
    )


@pytest.mark.parametrize(
    ("reported", "recorded"),
    [
        ("Runtime.ImportModuleError", "Runtime.ImportModuleError"),
        ("ValueError", "Runtime.Unknown"),
        ("Function.42", "Function.Unknown"),
    ],
)
def test_unknown_error_types_are_recorded_as_such(reported: str, recorded: str) -> None:
    assert recorded_type(reported) == recorded
