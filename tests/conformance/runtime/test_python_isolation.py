"""Python functions against each other and the host: memory, /tmp, processes, files, rights."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from python_place import PythonPlace, Running, start

from lambent.fleet.runtimes.api import Response
from lambent.fleet.sandbox.api import Exit

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _only_namespaces(level_name: str) -> None:
    if level_name != "namespace":
        pytest.skip("the process level does not promise it, and says so at start")


async def value_of(running: Running, payload: bytes = b"{}") -> Any:
    answer = await running.invoke(payload)
    assert isinstance(answer, Response), answer
    return json.loads(answer.payload)


async def test_memory_over_the_limit_ends_the_process(python: PythonPlace) -> None:
    running = await python.run(
        """
        import time
        def handler(event, context):
            kept = bytearray(event << 20)
            if event > 100: time.sleep(60)
            return len(kept)
        """,
        memory_mb=128,
    )
    assert await value_of(running, b"30") == 30 * MIB
    over = await running.invoke(b"110")
    assert over == Exit(signal=signal.SIGKILL, out_of_memory=True)
    again = await start(running.host)
    assert await value_of(again, b"30") == 30 * MIB
    assert await again.invoke(b"5000") == Exit(signal=signal.SIGKILL, out_of_memory=True)


async def test_memory_of_children_counts(python: PythonPlace) -> None:
    running = await python.run(
        """
        import subprocess
        def handler(event, context):
            script = '$b = "x" x (200 << 20); sleep 60'
            return subprocess.run(["perl", "-e", script]).returncode
        """,
        memory_mb=128,
    )
    answer = await running.invoke()
    # Whether only the child is taken or all: the kernel and the watch differ in that, and both
    # are seen on AWS.
    assert answer in (
        Exit(signal=signal.SIGKILL, out_of_memory=True),
        Response(payload=b"-9"),
    )


async def test_the_peak_is_the_program_s_with_what_it_shares(python: PythonPlace) -> None:
    running = await python.run(
        "def handler(event, context): return len(bytearray(event << 20))", memory_mb=512
    )
    await value_of(running, b"1")
    small = running.host.memory_peak_bytes()
    # A Python runtime with the SDK loaded: 30 to 60 MB, as REPORT lines on AWS show.
    assert 25 * MIB < small < 70 * MIB
    await value_of(running, b"100")
    assert 95 * MIB < running.host.memory_peak_bytes() - small < 110 * MIB


async def test_a_full_tmp_is_an_error_the_function_can_catch(python: PythonPlace) -> None:
    running = await python.run(
        """
        def handler(event, context):
            try:
                with open("/tmp/big", "wb") as file:
                    while True: file.write(bytes(1 << 20))
            except OSError as error:
                return [error.strerror, __import__("os").path.getsize("/tmp/big") >> 20]
        """,
        memory_mb=128,
        tmp_mb=512,
    )
    reason, size = await value_of(running)
    assert reason == "No space left on device"
    assert 510 <= size <= 512
    assert running.host.memory_peak_bytes() < 128 * MIB


async def test_a_fork_bomb_harms_only_itself(python: PythonPlace) -> None:
    neighbour = await python.run("def handler(event, context): return event")
    bomb = await python.run(
        """
        import os, time
        def handler(event, context):
            print("lit", flush=True)
            while True:
                try:
                    os.fork()
                except OSError:
                    time.sleep(0.01)
        """
    )
    asked = asyncio.ensure_future(bomb.invoke())
    while "lit" not in bomb.output.text:
        await asyncio.sleep(0)
    assert await value_of(neighbour, b"1") == 1
    assert (await bomb.process.stop(0)).signal == signal.SIGKILL
    assert isinstance(await asked, Exit)
    assert (await start(bomb.host)).init is None


async def test_other_functions_and_the_host_cannot_be_reached(
    python: PythonPlace, tmp_path: Path
) -> None:
    (tmp_path / "store.db").write_text("secret")
    other = await python.run(
        "import os\nopen('/tmp/mine', 'w').write('secret')\ndef handler(e, c): return os.getpid()"
    )
    assert other.process._process is not None
    pid = other.process._process.pid
    running = await python.run(
        """
        import ctypes, glob, os
        def attempt(work):
            try:
                return repr(work())
            except Exception as error:
                return type(error).__name__
        def handler(event, context):
            libc = ctypes.CDLL(None, use_errno=True)
            pid, folder = event
            return {
                "other's /tmp": attempt(lambda: open("/tmp/mine").read()),
                "other's code": attempt(lambda: os.listdir(folder)),
                "store": attempt(lambda: open(folder + "/store.db").read()),
                "kill": attempt(lambda: os.kill(pid, 9)),
                "proc": attempt(lambda: open("/proc/%d/environ" % pid).read()),
                "ptrace": libc.ptrace(16, 1, 0, 0),
                "mount": libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0),
                "unshare": libc.unshare(0x10000000 | 0x20000),
                "keys": libc.syscall({"x86_64": 250}.get(os.uname().machine, 219), 0, -3, 0),
                "setuid": attempt(lambda: os.setuid(0)) == "PermissionError",
                "groups": os.getgroups(),
                "write": attempt(lambda: open("/var/task/x", "w")),
                "write libraries": attempt(lambda: open("/var/runtime/x", "w")),
                "sys": attempt(lambda: os.listdir("/sys")),
                "pids": sorted(int(n) for n in os.listdir("/proc") if n.isdigit()),
                "init": attempt(lambda: os.listdir("/proc/1/fd")),
                "self": attempt(lambda: os.readlink("/proc/self/exe")) != "PermissionError",
                "files": sorted(int(n) for n in os.listdir("/proc/self/fd"))[:4],
                "command": b"lambent" in open("/proc/self/cmdline", "rb").read().replace(
                    b"lambent/fleet/sandbox", b""),
            }
        """
    )
    found = await value_of(running, json.dumps([pid, str(tmp_path)]).encode())
    uid = running.host._sandbox.uid
    assert found.pop("pids") == [1, 2]
    assert found == {
        "other's /tmp": "FileNotFoundError",
        "other's code": "FileNotFoundError",
        "store": "FileNotFoundError",
        "kill": "ProcessLookupError",
        "proc": "FileNotFoundError",
        "ptrace": -1,
        "mount": -1,
        "unshare": -1,
        "keys": -1,
        "setuid": True,
        "groups": [],
        "write": "OSError",
        "write libraries": "OSError",
        "sys": "FileNotFoundError",
        "init": "PermissionError",
        "self": True,
        "files": [0, 1, 2, 3],
        "command": False,
    }
    assert uid != other.host._sandbox.uid
    assert await value_of(other) == 2


async def test_another_fork_server_takes_the_place_of_one_that_died(python: PythonPlace) -> None:
    running = await python.run("def handler(event, context): return event")
    assert running.process._process is not None
    stat = Path(f"/proc/{running.process._process.pid}/stat").read_text()
    os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGKILL)
    assert await running.process.exited() == Exit(signal=signal.SIGKILL)
    again = await python.run("def handler(event, context): return event")
    assert await value_of(again, b"1") == 1
