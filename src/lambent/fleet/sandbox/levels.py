"""Which isolation this host allows, and the fork servers that give it."""

import contextlib
import ctypes
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from lambent.core.clock import Clock
from lambent.fleet.sandbox.api import SandboxLevel
from lambent.fleet.sandbox.cgroups import find_controllers
from lambent.fleet.sandbox.fork_client import ForkServer, ForkServerPlan
from lambent.fleet.sandbox.namespaces import NamespaceHost
from lambent.fleet.sandbox.processes import ProcessHost

LevelChoice = Literal["auto", "namespace", "process"]


class SandboxUnavailable(Exception):
    """The isolation asked for cannot be had here; the message says why."""


def why_no_namespaces() -> str | None:
    """What stands in the way of the `namespace` level, or None when nothing does."""
    if not sys.platform.startswith("linux"):
        return "it needs Linux"
    if os.geteuid() != 0:
        return "it needs root, to make namespaces and control groups"
    if find_controllers().memory is None:
        return "no memory controller can be written under /sys/fs/cgroup"
    return _why_no_unshare()


def _why_no_unshare() -> str | None:
    # Asked of a child: what it leaves, it leaves alone.
    pid = os.fork()
    if pid == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        os._exit(0 if libc.unshare(0x00020000 | 0x20000000) == 0 else 1)
    _, status = os.waitpid(pid, 0)
    return "the kernel refuses new namespaces" if os.waitstatus_to_exitcode(status) else None


class Sandboxes:
    """The platform's isolation: one level, and the fork servers behind it. Owns them.

    `clock` is the machine's: programs run in real time, whatever the platform's clock says.

    `warning` says what the level does not give, when it is not the full one.
    """

    def __init__(self, choice: LevelChoice, run_dir: Path, clock: Clock) -> None:
        obstacle = why_no_namespaces() if choice != "process" else None
        if choice == "namespace" and obstacle is not None:
            raise SandboxUnavailable(f"the namespace sandbox cannot be had: {obstacle}")
        self.warning: str | None = None
        self._host: NamespaceHost | ProcessHost
        if choice == "process" or obstacle is not None:
            self._host = ProcessHost(run_dir, clock)
            reason = obstacle or "it was chosen"
            self.warning = (
                f"functions run as plain processes ({reason}): they can read your files, and "
                "their memory is not limited"
            )
        else:
            self._host = NamespaceHost(run_dir, clock)
        self.name = self._host.name
        self._run_dir = run_dir
        self._servers: list[ForkServer] = []
        self._host.sweep()

    async def level(
        self,
        *,
        mounts: Mapping[str, Path],
        interpreter: Path | None = None,
        path: tuple[Path, ...] = (),
        preload: tuple[str, ...] = (),
        entry: Path | None = None,
        bytecode: Path | None = None,
    ) -> SandboxLevel:
        """A level with a fork server of its own; without an interpreter, one that only execs."""
        self._run_dir.mkdir(parents=True, exist_ok=True)
        server = ForkServer(
            ForkServerPlan(
                interpreter=interpreter or Path(sys.executable),
                root=self._run_dir / f"root-{len(self._servers)}",
                isolated=self._host.isolated,
                mounts=mounts,
                path=path,
                preload=preload,
                entry=entry,
                bytecode=bytecode,
            )
        )
        self._servers.append(server)
        await server.start()
        return self._host.level(server)

    async def exec_level(self, mounts: Mapping[str, Path]) -> SandboxLevel:
        """A level whose programs are executed files."""
        return await self.level(mounts=mounts)

    async def close(self) -> None:
        """End every fork server, and with them everything that runs."""
        for server in self._servers:
            await server.close()
        self._servers.clear()
        self._host.close()
        with contextlib.suppress(OSError):
            self._host.sweep()
