"""The fork server as Lambent sees it: requests, and the ends of what it made."""

import array
import asyncio
import contextlib
import itertools
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.fleet.sandbox.api import Exit, Program

_SCRIPT = Path(__file__).parent / "inside" / "fork_server.py"
_MESSAGE_LIMIT = 1 << 16


class ForkServerEnded(Exception):
    """The fork server is gone, and with it everything that it made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkServerPlan:
    """What a fork server is started with.

    `preload` are modules it imports from `path` before its first fork, `entry` a Python file whose
    `main()` runs in a forked child that has no argv; `bytecode` is where their compiled form is
    kept. `mounts` shows host paths in the shared root.
    """

    interpreter: Path
    root: Path
    isolated: bool
    mounts: Mapping[str, Path] = field(default_factory=dict)
    path: tuple[Path, ...] = ()
    preload: tuple[str, ...] = ()
    entry: Path | None = None
    bytecode: Path | None = None


@dataclass(slots=True)
class Forked:
    """A process that a fork server made."""

    pid: int
    ended: "asyncio.Future[int]"


class ForkServer:
    """One running fork server. `start` first, `close` last."""

    def __init__(self, plan: ForkServerPlan) -> None:
        self.plan = plan
        self.resident_bytes = 0
        self._tickets = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Forked]] = {}
        self._forked: dict[int, Forked] = {}
        self._control: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._ready: asyncio.Future[None] | None = None
        self._outgoing: list[tuple[bytes, Sequence[int]]] = []

    @property
    def alive(self) -> bool:
        """Whether it still serves; one that does not never will again."""
        return self._control is not None

    async def start(self) -> None:
        """Start it and wait until everything is preloaded. Raises ForkServerEnded."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        loop = asyncio.get_running_loop()
        self._ready = loop.create_future()
        self._control = ours
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                str(self.plan.interpreter),
                *("-I", "-S", "-X", "utf8", str(_SCRIPT)),
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            )
        loop.add_reader(ours.fileno(), self._readable)
        self._send(self._configuration())
        await self._ready

    async def fork(
        self,
        program: Program,
        *,
        sandbox: str,
        task_dir: str,
        opt_dir: str | None,
        tmp_bytes: int,
        uid: int | None,
        groups: Sequence[str],
        blank: Forked | None = None,
    ) -> Forked:
        """Run `program` in sandbox `sandbox`, in `blank` if it is given and has not ended.

        Raises ForkServerEnded, OSError.
        """
        message = {
            "sandbox": sandbox,
            "task_dir": task_dir,
            "opt_dir": opt_dir,
            "tmp_bytes": tmp_bytes,
            "uid": uid,
            "groups": list(groups),
            "argv": program.argv,
            "variables": dict(program.variables),
            "cwd": program.cwd,
            "numbers": list(program.descriptors),
        }
        descriptors = list(program.descriptors.values())
        if blank is not None and not blank.ended.done() and self.alive and not self._outgoing:
            self._send({"do": "adopt", "pid": blank.pid, **message}, descriptors)
            if not self._outgoing:
                return blank
            # Not sent yet, and the descriptors are the caller's to close once this returns: it is
            # taken back, and the longer way is awaited.
            self._outgoing.pop()
        return await self._asked({"do": "start", **message}, descriptors)

    async def blank(self, groups: Sequence[str]) -> Forked:
        """A process in its control groups, made ahead of time, that waits to become a program."""
        return await self._asked({"do": "blank", "groups": list(groups), "sandbox": ""})

    async def _asked(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> Forked:
        ticket = next(self._tickets)
        started: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = started
        self._send({**message, "ticket": ticket}, descriptors)
        return await started

    def kill(self, pid: int) -> None:
        self._send({"do": "kill", "pid": pid})

    def signal(self, pid: int, number: int) -> None:
        self._send({"do": "signal", "pid": pid, "number": number})

    def forget(self, sandbox: str) -> None:
        """Give up a sandbox's /tmp."""
        self._send({"do": "forget", "sandbox": sandbox})

    async def close(self) -> None:
        """End it and everything that it made. Idempotent."""
        self._hang_up()
        if self._process is not None:
            await self._process.wait()
            self._process = None

    def _configuration(self) -> dict[str, Any]:
        plan = self.plan
        return {
            "root": str(plan.root),
            "isolated": plan.isolated,
            "mounts": {inside: str(host) for inside, host in plan.mounts.items()},
            "path": [str(path) for path in plan.path],
            "preload": list(plan.preload),
            "entry": str(plan.entry) if plan.entry else None,
            "bytecode": str(plan.bytecode) if plan.bytecode else None,
        }

    def _send(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        if self._control is None:
            if (waiting := self._waiting.pop(message.get("ticket", 0), None)) is not None:
                waiting.set_exception(ForkServerEnded("the fork server has ended"))
            return
        # Sent in order and, if the socket is full, as soon as it is not: a descriptor that is
        # handed over may be closed by its owner only once `fork` has returned.
        self._outgoing.append((json.dumps(message).encode(), descriptors))
        self._flush()

    def _flush(self) -> None:
        control = self._control
        assert control is not None
        loop = asyncio.get_running_loop()
        while self._outgoing:
            data, descriptors = self._outgoing[0]
            ancillary = []
            if descriptors:
                rights = array.array("i", descriptors)
                ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
            try:
                control.sendmsg([data], ancillary)
            except BlockingIOError:
                loop.add_writer(control.fileno(), self._flush)
                return
            except OSError:
                self._hang_up()
                return
            self._outgoing.pop(0)
        loop.remove_writer(control.fileno())

    def _readable(self) -> None:
        control = self._control
        while control is not None and self._control is control:
            try:
                data = control.recv(_MESSAGE_LIMIT)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._hang_up()
                return
            self._hear(json.loads(data))

    def _hear(self, message: dict[str, Any]) -> None:
        if "started" in message:
            forked = Forked(message["pid"], asyncio.get_running_loop().create_future())
            self._forked[forked.pid] = forked
            waiting = self._waiting.pop(message["started"])
            if not waiting.done():
                waiting.set_result(forked)
            else:
                self.kill(forked.pid)
        elif "ended" in message:
            ended = self._forked.pop(message["ended"], None)
            if ended is not None:
                ended.ended.set_result(message["status"])
        elif "ready" in message:
            self.resident_bytes = message["resident_kb"] * 1024
            assert self._ready is not None
            self._ready.set_result(None)
        elif "failed" in message:
            refused = self._waiting.pop(message["failed"], None)
            if refused is not None and not refused.done():
                refused.set_exception(OSError(message["why"]))

    def _hang_up(self) -> None:
        control, self._control = self._control, None
        if control is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(control.fileno())
        loop.remove_writer(control.fileno())
        control.close()
        gone = ForkServerEnded("the fork server has ended")
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(gone)
        self._waiting.clear()
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(gone)
        for forked in self._forked.values():
            forked.ended.set_result(9)
        self._forked.clear()


def exit_of(status: int, *, out_of_memory: bool = False) -> Exit:
    """A wait status as an Exit."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return Exit(signal=number, out_of_memory=out_of_memory and number == 9)
    return Exit(code=os.WEXITSTATUS(status))


@contextlib.contextmanager
def closing_descriptors(*descriptors: int) -> Any:
    """Close descriptors when the block ends."""
    try:
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
