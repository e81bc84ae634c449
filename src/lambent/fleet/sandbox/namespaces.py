"""The `namespace` level: Linux namespaces, control groups, a root of its own, an own user id."""

import asyncio
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lambent.core.clock import Clock
from lambent.fleet.sandbox.api import Exit, Program, SandboxPlan
from lambent.fleet.sandbox.cgroups import ControlGroup, Controllers, find_controllers, sweep
from lambent.fleet.sandbox.fork_client import (
    Forked,
    ForkServer,
    ForkServerEnded,
    exit_of,
)
from lambent.fleet.sandbox.memory_watch import MemoryWatch

# User ids from here on are ours. Beyond those of people, services and containers' usual maps.
_FIRST_UID = 1_600_000_000
_UIDS = 100_000
_REMOVAL_PAUSE_S = 0.005
_REMOVAL_TRIES = 200
_SPARE_AFTER_S = 0.05


class NamespaceProcess:
    """A program inside its namespaces."""

    def __init__(self, server: ForkServer, group: ControlGroup, forked: Forked) -> None:
        self.pid = forked.pid
        self._server = server
        self._group = group
        self._forked = forked
        self._kills_before = group.out_of_memory_kills()
        self._exit: Exit | None = None

    async def exited(self) -> Exit:
        status = await asyncio.shield(self._forked.ended)
        # Looked up once: later, another program may run in the group, or the group be gone.
        if self._exit is None:
            killed = self._group.out_of_memory_kills() > self._kills_before
            self._exit = exit_of(status, out_of_memory=killed)
        return self._exit

    def signal(self, number: int) -> None:
        if not self._forked.ended.done():
            self._server.signal(self.pid, number)

    async def kill(self) -> Exit:
        if not self._forked.ended.done():
            self._group.thaw()
            self._server.kill(self.pid)
        return await self.exited()


class NamespaceSandbox:
    """See `api.Sandbox`."""

    task_root = "/var/task"
    opt_root = "/opt"
    tmp_root = "/tmp"

    def __init__(
        self,
        server: ForkServer,
        plan: SandboxPlan,
        group: ControlGroup,
        uid: int,
        clock: Clock,
        watch: MemoryWatch,
        blank: Forked | None,
    ) -> None:
        self._blank = blank
        self.id = plan.id
        self.uid: int | None = uid
        self._server = server
        self._plan = plan
        self._group = group
        self._clock = clock
        self._watch = watch
        self._processes: list[NamespaceProcess] = []
        self._destroyed = False

    async def start(self, program: Program) -> NamespaceProcess:
        self._group.reset_peak()
        forked = await self._server.fork(
            program,
            sandbox=self.id,
            task_dir=str(self._plan.task_dir),
            opt_dir=str(self._plan.opt_dir) if self._plan.opt_dir else None,
            tmp_bytes=self._plan.tmp_mb << 20,
            uid=self.uid,
            groups=self._group.procs(),
            blank=self._blank,
        )
        self._blank = None
        process = NamespaceProcess(self._server, self._group, forked)
        self._processes = [process]
        self._watch.add(self._group)
        return process

    def freeze(self) -> None:
        self._group.freeze()
        self._watch.remove(self._group)

    def thaw(self) -> None:
        self._group.thaw()
        self._watch.add(self._group)

    def memory_peak_bytes(self) -> int:
        return self._group.memory_peak_bytes()

    async def destroy(self) -> None:
        if self._destroyed:
            return
        self._destroyed = True
        self._watch.remove(self._group)
        self._group.thaw()
        for process in self._processes:
            await process.kill()
        self._group.kill()
        self._server.forget(self.id)
        for _ in range(_REMOVAL_TRIES):
            if self._group.remove():
                return
            await self._clock.sleep(_REMOVAL_PAUSE_S)


@dataclass(frozen=True, slots=True)
class _Spare:
    """A control group with a process in it that waits to become a program."""

    group: ControlGroup
    blank: Forked


class NamespaceLevel:
    """Sandboxes of one fork server. Groups are named by the data directory they belong to.

    One spare is kept ready, so that the next environment need not wait for the kernel.
    """

    name = "namespace"

    def __init__(
        self,
        server: ForkServer,
        controllers: Controllers,
        names: Iterator[str],
        uids: Iterator[int],
        clock: Clock,
        watch: MemoryWatch,
    ) -> None:
        self._server = server
        self._watch = watch
        self._controllers = controllers
        self._names = names
        self._uids = uids
        self._clock = clock
        self._spare: _Spare | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._prepare()

    @property
    def alive(self) -> bool:
        return self._server.alive

    async def create(self, plan: SandboxPlan) -> NamespaceSandbox:
        spare, self._spare = self._spare, None
        group = spare.group if spare else ControlGroup(self._controllers, next(self._names))
        group.limit(
            memory_bytes=plan.memory_mb << 20,
            tmp_bytes=plan.tmp_mb << 20,
            shared_bytes=self._server.resident_bytes if self._server.plan.entry else 0,
            cpus=plan.cpus,
        )
        # Not at once: the environment that is being made has the processor first.
        self._clock.call_at(self._clock.now() + _SPARE_AFTER_S, self._prepare)
        return NamespaceSandbox(
            self._server,
            plan,
            group,
            next(self._uids),
            self._clock,
            self._watch,
            spare.blank if spare else None,
        )

    def _prepare(self) -> None:
        if self._spare is None and self._preparing is None and self._server.alive:
            self._preparing = asyncio.get_running_loop().create_task(self._make_spare())

    async def _make_spare(self) -> None:
        group = ControlGroup(self._controllers, next(self._names))
        try:
            self._spare = _Spare(group, await self._server.blank(group.procs()))
        except (ForkServerEnded, OSError):
            # The next environment is made without, and meets what is wrong itself.
            group.remove()
        finally:
            self._preparing = None


class NamespaceHost:
    """What all fork servers of a platform share at this level."""

    name = "namespace"
    isolated = True

    def __init__(self, run_dir: Path, clock: Clock) -> None:
        digest = hashlib.sha256(str(run_dir.resolve()).encode()).hexdigest()[:10]
        self._prefix = f"lambent-{digest}-"
        self._controllers = find_controllers()
        self._names = (f"{self._prefix}{number}" for number in itertools.count())
        self._uids = itertools.cycle(range(_FIRST_UID, _FIRST_UID + _UIDS))
        self._clock = clock
        self._watch = MemoryWatch(clock)

    def sweep(self) -> None:
        """End what an earlier process of this data directory left running."""
        sweep(self._controllers, self._prefix)

    def close(self) -> None:
        """Stop watching; every sandbox is gone."""
        self._watch.close()

    def level(self, server: ForkServer) -> NamespaceLevel:
        return NamespaceLevel(
            server, self._controllers, self._names, self._uids, self._clock, self._watch
        )
