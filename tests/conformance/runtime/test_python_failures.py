"""How Python functions fail: exact payloads, and what the environment does next.

Source: payloads recorded from AWS and awslambdaric 4.2.2.
"""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from python_place import REQUEST_ID, PythonPlace, Running, start

from lambent.fleet.runtimes.api import Answer, FunctionFailure, Response, ResponseTooLarge
from lambent.fleet.sandbox.api import Exit

pytestmark = pytest.mark.asyncio(loop_scope="module")

FINE = "def handler(event, context): return event"


def failure_of(answer: Answer | FunctionFailure | Exit | None) -> dict[str, Any]:
    assert isinstance(answer, FunctionFailure)
    payload: dict[str, Any] = json.loads(answer.payload)
    assert answer.error_type == payload["errorType"]
    return payload


def _runs(pid: int) -> bool:
    """Whether a process is there and more than a corpse."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


async def works_again(running: Running) -> None:
    """A runtime started anew in the same sandbox initialises."""
    again = await start(running.host)
    assert again.init is None


async def test_an_exception_is_reported_with_its_trace(python: PythonPlace) -> None:
    running = await python.run(
        "def handler(event, context):\n    raise Exception('Handler fails')\n"
    )
    answer = await running.invoke()
    trace = "line 2, in handler\n    raise Exception('Handler fails')\n"
    root = "/var/task" if running.host._sandbox.uid is not None else running.host._sandbox.task_root
    assert isinstance(answer, FunctionFailure)
    assert answer.payload.decode() == json.dumps(
        {
            "errorMessage": "Handler fails",
            "errorType": "Exception",
            "requestId": REQUEST_ID,
            "stackTrace": [f'  File "{root}/h.py", {trace}'],
        }
    )
    assert answer.xray_cause is not None
    assert json.loads(answer.xray_cause)["exceptions"][0]["message"] == "Handler fails"
    assert "[ERROR] Exception: Handler fails\nTraceback (most recent call last):" in (
        running.output.text
    )
    # The same process takes the next event.
    assert failure_of(await running.invoke())["errorMessage"] == "Handler fails"


@pytest.mark.parametrize(
    ("files", "handler", "error_type", "message"),
    [
        (
            "import nowhere",
            "h.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'h': No module named 'nowhere'",
        ),
        (
            FINE,
            "absent.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'absent': No module named 'absent'",
        ),
        (FINE, "h.other", "Runtime.HandlerNotFound", "Handler 'other' missing on module 'h'"),
        (
            FINE,
            "h",
            "Runtime.MalformedHandlerName",
            "Bad handler 'h': not enough values to unpack (expected 2, got 1)",
        ),
        (
            FINE,
            "sys.exit",
            "Runtime.BuiltInModuleConflict",
            "Cannot use built-in module sys as a handler module",
        ),
        (
            "def handler(:",
            "h.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'h': invalid syntax (h.py, line 1)",
        ),
        ("raise ValueError('at import')", "h.handler", "ValueError", "at import"),
    ],
)
async def test_a_failing_init_is_reported(
    python: PythonPlace, files: str, handler: str, error_type: str, message: str
) -> None:
    running = await python.run(files, handler=handler)
    payload = failure_of(running.init)
    assert list(payload) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert payload["errorType"] == error_type
    assert payload["errorMessage"] == message
    assert payload["requestId"] == ""
    assert "LAMBDA_WARNING: Unhandled exception" in running.output.text
    assert f"[ERROR] {error_type}: {message}" in running.output.text
    assert await running.process.exited() == Exit(code=1)


async def test_a_result_that_is_not_json_is_an_error_of_the_function(python: PythonPlace) -> None:
    running = await python.run("def handler(event, context): return {1, 2}")
    payload = failure_of(await running.invoke())
    assert payload["errorType"] == "Runtime.MarshalError"
    assert payload["errorMessage"] == (
        "Unable to marshal response: Object of type set is not JSON serializable"
    )


async def test_an_event_that_is_not_json_is_an_error_of_the_function(python: PythonPlace) -> None:
    running = await python.run(FINE)
    assert failure_of(await running.invoke(b"{"))["errorType"] == "Runtime.UnmarshalError"
    assert await running.invoke(b"1") == Response(payload=b"1")


async def test_a_result_over_the_limit_is_refused_and_the_process_lives(
    python: PythonPlace,
) -> None:
    running = await python.run("def handler(event, context): return 'x' * (event - 2)")
    limit = 6_291_556
    assert await running.invoke(str(limit + 1).encode()) == ResponseTooLarge(limit_bytes=limit)
    answer = await running.invoke(str(limit).encode())
    assert isinstance(answer, Response)
    assert len(answer.payload) == limit


@pytest.mark.parametrize(
    ("body", "ended"),
    [
        ("sys.exit(0)", Exit(code=0)),
        ("sys.exit(1)", Exit(code=1)),
        ("sys.exit('words')", Exit(code=1)),
        ("os._exit(127)", Exit(code=127)),
        ("os.kill(os.getpid(), signal.SIGSEGV)", Exit(signal=signal.SIGSEGV)),
        ("ctypes.string_at(0)", Exit(signal=signal.SIGSEGV)),
        ("os.kill(os.getpid(), signal.SIGKILL)", Exit(signal=signal.SIGKILL)),
        ("os.abort()", Exit(signal=signal.SIGABRT)),
    ],
)
async def test_a_process_that_ends_says_how(python: PythonPlace, body: str, ended: Exit) -> None:
    source = f"import ctypes, os, signal, sys\ndef handler(event, context): {body}"
    running = await python.run(source)
    assert await running.invoke() == ended
    assert not running.process.alive
    assert await running.process.exited() == ended
    await works_again(running)


@pytest.mark.parametrize(
    ("body", "ended"),
    [("sys.exit(0)", Exit(code=0)), ("sys.exit(3)", Exit(code=3)), ("os._exit(9)", Exit(code=9))],
)
async def test_a_process_may_end_in_its_init(python: PythonPlace, body: str, ended: Exit) -> None:
    running = await python.run(f"import os, sys\n{body}")
    assert running.init == ended


async def test_an_endless_loop_is_stopped_from_outside(python: PythonPlace) -> None:
    running = await python.run(
        """
        import threading, os
        def handler(event, context):
            print("looping", flush=True)
            while True: pass
        """
    )
    asked = asyncio.ensure_future(running.invoke())
    while "looping" not in running.output.text:
        await asyncio.sleep(0)
    assert (await running.process.stop(0)).signal == signal.SIGKILL
    assert await asked == Exit(signal=signal.SIGKILL)
    await works_again(running)


async def test_tmp_survives_a_crash_but_variables_do_not(python: PythonPlace) -> None:
    running = await python.run(
        """
        import os, tempfile
        count = 0
        def handler(event, context):
            global count
            count += 1
            path = os.path.join(tempfile.gettempdir(), "kept")
            if event == "crash":
                open(path, "w").write("kept")
                os._exit(1)
            return [count, os.path.exists(path)]
        """
    )
    assert await running.invoke() == Response(payload=b"[1, false]")
    assert await running.invoke(b'"crash"') == Exit(code=1)
    again = await start(running.host)
    assert await again.invoke() == Response(payload=b"[1, true]")


async def test_a_child_left_behind_ends_with_the_process(python: PythonPlace) -> None:
    running = await python.run(
        """
        import os, subprocess
        def handler(event, context):
            return subprocess.Popen(["sleep", "1000"], start_new_session=True).pid
        """
    )
    answer = await running.invoke()
    assert isinstance(answer, Response)
    inside = int(answer.payload)
    assert inside > 0
    await running.process.stop(0)
    if running.host._sandbox.uid is None:
        assert not _runs(inside)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff" * 64,  # a length over every limit
        b"\x4c\x00\x00\x01" + bytes(12),  # a frame only the platform may send
        b"\x4c\x00\x00\x02" + bytes(12),  # ready, a second time
        b"\x4c\x00\x00\x05\x00\x00\x00\x02" + bytes(8) + b"xx",  # a failure that is none
        b"\x4c\x00\x00\x05\x00\x00\x00\x08" + bytes(8) + b"\x00\x00\x00\x04null",
        b"\x4c\x00\x00\x05\x00\x00\x00\x05" + bytes(8) + b"\x00\x00\x00\x01[",
    ],
)
async def test_code_that_writes_into_the_runtime_s_socket_harms_only_itself(
    python: PythonPlace, garbage: bytes
) -> None:
    running = await python.run(
        f"import os, time\ndef handler(event, context):\n"
        f"    os.write(3, {garbage!r})\n    time.sleep(1000)\n"
    )
    assert isinstance(await running.invoke(), Exit)
    assert (await python.run(FINE)).init is None


async def test_code_that_closes_the_runtime_s_socket_harms_only_itself(
    python: PythonPlace,
) -> None:
    running = await python.run("import os\ndef handler(event, context):\n    os.close(3)\n")
    assert isinstance(await running.invoke(), Exit)


async def test_an_answer_before_its_event_is_refused(python: PythonPlace) -> None:
    source = """
        import os, threading, time
        def handler(event, context):
            threading.Timer(0.0, lambda: None).start()
            return event
        def early():
            while not os.path.exists(os.environ["LAMBDA_TASK_ROOT"] + "/never"):
                os.write(3, bytes.fromhex("4c000003") + bytes(12))
                time.sleep(0.001)
        threading.Thread(target=early, daemon=True).start()
    """
    running = await python.run(source)
    assert isinstance(running.init, Exit) or isinstance(await running.invoke(), Exit | Response)
    assert isinstance(await running.process.exited(), Exit)
