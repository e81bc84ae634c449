"""Control groups: freezing, killing, and limits of memory, processes and CPU.

Works with version 2, version 1, and hosts that mount both. Paths are made by Lambent; a sandbox's
processes join by the `procs` files that the fork server is told.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")
_CPU_PERIOD_US = 100_000
# AWS: 1,024 processes and threads.
PROCESSES = 1024
# More than the kernel can have counted: stands for a kill of our own.
_MANY_KILLS = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Controllers:
    """Where each controller's groups are made on this host; None where it has none."""

    unified: Path | None
    freezer: Path | None
    memory: Path | None
    pids: Path | None
    cpu: Path | None

    def roots(self) -> set[Path]:
        every = (self.unified, self.freezer, self.memory, self.pids, self.cpu)
        return {root for root in every if root is not None}


def find_controllers() -> Controllers:
    """Look at what this host mounts, and what of it can be written."""
    unified = next(
        (
            path
            for path in (_MOUNT, _MOUNT / "unified")
            if (path / "cgroup.controllers").exists() and os.access(path, os.W_OK)
        ),
        None,
    )
    in_unified = set()
    if unified is not None:
        in_unified = set((unified / "cgroup.controllers").read_text().split())
        _delegate(unified, in_unified & {"memory", "pids", "cpu"})

    def root(name: str) -> Path | None:
        version_1 = _MOUNT / name
        if (version_1 / "cgroup.procs").exists() and version_1 != unified:
            return version_1 if os.access(version_1, os.W_OK) else None
        return unified if name in in_unified else None

    return Controllers(
        unified=unified,
        freezer=None if unified is not None else root("freezer"),
        memory=root("memory"),
        pids=root("pids"),
        cpu=root("cpu"),
    )


def _delegate(unified: Path, wanted: set[str]) -> None:
    # Refused inside a container that is not the hierarchy's root: then its limits are not ours.
    with contextlib.suppress(OSError):
        (unified / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in wanted))


class ControlGroup:
    """One sandbox's group, in every hierarchy that is needed.

    `freeze`, `thaw` and `memory_peak_bytes` are one system call each, on descriptors kept open.
    """

    def __init__(self, controllers: Controllers, name: str) -> None:
        self._paths = {root / name for root in controllers.roots()}
        self._unified = controllers.unified / name if controllers.unified else None
        self._freezer = controllers.freezer / name if controllers.freezer else None
        self._memory = controllers.memory / name if controllers.memory else None
        self._cpu = controllers.cpu / name if controllers.cpu else None
        for path in self._paths:
            path.mkdir(exist_ok=True)
        if controllers.pids is not None:
            (controllers.pids / name / "pids.max").write_text(str(PROCESSES))
        self._memory_is_v2 = controllers.memory is not None and (
            controllers.memory == controllers.unified
        )
        self._shared_bytes = self._limit_bytes = self._harmless_bytes = 0
        self._over_limit = False
        freezing = self._freezing_file()
        self._freeze_file = os.open(freezing, os.O_WRONLY) if freezing else None
        self._peak_file = self._open_peak()
        self._usage_file = self._open_usage()

    def limit(
        self, *, memory_bytes: int, tmp_bytes: int, shared_bytes: int, cpus: float | None
    ) -> None:
        """What whoever is inside may use; `shared_bytes` of the memory are the fork server's."""
        if self._cpu is not None and cpus is not None:
            _limit_cpu(self._cpu, cpus)
        self._shared_bytes = shared_bytes
        self._limit_bytes = max(memory_bytes - shared_bytes, 16 << 20)
        self._harmless_bytes = self._limit_bytes
        self._limit_memory(self._limit_bytes + tmp_bytes)

    def procs(self) -> list[str]:
        """The files through which a process joins."""
        return [str(path / "cgroup.procs") for path in sorted(self._paths)]

    def freeze(self) -> None:
        """Stop every thread inside."""
        if self._freeze_file is not None:
            os.pwrite(self._freeze_file, b"1" if self._unified else b"FROZEN", 0)

    def thaw(self) -> None:
        if self._freeze_file is not None:
            os.pwrite(self._freeze_file, b"0" if self._unified else b"THAWED", 0)

    def memory_peak_bytes(self) -> int:
        """The most memory used at once, shared pages included."""
        if self._peak_file is None:
            return self._shared_bytes
        peak = int(os.pread(self._peak_file, 32, 0))
        if peak > self._limit_bytes:
            # Only with what lies in /tmp can it have come to this. Looked up only then: telling
            # the two apart costs 50 µs, and this is asked after every invocation.
            peak = max(0, peak - self._in_tmp())
        return peak + self._shared_bytes

    def reset_peak(self) -> None:
        """Begin to measure the peak anew."""
        self._over_limit = False
        self._harmless_bytes = self._limit_bytes
        if self._peak_file is not None:
            # Version 2 knows resetting only since Linux 6.12.
            with contextlib.suppress(OSError):
                os.pwrite(self._peak_file, b"0", 0)

    def end_if_over_limit(self) -> None:
        """End what runs when its own memory, without what lies in /tmp, is over the limit.

        AWS's /tmp is a disk; ours is a tmpfs, and the kernel charges its pages to whoever writes
        them. So the kernel's limit is memory and /tmp together, and this is looked at in between.
        Almost always one read of a number: memory is told apart only once it can matter.
        """
        if self._usage_file is None or self._memory is None:
            return
        usage = int(os.pread(self._usage_file, 32, 0))
        if usage <= self._harmless_bytes:
            return
        own = _field(self._memory / "memory.stat", "anon" if self._memory_is_v2 else "rss")
        if own > self._limit_bytes:
            self._over_limit = True
            self.kill()
        else:
            # Only from here on can the program's own part have passed the limit.
            self._harmless_bytes = max(usage - own, 0) + self._limit_bytes

    def _in_tmp(self) -> int:
        return _field(self._memory / "memory.stat", "shmem") if self._memory is not None else 0

    def out_of_memory_kills(self) -> int:
        """How many processes were killed here for want of memory."""
        if self._memory is None:
            return 0
        if self._over_limit:
            return _MANY_KILLS
        name = "memory.events" if self._memory_is_v2 else "memory.oom_control"
        # The group may be gone, with the fork server: then nobody can know any more.
        with contextlib.suppress(FileNotFoundError):
            return _field(self._memory / name, "oom_kill")
        return 0

    def kill(self) -> None:
        """Kill every process inside, frozen or not."""
        _kill_all(self._unified, self._paths)

    def remove(self) -> bool:
        """Remove the group; whether it is gone. It cannot go while a process is left in it."""
        for descriptor in (self._freeze_file, self._peak_file, self._usage_file):
            if descriptor is not None:
                os.close(descriptor)
        self._freeze_file = self._peak_file = self._usage_file = None
        return _remove(self._paths)

    def _limit_memory(self, hard: int) -> None:
        if self._memory is None:
            return
        if self._memory_is_v2:
            (self._memory / "memory.max").write_text(str(hard))
            with contextlib.suppress(OSError):
                (self._memory / "memory.swap.max").write_text("0")
            return
        (self._memory / "memory.limit_in_bytes").write_text(str(hard))
        with contextlib.suppress(OSError):
            (self._memory / "memory.swappiness").write_text("0")

    def _freezing_file(self) -> Path | None:
        if self._unified is not None:
            return self._unified / "cgroup.freeze"
        return self._freezer / "freezer.state" if self._freezer is not None else None

    def _open_peak(self) -> int | None:
        if self._memory is None:
            return None
        name = "memory.peak" if self._memory_is_v2 else "memory.max_usage_in_bytes"
        try:
            return os.open(self._memory / name, os.O_RDWR)
        except PermissionError:
            return os.open(self._memory / name, os.O_RDONLY)
        except FileNotFoundError:  # memory.peak came with Linux 5.19
            return os.open(self._memory / "memory.current", os.O_RDONLY)

    def _open_usage(self) -> int | None:
        if self._memory is None:
            return None
        name = "memory.current" if self._memory_is_v2 else "memory.usage_in_bytes"
        return os.open(self._memory / name, os.O_RDONLY)


def sweep(controllers: Controllers, prefix: str) -> None:
    """End and remove the groups that an earlier process with this prefix left."""
    for root in controllers.roots():
        for path in root.glob(f"{prefix}*"):
            freezer = path / "freezer.state"
            _kill_all(path if (path / "cgroup.kill").exists() else None, {path})
            if freezer.exists():
                freezer.write_text("THAWED")
            _remove({path})


def _limit_cpu(group: Path, cpus: float) -> None:
    quota = max(int(cpus * _CPU_PERIOD_US), 1000)
    if (group / "cpu.cfs_quota_us").exists():
        (group / "cpu.cfs_period_us").write_text(str(_CPU_PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(quota))
    else:
        (group / "cpu.max").write_text(f"{quota} {_CPU_PERIOD_US}")


def _kill_all(unified: Path | None, paths: set[Path]) -> None:
    if unified is not None:
        with contextlib.suppress(OSError):
            (unified / "cgroup.kill").write_text("1")
        return
    for pid in {pid for path in paths for pid in _members(path)}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _field(file: Path, name: str) -> int:
    for line in file.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _members(path: Path) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for line in (path / "cgroup.procs").read_text().split():
            yield int(line)


def _remove(paths: set[Path]) -> bool:
    gone = True
    for path in paths:
        try:
            path.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            gone = False
    return gone
