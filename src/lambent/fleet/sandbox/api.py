"""The sandbox seam: a place in which programs of one environment run.

Order: `create` → any number of `start`, one program at a time → `destroy`. A sandbox outlives its
programs: its /tmp, its user id and its limits are the same for a program started after a crash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a program ended: by an exit code or by a signal; `out_of_memory` if over its limit."""

    code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPlan:
    """What a sandbox shall be like.

    `mounts` are host directories or files made visible read-only at a path inside (for the level
    that has a root of its own; the other level leaves them where they are).
    `cpus` is the share of CPU in vCPUs (None: no limit).
    """

    id: str
    task_dir: Path
    opt_dir: Path | None = None
    mounts: Mapping[str, Path] = field(default_factory=dict)
    memory_mb: int = 128
    tmp_mb: int = 512
    cpus: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run. `argv` None runs the entry that the sandbox's fork server holds preloaded.

    `descriptors` maps a descriptor number inside to an open one of ours, which stays ours to close
    after `start` returns. Descriptors not named are closed, 0 is /dev/null.
    """

    argv: tuple[str, ...] | None
    variables: Mapping[str, str]
    cwd: str = "/var/task"
    descriptors: Mapping[int, int] = field(default_factory=dict)


class Process(Protocol):
    """A program under way and everything it started."""

    pid: int

    async def exited(self) -> Exit:
        """Wait for the program itself to end. May be awaited by many and after the end."""
        ...

    def signal(self, number: int) -> None:
        """Signal the program; harmless once it has ended."""
        ...

    async def kill(self) -> Exit:
        """End the program and everything it started, at once; return once none is left."""
        ...


class Sandbox(Protocol):
    """One environment's isolation. Paths inside: see `task_root` and `opt_root`."""

    id: str
    # The user id programs run as, where the level gives each sandbox its own; else None.
    uid: int | None
    # Where the function's code, its layers and /tmp are for a program inside: "/var/task", "/opt"
    # and "/tmp", or host paths at a level without a root of its own.
    task_root: str
    opt_root: str
    tmp_root: str

    async def start(self, program: Program) -> Process: ...

    def freeze(self) -> None:
        """Stop every thread of every program inside, until `thaw`. Idempotent, as `thaw` is."""
        ...

    def thaw(self) -> None: ...

    def memory_peak_bytes(self) -> int:
        """The most memory used at once since the last `start`, shared pages included."""
        ...

    async def destroy(self) -> None:
        """Kill what runs, remove /tmp and the limits. Idempotent."""
        ...


class SandboxLevel(Protocol):
    """A kind of isolation, with one fork server process behind it."""

    # "namespace" or "process".
    name: str

    @property
    def alive(self) -> bool:
        """Whether its fork server serves. One that has ended makes no more sandboxes."""
        ...

    async def create(self, plan: SandboxPlan) -> Sandbox: ...
