"""The `process` level: a directory of its own and resource limits, where namespaces cannot be had.

It promises order, not safety: a program runs as Lambent's own user and can read what that user
can. What runs is ended with its session, and what left the session by a mark in its variables;
memory is measured, not limited.
"""

import asyncio
import contextlib
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

from lambent.core.clock import Clock
from lambent.fleet.sandbox.api import Exit, Program, SandboxPlan
from lambent.fleet.sandbox.fork_client import Forked, ForkServer, exit_of


class GroupProcess:
    """A program and its process group."""

    def __init__(self, server: ForkServer, forked: Forked) -> None:
        self.pid = forked.pid
        self._server = server
        self._forked = forked

    async def exited(self) -> Exit:
        return exit_of(await asyncio.shield(self._forked.ended))

    def signal(self, number: int) -> None:
        if not self._forked.ended.done():
            self._server.signal(self.pid, number)

    async def kill(self) -> Exit:
        if not self._forked.ended.done():
            self._server.kill(self.pid)
        return await self.exited()

    def signal_group(self, number: int) -> None:
        if not self._forked.ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def peak_bytes(self) -> int:
        """The largest resident size so far, from the kernel's account of the program."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return 0


class ProcessSandbox:
    """See `api.Sandbox`."""

    uid: int | None = None

    def __init__(self, server: ForkServer, plan: SandboxPlan, folder: Path) -> None:
        self.id = plan.id
        self.task_root = str(plan.task_dir)
        self.opt_root = str(plan.opt_dir) if plan.opt_dir else "/opt"
        self._folder = folder
        tmp = folder / "tmp"
        tmp.mkdir(parents=True, exist_ok=True)
        self.tmp_root = str(tmp)
        self._server = server
        self._plan = plan
        self._processes: list[GroupProcess] = []
        self._peak = 0

    async def start(self, program: Program) -> GroupProcess:
        marked = {**program.variables, "LAMBENT_SANDBOX": self.id}
        forked = await self._server.fork(
            replace(program, variables=marked),
            sandbox=self.id,
            task_dir=str(self._plan.task_dir),
            opt_dir=None,
            tmp_bytes=0,
            uid=None,
            groups=(),
        )
        self._peak = 0
        process = GroupProcess(self._server, forked)
        self._processes.append(process)
        return process

    def freeze(self) -> None:
        for process in self._processes:
            process.signal_group(signal.SIGSTOP)

    def thaw(self) -> None:
        for process in self._processes:
            process.signal_group(signal.SIGCONT)

    def memory_peak_bytes(self) -> int:
        self._peak = max([self._peak, *(process.peak_bytes() for process in self._processes)])
        return self._peak

    async def destroy(self) -> None:
        for process in self._processes:
            await process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


class ProcessLevel:
    """Sandboxes of one fork server."""

    name = "process"

    def __init__(self, server: ForkServer, run_dir: Path) -> None:
        self._server = server
        self._run_dir = run_dir

    @property
    def alive(self) -> bool:
        return self._server.alive

    async def create(self, plan: SandboxPlan) -> ProcessSandbox:
        return ProcessSandbox(self._server, plan, self._run_dir / plan.id)


class ProcessHost:
    """What all fork servers of a platform share at this level."""

    name = "process"
    isolated = False

    def __init__(self, run_dir: Path, clock: Clock) -> None:
        self._run_dir = run_dir

    def sweep(self) -> None:
        """Remove what an earlier process left; its programs ended with their fork server."""
        shutil.rmtree(self._run_dir, ignore_errors=True)

    def close(self) -> None:
        """Nothing is kept between sandboxes at this level."""

    def level(self, server: ForkServer) -> ProcessLevel:
        return ProcessLevel(server, self._run_dir)
