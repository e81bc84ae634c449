"""What every sandbox level promises, with real processes; and what only namespaces can."""

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from lambent.core.clock import RealClock
from lambent.fleet.sandbox.api import Exit, Program, Sandbox, SandboxLevel, SandboxPlan
from lambent.fleet.sandbox.levels import Sandboxes, SandboxUnavailable, why_no_namespaces

MIB = 1 << 20
PATH = os.environ["PATH"]
PYTHON = sys.executable

needs_namespaces = pytest.mark.skipif(
    why_no_namespaces() is not None, reason=why_no_namespaces() or ""
)
_BOTH = [pytest.param("namespace", marks=needs_namespaces), "process"]
_NAMESPACE = [pytest.param("namespace", marks=needs_namespaces)]
isolated = pytest.mark.parametrize("level_name", _NAMESPACE)


@dataclass
class Place:
    """A level, and programs in its sandboxes."""

    level: SandboxLevel
    plan: SandboxPlan
    sandboxes: dict[str, Sandbox] = field(default_factory=dict)

    async def sandbox(self, name: str = "one", **plan: int) -> Sandbox:
        made = await self.level.create(replace(self.plan, id=name, **plan))
        self.sandboxes[name] = made
        return made

    async def run(self, sandbox: Sandbox, script: str, **variables: str) -> tuple[Exit, str]:
        """Run a shell script to its end; how it ended, and what it wrote."""
        reading, writing = os.pipe()
        try:
            process = await sandbox.start(shell(sandbox, script, writing, **variables))
            os.close(writing)
            writing = -1
            ended = await process.exited()
            return ended, await output_of(reading)
        finally:
            os.close(reading)
            if writing >= 0:
                os.close(writing)


def shell(sandbox: Sandbox, script: str, output: int, **variables: str) -> Program:
    environment = {"PATH": PATH, "TMP": sandbox.tmp_root, **variables}
    return Program(
        argv=("/bin/bash", "-c", textwrap.dedent(script)),
        variables=environment,
        cwd=sandbox.task_root,
        descriptors={1: output, 2: output},
    )


async def readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


async def output_of(descriptor: int) -> str:
    """Everything until the pipe's last writer is gone: a process left behind would hold it open."""
    pieces = []
    while True:
        await readable(descriptor)
        data = os.read(descriptor, 65536)
        if not data:
            return b"".join(pieces).decode()
        pieces.append(data)


async def line_of(descriptor: int) -> str:
    line = b""
    while not line.endswith(b"\n"):
        await readable(descriptor)
        line += os.read(descriptor, 1)
    return line.decode().strip()


def waiting_bytes(descriptor: int) -> int:
    """How much can be read without waiting; it is read."""
    size = 0
    while select.select([descriptor], [], [], 0)[0]:
        data = os.read(descriptor, 65536)
        if not data:
            break
        size += len(data)
    return size


@pytest.fixture(params=_BOTH)
def level_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    # pytest's own directories are private to the user; a function's code is not.
    task = tmp_path / "task"
    task.mkdir(mode=0o755)
    (task / "code.txt").write_text("the code")
    return tmp_path


@pytest.fixture
async def place(level_name: str, folder: Path) -> AsyncIterator[Place]:
    sandboxes = Sandboxes(level_name, folder / "run", RealClock())  # type: ignore[arg-type]
    level = await sandboxes.exec_level({})
    made = Place(level, SandboxPlan(id="", task_dir=folder / "task"))
    async with asyncio.timeout(60):
        yield made
        for sandbox in made.sandboxes.values():
            await sandbox.destroy()
        await sandboxes.close()


# What both levels promise


async def test_a_program_runs_in_the_code_folder_with_its_variables_only(place: Place) -> None:
    one = await place.sandbox()
    ended, text = await place.run(one, "cat code.txt; echo; pwd; env | sort", GREETING="hello")
    assert ended == Exit(code=0)
    lines = text.splitlines()
    assert lines[:2] == ["the code", one.task_root]
    assert "GREETING=hello" in lines
    assert not [line for line in lines if line.startswith(("LAMBENT_", "PYTEST"))] or (
        place.level.name == "process"
    )


@pytest.mark.parametrize("code", [0, 1, 3, 255])
async def test_an_exit_code_is_told(place: Place, code: int) -> None:
    ended, _ = await place.run(await place.sandbox(), f"exit {code}")
    assert ended == Exit(code=code)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGTERM])
async def test_a_death_by_signal_is_told(place: Place, number: signal.Signals) -> None:
    ended, _ = await place.run(await place.sandbox(), f"kill -{int(number)} $$")
    assert ended == Exit(signal=number)


async def test_a_program_that_does_not_exist_exits_with_127(place: Place) -> None:
    one = await place.sandbox()
    process = await one.start(Program(argv=("/nowhere",), variables={}, cwd=one.task_root))
    assert await process.exited() == Exit(code=127)


async def test_only_the_named_descriptors_are_open(place: Place) -> None:
    _, text = await place.run(
        await place.sandbox(),
        "for n in {0..200}; do [ -e /proc/$$/fd/$n ] && echo $n; done; head -c1 <&0 | wc -c",
    )
    assert text.split() == ["0", "1", "2", "0"]


async def test_a_broken_pipe_ends_a_program_silently(place: Place) -> None:
    # Python ignores the signal, and what it starts must not.
    _, text = await place.run(await place.sandbox(), "yes | head -n 1")
    assert text == "y\n"


async def test_files_in_tmp_survive_a_restart_and_go_with_the_sandbox(place: Place) -> None:
    one = await place.sandbox()
    await place.run(one, "echo kept > $TMP/file; kill -9 $$")
    assert (await place.run(one, "cat $TMP/file"))[1] == "kept\n"
    await one.destroy()
    again = await place.sandbox()
    assert (await place.run(again, "ls $TMP"))[1] == ""


async def test_sandboxes_do_not_share_tmp(place: Place) -> None:
    one, two = await place.sandbox("one"), await place.sandbox("two")
    await place.run(one, "echo secret > $TMP/file")
    assert (await place.run(two, "ls $TMP"))[1] == ""


async def test_killing_ends_a_program_that_ignores_every_signal(place: Place) -> None:
    one = await place.sandbox()
    reading, writing = os.pipe()
    script = (
        "trap '' TERM INT HUP; (trap '' TERM; while :; do :; done) & echo up; while :; do :; done"
    )
    process = await one.start(shell(one, script, writing))
    os.close(writing)
    assert await line_of(reading) == "up"
    assert await process.kill() == Exit(signal=signal.SIGKILL)
    assert await process.kill() == Exit(signal=signal.SIGKILL)
    assert await output_of(reading) == ""
    process.signal(signal.SIGTERM)
    os.close(reading)


async def test_a_signal_reaches_the_program(place: Place) -> None:
    one = await place.sandbox()
    reading, writing = os.pipe()
    script = "trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done"
    process = await one.start(shell(one, script, writing))
    os.close(writing)
    assert await line_of(reading) == "up"
    process.signal(signal.SIGTERM)
    assert await process.exited() == Exit(code=7)
    os.close(reading)


@pytest.mark.parametrize("child", ["sleep 1000 &", "setsid sleep 1000 &", "(sleep 1000 & ) &"])
async def test_a_child_left_behind_ends_with_its_program(place: Place, child: str) -> None:
    # The pipe's end is seen only when the child, which holds it, is gone too.
    ended, text = await place.run(await place.sandbox(), f"{child} echo done")
    assert (ended, text) == (Exit(code=0), "done\n")


async def test_frozen_programs_make_no_progress_until_thawed(place: Place) -> None:
    one = await place.sandbox()
    reading, writing = os.pipe()
    process = await one.start(shell(one, "yes & exec yes", writing))
    os.close(writing)
    await readable(reading)
    one.freeze()
    one.freeze()
    await asyncio.to_thread(_until_still, reading)
    assert not select.select([reading], [], [], 0.1)[0]
    one.thaw()
    one.thaw()
    await readable(reading)
    await process.kill()
    os.close(reading)


def _until_still(descriptor: int) -> None:
    # A freeze takes hold within a tick of the kernel's; what was written until then is read.
    while select.select([descriptor], [], [], 0.05)[0]:
        waiting_bytes(descriptor)


async def test_a_frozen_program_can_be_killed(place: Place) -> None:
    one = await place.sandbox()
    reading, writing = os.pipe()
    process = await one.start(shell(one, "sleep 1000 & echo up; wait", writing))
    os.close(writing)
    await line_of(reading)
    one.freeze()
    assert (await process.kill()).signal == signal.SIGKILL
    assert await output_of(reading) == ""
    os.close(reading)


async def test_destroying_ends_what_runs_and_may_be_repeated(place: Place) -> None:
    one = await place.sandbox()
    reading, writing = os.pipe()
    process = await one.start(shell(one, "sleep 1000 & echo up; wait", writing))
    os.close(writing)
    await line_of(reading)
    one.freeze()
    await one.destroy()
    await one.destroy()
    assert (await process.exited()).signal == signal.SIGKILL
    assert await output_of(reading) == ""
    os.close(reading)


async def test_memory_peak_covers_what_a_program_touched(place: Place) -> None:
    one = await place.sandbox(memory_mb=512)
    reading, writing = os.pipe()
    script = """exec perl -e '$b = "x" x (100 << 20); $| = 1; print length $b, "\\n"; sleep 1000'"""
    process = await one.start(shell(one, script, writing))
    os.close(writing)
    assert await line_of(reading) == str(100 * MIB)
    assert 100 * MIB <= one.memory_peak_bytes() <= 300 * MIB
    await process.kill()
    os.close(reading)


async def test_many_sandboxes_start_at_once(place: Place) -> None:
    async def one(number: int) -> str:
        sandbox = await place.sandbox(f"many-{number}")
        return (await place.run(sandbox, f"echo {number} > $TMP/n; cat $TMP/n"))[1].strip()

    answers = await asyncio.gather(*(one(number) for number in range(30)))
    assert answers == [str(number) for number in range(30)]


async def test_a_program_of_a_dead_fork_server_is_told_as_killed(place: Place) -> None:
    one = await place.sandbox()
    reading, writing = os.pipe()
    process = await one.start(shell(one, "echo up; sleep 1000", writing))
    os.close(writing)
    await line_of(reading)
    parent = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[1]
    os.kill(int(parent), signal.SIGKILL)
    assert (await process.exited()).signal == signal.SIGKILL
    os.close(reading)


# What only the namespace level promises


@isolated
async def test_nothing_of_the_host_is_seen_or_written(place: Place, folder: Path) -> None:
    one = await place.sandbox()
    _, text = await place.run(
        one,
        f"""
        ls -d {folder} /root /home/* /var/lib /sys/* 2>/dev/null
        ls -A /.host
        for place in / /usr /etc /var /var/task /dev /proc/sys/kernel; do
            touch $place/x 2>/dev/null && echo "wrote $place"
        done
        grep -v sbx_user /etc/passwd | wc -l
        ls /etc/shadow 2>/dev/null
        true
        """,
    )
    assert text == "1\n"


@isolated
async def test_a_program_is_an_ordinary_user_without_rights(place: Place) -> None:
    one, two = await place.sandbox("one"), await place.sandbox("two")
    _, text = await place.run(
        one,
        """
        id -u; id -G
        grep -E 'Cap(Prm|Eff|Bnd|Inh|Amb)' /proc/self/status | cut -f2 | sort -u
        grep NoNewPrivs /proc/self/status | cut -f2
        mount -t tmpfs none /tmp 2>/dev/null && echo mounted
        unshare -m true 2>/dev/null && echo unshared
        mknod /tmp/disk b 8 0 2>/dev/null && echo node
        chroot / true 2>/dev/null && echo chroot
        true
        """,
    )
    assert text.split() == [str(one.uid), str(one.uid), "0" * 16, "1"]
    assert one.uid != two.uid


@isolated
async def test_only_its_own_processes_are_seen_and_init_cannot_be_harmed(place: Place) -> None:
    one = await place.sandbox()
    other = await place.sandbox("other")
    reading, writing = os.pipe()
    hidden = await other.start(shell(other, "echo up; exec sleep 1000", writing))
    os.close(writing)
    await line_of(reading)
    ended, text = await place.run(
        one,
        f"""
        cat /proc/[0-9]*/comm
        kill -9 1 2>/dev/null && echo harmed
        kill -9 {hidden.pid} 2>/dev/null && echo harmed
        cat /proc/1/environ 2>/dev/null; ls /proc/1/root 2>/dev/null
        echo end
        """,
    )
    assert ended == Exit(code=0)
    assert set(text.split()) <= {"init", "bash", "cat", "end"}
    assert text.split().count("init") == 1
    assert text.endswith("end\n")
    await hidden.kill()
    os.close(reading)


@isolated
async def test_a_program_behaves_as_any_process_does_under_signals(place: Place) -> None:
    # The first process of a pid namespace is deaf to its own signals; a function must not be it.
    ended, text = await place.run(await place.sandbox(), "echo $$; kill -TERM $$; echo deaf")
    assert (ended, text.strip() != "1") == (Exit(signal=signal.SIGTERM), True)
    assert "deaf" not in text


@isolated
async def test_memory_over_the_limit_is_out_of_memory(place: Place) -> None:
    one = await place.sandbox(memory_mb=128)
    ended, _ = await place.run(one, """exec perl -e '$b = "x" x (1 << 30); sleep 1000'""")
    assert ended == Exit(signal=signal.SIGKILL, out_of_memory=True)
    assert one.memory_peak_bytes() >= 100 * MIB
    assert (await place.run(one, "echo again"))[1] == "again\n"


@isolated
async def test_memory_a_little_over_the_limit_is_out_of_memory(place: Place) -> None:
    one = await place.sandbox(memory_mb=128)
    ended, _ = await place.run(one, """exec perl -e '$b = "x" x (150 << 20); sleep 1000'""")
    assert ended == Exit(signal=signal.SIGKILL, out_of_memory=True)
    assert (await place.run(one, "kill -9 $$"))[0] == Exit(signal=signal.SIGKILL)


@isolated
async def test_a_full_tmp_says_so_and_does_not_count_as_memory(place: Place) -> None:
    one = await place.sandbox(memory_mb=128, tmp_mb=300)
    ended, text = await place.run(
        one, "dd if=/dev/zero of=/tmp/f bs=1M count=400 2>&1; stat -c %s /tmp/f"
    )
    assert ended == Exit(code=0)
    assert "No space left on device" in text
    assert int(text.split()[-1]) >= 298 * MIB
    assert one.memory_peak_bytes() < 128 * MIB
    # The program's own memory is limited beside it all the same.
    ended, _ = await place.run(one, """exec perl -e '$b = "x" x (200 << 20); sleep 1000'""")
    assert ended.out_of_memory


@isolated
async def test_a_fork_bomb_stops_at_the_limit_and_dies_whole(place: Place) -> None:
    one, two = await place.sandbox("one"), await place.sandbox("two")
    reading, writing = os.pipe()
    bomb = "bomb() { bomb | bomb & }; bomb 2>/dev/null; echo lit; sleep 1000"
    process = await one.start(shell(one, bomb, writing))
    os.close(writing)
    assert await line_of(reading) == "lit"
    assert (await place.run(two, "echo fine"))[1] == "fine\n"
    await process.kill()
    await output_of(reading)
    os.close(reading)
    assert (await place.run(one, "echo again"))[1] == "again\n"


@isolated
async def test_cpu_share_is_held(place: Place) -> None:
    one = await place.level.create(replace(place.plan, id="slow", cpus=0.2))
    place.sandboxes["slow"] = one
    _, text = await place.run(
        one,
        """exec perl -e 'use Time::HiRes "time"; $t = time; 1 while time - $t < 1;
        printf "%d", 100 * (times)[0] + 100 * (times)[1]'""",
    )
    assert int(text) < 45


@isolated
async def test_nothing_is_left_once_a_sandbox_is_destroyed(place: Place) -> None:
    one = await place.sandbox("gone")
    await place.run(one, "setsid sleep 1000 & echo hi > /tmp/x")
    groups = groups_of(one)
    assert groups
    assert all(group.exists() for group in groups)
    await one.destroy()
    assert not any(group.exists() for group in groups)


def groups_of(sandbox: Any) -> list[Path]:
    """The control groups of a sandbox at the namespace level."""
    return [Path(procs).parent for procs in sandbox._group.procs()]


# The platform's death, and the next start

_PLATFORM = """
import asyncio, os, sys
from pathlib import Path
from lambent.core.clock import RealClock
from lambent.fleet.sandbox.api import Program, SandboxPlan
from lambent.fleet.sandbox.levels import Sandboxes

async def main():
    folder = Path(sys.argv[2])
    level = await Sandboxes(sys.argv[1], folder / "run", RealClock()).exec_level({})
    for name in ("dead-one", "dead-two"):
        sandbox = await level.create(SandboxPlan(id=name, task_dir=folder / "task"))
        script = "setsid sleep 1000 & sleep 1000 & echo up; wait"
        await sandbox.start(Program(
            argv=("/bin/bash", "-c", script), variables={"PATH": os.environ["PATH"]},
            cwd=sandbox.task_root, descriptors={1: 1}))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    if "frozen" in sys.argv:
        sandbox.freeze()
    os.write(1, b"ready\\n")
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("state", ["running", "frozen"])
async def test_a_killed_platform_leaves_no_process(
    level_name: str, folder: Path, state: str
) -> None:
    reading, writing = os.pipe()
    platform = subprocess.Popen(
        [PYTHON, "-c", _PLATFORM, level_name, str(folder), state],
        stdin=subprocess.PIPE,
        stdout=writing,
    )
    os.close(writing)
    assert platform.stdin is not None
    try:
        async with asyncio.timeout(30):
            assert [await line_of(reading) for _ in range(2)] == ["up", "up"]
            platform.stdin.write(b"\n")
            platform.stdin.close()
            assert await line_of(reading) == "ready"
            platform.kill()
            # Every process of either environment holds the pipe: its end says that none is left.
            await output_of(reading)
    finally:
        platform.kill()
        platform.wait()
        os.close(reading)


@needs_namespaces
async def test_leftovers_of_an_earlier_run_are_swept_but_no_other_platform_s(folder: Path) -> None:
    sandboxes = Sandboxes("namespace", folder / "run", RealClock())
    level = await sandboxes.exec_level({})
    groups = groups_of(await level.create(SandboxPlan(id="leftover", task_dir=folder / "task")))
    Sandboxes("namespace", folder / "other", RealClock())
    assert all(group.exists() for group in groups)
    Sandboxes("namespace", folder / "run", RealClock())
    assert not any(group.exists() for group in groups)
    with contextlib.suppress(OSError):
        await sandboxes.close()


def test_a_level_that_cannot_be_had_is_refused_with_its_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SandboxUnavailable, match="it needs root"):
        Sandboxes("namespace", folder / "run", RealClock())
    weaker = Sandboxes("auto", folder / "run", RealClock())
    assert weaker.name == "process"
    assert weaker.warning is not None
    assert "it needs root" in weaker.warning
