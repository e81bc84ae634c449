"""What Python code sees and what comes of it: events, context, variables, output, libraries."""

import json
import logging
from typing import Any

import pytest
from python_place import ARN, CLOCK, REQUEST_ID, PythonPlace, Running

from lambent.fleet.runtimes.api import Response

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def value_of(running: Running, payload: bytes = b"{}", **event: Any) -> Any:
    answer = await running.invoke(payload, **event)
    assert isinstance(answer, Response), answer
    return json.loads(answer.payload)


def isolated(running: Running) -> bool:
    return running.host._sandbox.uid is not None


@pytest.mark.parametrize(
    ("event", "result"),
    [
        (b'"<&>"', '"<&>"'),
        (b'{"a": [1, null, "\xc3\xa9"]}', '{"a": [1, null, "é"]}'),
        (b"null", "null"),
        (b'""', '""'),
        (b"1.5", "1.5"),
    ],
)
async def test_an_event_comes_back_as_it_was(
    python: PythonPlace, event: bytes, result: str
) -> None:
    running = await python.run("def handler(event, context): return event")
    assert await running.invoke(event) == Response(payload=result.encode())


async def test_older_runtimes_escape_what_is_not_ascii(python: PythonPlace) -> None:
    # AWS: since Python 3.12 results are UTF-8 text; before, they were escaped.
    running = await python.run("def handler(event, context): return event", runtime="python3.11")
    assert await running.invoke('"é"'.encode()) == Response(payload=b'"\\u00e9"')


async def test_modules_named_like_the_platform_s_are_the_function_s(python: PythonPlace) -> None:
    names = ("enter", "root", "child", "fork_server")
    running = await python.run(
        {
            "h.py": f"import {', '.join(names)}\n"
            f"def handler(event, context): return [m.mine for m in ({', '.join(names)})]",
            **{f"{name}.py": f"mine = '{name}'" for name in names},
        }
    )
    assert await value_of(running) == list(names)


async def test_nothing_returned_is_null_and_bytes_pass_unchanged(python: PythonPlace) -> None:
    running = await python.run(
        "def handler(event, context):\n    return b'\\x00raw' if event else None\n"
    )
    assert await running.invoke(b"0") == Response(payload=b"null")
    answer = await running.invoke(b"1")
    assert isinstance(answer, Response)
    assert answer.payload == b"\x00raw"


async def test_six_megabytes_come_and_go(python: PythonPlace) -> None:
    running = await python.run("def handler(event, context): return event")
    payload = json.dumps("x" * 6_000_000).encode()
    assert await running.invoke(payload) == Response(payload=payload)


async def test_the_context_is_the_function_s(python: PythonPlace) -> None:
    running = await python.run(
        """
        def handler(event, c):
            left = c.get_remaining_time_in_millis()
            identity = [c.identity.cognito_identity_id, c.identity.cognito_identity_pool_id]
            return [c.aws_request_id, c.function_name, c.function_version, c.memory_limit_in_mb,
                    c.invoked_function_arn, c.log_group_name, c.log_stream_name, 0 < left <= 5000,
                    c.client_context and c.client_context.custom, identity]
        """
    )
    known = [REQUEST_ID, "f", "$LATEST", "256", ARN, "/aws/lambda/f", "stream", True]
    deadline_ms = int((CLOCK.now() + 5) * 1000)
    assert await value_of(running, deadline_ms=deadline_ms) == [*known, None, [None, None]]
    identity = {"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}
    assert await value_of(
        running,
        deadline_ms=deadline_ms,
        client_context='{"custom": {"k": "v"}}',
        cognito_identity=json.dumps(identity),
    ) == [*known, {"k": "v"}, ["i", "p"]]


async def test_the_trace_header_is_a_variable_of_each_invocation(python: PythonPlace) -> None:
    running = await python.run(
        "import os\ndef handler(event, context): return os.environ.get('_X_AMZN_TRACE_ID')"
    )
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    assert await value_of(running, trace_header=header) == header
    assert await value_of(running) is None


async def test_variables_are_the_function_s_and_nothing_of_the_host_s(python: PythonPlace) -> None:
    running = await python.run(
        "import os\ndef handler(event, context): return dict(os.environ)",
        variables={"OWN": "1", "PATH": "/mine"},
    )
    found = await value_of(running)
    assert found["OWN"] == "1"
    assert found["PATH"] == "/mine"
    assert found["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12"
    assert found["LAMBDA_TASK_ROOT"] == running.host._sandbox.task_root
    assert "_LAMBDA_TELEMETRY_LOG_FD" not in found
    assert not {"HOME", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"} & set(found)
    if isolated(running):
        assert found["LAMBDA_RUNTIME_DIR"] == "/var/runtime"
        assert found["PYTHONPATH"] == "/var/runtime"


async def test_modules_are_found_in_aws_s_order(python: PythonPlace) -> None:
    running = await python.run(
        "import sys\ndef handler(event, context): return sys.path",
    )
    path = await value_of(running)
    task = running.host._sandbox.task_root
    opt = running.host._sandbox.opt_root
    assert path[:3] == [task, f"{opt}/python/lib/python3.12/site-packages", f"{opt}/python"]
    assert path[-1].endswith("/var/runtime" if isolated(running) else "/libraries")
    assert all("site-packages" not in entry for entry in path[3:])


async def test_only_the_runtime_s_own_libraries_can_be_imported(python: PythonPlace) -> None:
    running = await python.run(
        """
        import importlib, sys
        def handler(event, context):
            before = sorted(name for name in sys.modules if "lambent" in name)
            found = {}
            for name in event:
                try:
                    importlib.import_module(name)
                    found[name] = True
                except ImportError:
                    found[name] = False
            return [before, found]
        """
    )
    present = ["boto3", "botocore", "urllib3", "dateutil", "jmespath", "s3transfer", "six"]
    present += ["awslambdaric", "simplejson", "sqlite3", "ssl"]
    absent = ["lambent", "pytest", "uvloop", "httptools", "click", "rich", "enter", "fork_server"]
    before, found = await value_of(running, json.dumps(present + absent).encode())
    assert found == {**dict.fromkeys(present, True), **dict.fromkeys(absent, False)}
    assert before == []


async def test_boto3_works_without_a_network(python: PythonPlace) -> None:
    running = await python.run(
        "import boto3\ndef handler(event, context):\n"
        "    return boto3.client('s3').meta.endpoint_url\n",
        variables={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
    )
    assert await value_of(running) == "http://127.0.0.1:1"


async def test_a_library_in_the_package_wins_over_the_runtime_s(python: PythonPlace) -> None:
    running = await python.run(
        {
            "h.py": "import boto3\ndef handler(event, context): return boto3.__version__",
            "boto3/__init__.py": "__version__ = 'mine'",
        }
    )
    assert await value_of(running) == "mine"


async def test_a_library_in_a_layer_wins_over_the_runtime_s(python: PythonPlace) -> None:
    running = await python.run(
        "import jmespath, extra\ndef handler(event, context): return [jmespath.me, extra.me]",
        layer={
            "python/jmespath.py": "me = 'layer'",
            "python/lib/python3.12/site-packages/extra.py": "me = 'versioned'",
        },
    )
    assert await value_of(running) == ["layer", "versioned"]


async def test_a_handler_may_stand_in_a_folder(python: PythonPlace) -> None:
    files = {"in/side/h.py": "def handler(event, context): return __name__"}
    for handler in ("in/side/h.handler", "in.side.h.handler"):
        running = await python.run(files, handler=handler)
        assert await value_of(running) == "in.side.h"


async def test_output_comes_in_order_and_before_the_answer(python: PythonPlace) -> None:
    running = await python.run(
        """
        import logging, os, sys
        print("at import")
        def handler(event, context):
            print("one")
            logging.getLogger().warning("two")
            sys.stderr.write("three")
            logging.getLogger().warning("four")
            sys.stdout.write("five without an end")
            os.system("echo six")
        """
    )
    assert running.output.text == "at import\n"
    running.output.lines.clear()
    await running.invoke()
    text = running.output.text
    assert text.replace("six\n", "").startswith("one\n[WARNING]\t")
    order = [text.index(word) for word in ("one", "two", "three", "four", "five without an end")]
    assert order == sorted(order)
    assert "six\n" in text
    assert f"\t{REQUEST_ID}\ttwo\n" in text


async def test_a_log_record_of_many_lines_is_one_frame(python: PythonPlace) -> None:
    running = await python.run(
        "import logging\ndef handler(event, context):\n    logging.error('a\\nb\\nc')\n"
    )
    await running.invoke()
    ((frame_type, message),) = running.output.frames
    assert message.endswith(b"a\nb\nc\n")
    assert frame_type == 0xA55A0003


async def test_json_logging_frames_carry_levels(python: PythonPlace) -> None:
    running = await python.run(
        """
        import logging
        log = logging.getLogger("mine")
        def handler(event, context):
            log.debug("d"); log.info("i", extra={"k": 1}); log.error("e")
            raise KeyError("gone")
        """,
        variables={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"},
    )
    await running.invoke()
    records = [(kind, json.loads(message)) for kind, message in running.output.frames]
    assert [(hex(kind), record["level"]) for kind, record in records] == [
        ("0xa55a000e", "INFO"),
        ("0xa55a0016", "ERROR"),
        ("0xa55a0016", "ERROR"),
    ]
    assert records[0][1]["message"] == "i"
    assert records[0][1]["k"] == 1
    assert records[0][1]["requestId"] == REQUEST_ID
    assert records[2][1]["errorType"] == "KeyError"
    assert logging.getLevelName(logging.INFO) == "INFO"


@pytest.mark.parametrize("how", ["print('x' * event)", "[w('x') for _ in range(event)]"])
async def test_a_megabyte_line_arrives_whole(python: PythonPlace, how: str) -> None:
    running = await python.run(
        f"import sys\nw = sys.stdout.write\ndef handler(event, context):\n    {how}\n"
    )
    await running.invoke(b"1000000")
    assert running.output.text.strip() == "x" * 1_000_000


async def test_a_megabyte_of_a_child_s_output_arrives_whole(python: PythonPlace) -> None:
    running = await python.run(
        "import os\ndef handler(event, context):\n    os.system('head -c 1000000 /dev/zero')\n"
    )
    await running.invoke()
    assert len(running.output.text) == 1_000_000


async def test_output_that_is_not_text_does_no_harm(python: PythonPlace) -> None:
    running = await python.run(
        "import os, sys\ndef handler(event, context):\n"
        "    os.write(1, b'\\xff\\x00'); print('\\ud800'); sys.stdout.buffer.write(b'\\xfe')\n"
    )
    assert await value_of(running) is None
    assert b"\xff\x00" in b"".join(running.output.lines)


async def test_threads_and_multiple_writers_do_not_mix_frames(python: PythonPlace) -> None:
    running = await python.run(
        """
        import threading
        def work(n):
            for _ in range(200): print(str(n) * 50)
        def handler(event, context):
            threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
            [t.start() for t in threads]; [t.join() for t in threads]
        """
    )
    await running.invoke()
    lines = running.output.text.split("\n")
    assert sorted(lines) == sorted([str(n) * 50 for n in range(5)] * 200 + [""])


async def test_background_threads_stand_still_while_frozen(python: PythonPlace) -> None:
    running = await python.run(
        """
        import threading
        count = 0
        def work():
            global count
            while True: count += 1
        threading.Thread(target=work, daemon=True).start()
        def handler(event, context): return count
        """
    )
    process = running.host._sandbox
    assert process is not None
    await value_of(running)
    running.host.freeze()
    cpu = await _settled_cpu(running)
    for _ in range(20):
        assert _cpu_ticks(running) == cpu
    running.host.thaw()
    first = await value_of(running)
    assert await value_of(running) >= first


def _cpu_ticks(running: Running) -> str:
    from pathlib import Path

    assert running.process._process is not None
    stat = Path(f"/proc/{running.process._process.pid}/stat").read_text()
    return " ".join(stat.rpartition(")")[2].split()[11:13])


async def _settled_cpu(running: Running) -> str:
    """The CPU time used, once it is the same after a while of this process's own work."""
    import asyncio
    import time

    def burn() -> None:
        until = time.process_time() + 0.05
        while time.process_time() < until:
            pass

    while True:
        before = _cpu_ticks(running)
        await asyncio.to_thread(burn)
        if _cpu_ticks(running) == before:
            return before


@pytest.mark.parametrize("version", [8, 9, 10, 11, 12, 13])
async def test_every_interpreter_on_this_host_runs_functions(
    python: PythonPlace, version: int
) -> None:
    if version not in python.family.interpreters():
        pytest.skip(f"no python3.{version} on this host")
    running = await python.run(
        """
        import sys, logging
        def handler(event, context):
            logging.warning("logged"); print("printed")
            return list(sys.version_info[:2])
        """,
        runtime=f"python3.{version}",
    )
    assert await value_of(running) == [3, version]
    assert "logged" in running.output.text
    assert "printed\n" in running.output.text
