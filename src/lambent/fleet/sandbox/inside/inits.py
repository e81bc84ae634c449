"""The first processes of pid namespaces, made ahead of time by a small process of its own.

A pid namespace ends with its first process, so each program gets one that does nothing but adopt
and reap orphans. The program itself is not it: a first process is deaf to its own signals.
Measured: forking the fork server, with all that it has preloaded, takes 2 ms; this process was
forked from it before, and takes 0.3 ms. Runs under any Python from 3.8 and stands alone.
"""

import collections
import os
import select
import signal
import socket

import enter

_SPARE = 4
_PID_BYTES = 32


class Inits:
    """The fork server's side: `take` an init, and hear from `gone` when its namespace is empty.

    `host` is before a path of the host.
    """

    def __init__(self, host):
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._spare = collections.deque()
        self._gone = []
        self.pid = os.fork()
        if self.pid == 0:
            self._control.close()
            _Maker(theirs, host).be()
        theirs.close()
        for _ in range(_SPARE):
            self._control.send(b"make")

    def fileno(self):
        return self._control.fileno()

    def take(self):
        """The pid of an init, in a pid namespace of its own. OSError when none can be made."""
        self._control.send(b"make")
        while not self._spare:
            self._hear()
        pid = self._spare.popleft()
        if pid < 0:
            raise OSError(-pid, os.strerror(-pid))
        return pid

    def gone(self):
        """Wait for news; the inits that have ended, and everything in their namespaces before."""
        if not self._gone:
            self._hear()
        gone, self._gone = self._gone, []
        return gone

    def close(self):
        """End every init; returns when all are gone."""
        self._control.close()
        os.waitpid(self.pid, 0)

    def _hear(self):
        word, _, number = self._control.recv(_PID_BYTES).decode().partition(" ")
        if word == "made":
            self._spare.append(int(number))
        elif word == "gone":
            self._gone.append(int(number))
        else:
            raise OSError("the process that makes inits has ended")


class _Maker:
    """The small process."""

    def __init__(self, control, host):
        self._control = control
        self._own_pids = os.open(host + "/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._alive = set()

    def be(self):
        try:
            enter.die_with_parent()
            self._serve()
        finally:
            os._exit(0)

    def _serve(self):
        wakeup, signalled = socket.socketpair()
        wakeup.setblocking(False)
        signalled.setblocking(False)
        signal.set_wakeup_fd(signalled.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(wakeup, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == wakeup.fileno():
                    wakeup.recv(4096)
                    self._reap()
                elif self._control.recv(_PID_BYTES):
                    self._control.send(b"made %d" % self._make())
                else:
                    signal.set_wakeup_fd(-1)
                    self._end()
                    return

    def _make(self):
        """The pid of a new init, or an error's number, negative."""
        try:
            enter.unshare(enter.CLONE_NEWPID)
            try:
                pid = os.fork()
                if pid == 0:
                    _be_init()
            finally:
                enter.join_namespace(self._own_pids, enter.CLONE_NEWPID)
        except OSError as error:
            return -error.errno
        self._alive.add(pid)
        return pid

    def _reap(self):
        while self._alive:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self._alive.discard(pid)
            self._control.send(b"gone %d" % pid)

    def _end(self):
        for pid in self._alive:
            os.kill(pid, signal.SIGKILL)
        for pid in self._alive:
            os.waitpid(pid, 0)


def _be_init():
    try:
        enter.die_with_parent()
        enter.name_process(b"init")
        signal.set_wakeup_fd(-1)
        # Orphans that end are reaped by the kernel.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        enter.close_from(0)
        os.chdir("/")
        while True:
            signal.pause()
    finally:
        os._exit(0)
