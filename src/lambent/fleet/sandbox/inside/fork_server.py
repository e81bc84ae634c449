"""The fork server: makes processes, quickly, and puts each into its sandbox.

Run as `python -I -S fork_server.py DESCRIPTOR`. Stands alone under any Python from 3.8. It
holds what it was told to preload and has never run user code; a new environment is a fork of it.
It speaks JSON messages over one SOCK_SEQPACKET socket, descriptors beside them. When that socket
closes Lambent is gone, and the fork server ends, and with it every process that it made.
"""

import array
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, _HERE)

import enter
import syscalls
from inits import Inits
from root import make_root

_MESSAGE_LIMIT = 1 << 20
_DESCRIPTORS_LIMIT = 16
# A fork bomb is outrun by killing again what was born meanwhile.
_KILL_ROUNDS = 50


class ForkServer:
    """Sandboxes by id: their /tmp. Programs by pid: their pid namespace's init and their sandbox.

    Invariant: a program's end is told only when nothing that it started is left.
    """

    def __init__(self, control, config):
        self._control = control
        self._isolated = config["isolated"]
        # Before a path of the host.
        self._host = ""
        self._entry = None
        self._tmp = {}
        self._programs = {}
        # What makes inits; and by init's pid the program and its status, once that has ended.
        self._inits = None
        self._ending = {}
        self._killed = set()
        self._groups = set()
        self._own_pids = None
        # Processes made ahead of time, by pid: the socket on which each waits.
        self._blanks = {}
        self._prepare(config)

    def _prepare(self, config):
        root = config["root"]
        enter.allow_many_files()
        if self._isolated:
            enter.unshare(enter.CLONE_NEWNS)
            enter.mount(None, "/", None, enter.MS_REC | enter.MS_PRIVATE)
            os.makedirs(root, exist_ok=True)
            make_root(root, config["mounts"])
            self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            enter.change_root(root)
            self._host = enter.HOST
            self._inits = Inits(self._host)
        sys.path[:0] = config["path"]
        if config["bytecode"]:
            # Where it is preloaded from cannot be written, and compiling takes most of a start.
            sys.pycache_prefix = self._host + config["bytecode"]
        for name in config["preload"]:
            _preload(name)
        if config["entry"]:
            sys.path.insert(0, self._host + os.path.dirname(config["entry"]))
            self._entry = importlib.import_module(
                os.path.splitext(os.path.basename(config["entry"]))[0]
            )
            del sys.path[0]
        sys.pycache_prefix = None
        for path in config["path"]:
            sys.path.remove(path)
        del sys.path[sys.path.index(_HERE)]
        gc.collect()
        gc.freeze()

    def run(self):
        """Serve until Lambent goes."""
        wakeup, signalled = socket.socketpair()
        wakeup.setblocking(False)
        signalled.setblocking(False)
        signal.set_wakeup_fd(signalled.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self._say({"ready": os.getpid(), "resident_kb": self._resident_kb()})
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(wakeup, select.POLLIN)
        if self._inits is not None:
            poll.register(self._inits, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == wakeup.fileno():
                    wakeup.recv(4096)
                    self._reap()
                elif self._inits is not None and descriptor == self._inits.fileno():
                    self._tell_ended()
                elif not self._serve_one():
                    signal.set_wakeup_fd(-1)
                    return

    def _serve_one(self):
        message, descriptors = _receive(self._control)
        if message is None:
            return False
        try:
            getattr(self, "_do_" + message["do"])(message, descriptors)
        except Exception:
            self._say({"failed": message.get("ticket"), "why": traceback.format_exc()})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _do_start(self, message, descriptors):
        init = None
        if self._isolated:
            init = self._inits.take()
            tmp = self._tmp_of(message)
            pid = self._fork_into(init, lambda: self._be_program(message, descriptors, tmp))
        else:
            pid = self._fork(lambda: self._be_program(message, descriptors, None))
        self._made(message, pid, init)

    def _do_blank(self, message, descriptors):
        """Make a process ahead of time, in its control groups already; `adopt` makes it a program.

        Measured: the first process to join a group in a while waits for 12 to 20 ms, until the
        kernel has made sure that nobody forks meanwhile.
        """
        init = self._inits.take()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            pid = self._fork_into(init, lambda: self._be_blank(message["groups"], theirs))
        self._blanks[pid] = ours
        self._made(message, pid, init)

    def _do_adopt(self, message, descriptors):
        pid = message["pid"]
        if pid not in self._blanks:
            return  # It has ended, which was told.
        self._programs[pid] = self._programs[pid][0], message["sandbox"]
        rights = array.array("i", [*descriptors, self._tmp_of(message)])
        with self._blanks.pop(pid) as blank:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
            blank.sendmsg([json.dumps(message).encode()], ancillary)

    def _made(self, message, pid, init):
        self._groups.update(os.path.dirname(path) for path in message["groups"])
        self._programs[pid] = init, message["sandbox"]
        self._say({"started": message["ticket"], "pid": pid})

    def _fork_into(self, init, be):
        try:
            self._join_pids_of(init)
            return self._fork(be)
        except OSError:
            self._kill_init(init)
            raise
        finally:
            enter.join_namespace(self._own_pids, enter.CLONE_NEWPID)

    def _do_kill(self, message, descriptors):
        """End a program and all it started; its exit is told when it has ended."""
        pid = message["pid"]
        if pid not in self._programs:
            return
        self._end(pid, *self._programs[pid])

    def _end(self, pid, init, sandbox):
        if init is not None:
            self._kill_init(init)
        else:
            _kill_tree(pid, sandbox)

    def _do_signal(self, message, descriptors):
        if message["pid"] in self._programs:
            os.kill(message["pid"], message["number"])

    def _do_forget(self, message, descriptors):
        tmp = self._tmp.pop(message["sandbox"], None)
        if tmp is not None:
            os.close(tmp)

    def _join_pids_of(self, init):
        """Let the next child be born into the pid namespace of `init`."""
        namespace = os.open(self._host + "/proc/%d/ns/pid" % init, os.O_RDONLY | os.O_CLOEXEC)
        try:
            enter.join_namespace(namespace, enter.CLONE_NEWPID)
        finally:
            os.close(namespace)

    def _fork(self, be):
        pid = os.fork()
        if pid:
            return pid
        try:
            be()
        except SystemExit as leaving:
            os._exit(_exit_code(leaving))
        except BaseException:
            os.write(2, traceback.format_exc().encode())
            os._exit(1)
        os._exit(0)

    def _be_blank(self, groups, control):
        enter.die_with_parent()
        self._part(groups)
        for blank in self._blanks.values():
            blank.close()
        message, descriptors = _receive(control)
        if message is not None:
            self._become_program(message, descriptors[:-1], descriptors[-1])

    def _be_program(self, message, descriptors, tmp):
        self._part(message["groups"])
        self._become_program(message, descriptors, tmp)

    def _part(self, groups):
        """Be a process of its own, within the limits of its groups."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        self._join(groups)
        self._be_the_first_to_go()

    def _become_program(self, message, descriptors, tmp):
        inside = dict(zip(message["numbers"], descriptors))
        if self._isolated:
            enter.enter(message["task_dir"], message["opt_dir"], tmp, message["uid"])
        enter.die_with_parent()
        enter.place_descriptors(inside)
        enter.limit()
        if self._isolated:
            syscalls.refuse_dangerous()
        os.chdir(message["cwd"])
        if message["argv"]:
            # Python ignores these, and a program that is executed would go on ignoring them.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            _execute(message["argv"], message["variables"])
        os.environ.clear()
        os.environ.update(message["variables"])
        entry = self._entry
        # The program may have modules with the names of ours.
        for name in ("enter", "inits", "root", "syscalls", entry.__name__):
            del sys.modules[name]
        entry.main()
        _flush()

    def _join(self, groups):
        for path in groups:
            with open(self._host + path, "w") as group:
                group.write("0")

    def _be_the_first_to_go(self):
        """Under memory pressure on the host a function ends before Lambent does."""
        with open(self._host + "/proc/self/oom_score_adj", "w") as score:
            score.write("900")

    def _tmp_of(self, message):
        tmp = self._tmp.get(message["sandbox"])
        if tmp is None:
            tmp = self._tmp[message["sandbox"]] = enter.detached_tmpfs(message["tmp_bytes"])
        return tmp

    def _reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid in self._programs:
                self._program_ended(pid, status)

    def _program_ended(self, pid, status):
        """What the program left behind ends with it; an init, which takes it along, ends last."""
        init, sandbox = self._programs.pop(pid)
        if pid in self._blanks:
            self._blanks.pop(pid).close()
        if init is not None:
            self._ending[init] = pid, status
            self._kill_init(init)
            return
        _kill_tree(pid, sandbox)
        self._say({"ended": pid, "status": status})

    def _kill_init(self, init):
        """The kernel kills a pid namespace with its init.

        Safe because: an init is killed once. After that its number may be another process's.
        """
        if init not in self._killed:
            self._killed.add(init)
            _kill(init)

    def _tell_ended(self):
        for init in self._inits.gone():
            # An init goes only after every process of its namespace has gone and was reaped.
            self._reap()
            self._killed.discard(init)
            pid, status = self._ending.pop(init, (None, None))
            if pid is not None:
                self._say({"ended": pid, "status": status})

    def close(self):
        """Lambent has hung up, or died: end all that was made, and leave no group behind."""
        for pid, (init, sandbox) in list(self._programs.items()):
            self._end(pid, init, sandbox)
        for pid in self._programs:
            os.waitpid(pid, 0)
        if self._inits is not None:
            self._inits.close()
        for group in self._groups:
            try:
                os.rmdir(self._host + group)
            except OSError:
                continue  # Removed already, or the next start's sweep will.

    def _resident_kb(self):
        with open(self._host + "/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024

    def _say(self, message):
        self._control.send(json.dumps(message).encode())


def _receive(control):
    """The next message and its descriptors; None at the end."""
    size = array.array("i").itemsize * _DESCRIPTORS_LIMIT
    try:
        data, ancillary, _, _ = control.recvmsg(_MESSAGE_LIMIT, socket.CMSG_SPACE(size))
    except ConnectionResetError:
        return None, []  # The other end went with something of ours unread.
    if not data:
        return None, []
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            whole = len(content) - len(content) % descriptors.itemsize
            descriptors.frombytes(content[:whole])
    return json.loads(data), list(descriptors)


def _preload(name):
    """Import a module ahead of time; one that does not work here is left to whoever asks for it."""
    try:
        importlib.import_module(name)
    except (ImportError, SyntaxError, TypeError, AttributeError):
        # Libraries are made for newer interpreters than the oldest that functions may ask for.
        return


def _execute(argv, variables):
    try:
        os.execve(argv[0], argv, variables)
    except FileNotFoundError:
        os._exit(127)
    except OSError:
        os._exit(126)


def _exit_code(leaving):
    _flush()
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code & 0xFF
    os.write(2, (str(leaving.code) + "\n").encode())
    return 1


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _kill_tree(session, sandbox):
    """Kill all that a program without a pid namespace has started: its session, and its marked.

    A process that has left the session is known by the mark in its variables.
    """
    mark = b"LAMBENT_SANDBOX=" + sandbox.encode()
    try:
        os.killpg(session, signal.SIGKILL)
    except ProcessLookupError:
        pass
    for _ in range(_KILL_ROUNDS):
        found = [pid for pid in _processes() if _belongs(pid, session, mark)]
        for pid in found:
            _kill(pid)
        if not found:
            return
        select.select([], [], [], 0.002)


def _processes():
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []  # Not Linux: the process group has to do.


def _belongs(pid, session, mark):
    try:
        with open("/proc/%d/stat" % pid, "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
        if fields[0] == b"Z" or pid == os.getpid():
            return False
        if int(fields[3]) == session:
            return True
        with open("/proc/%d/environ" % pid, "rb") as environ:
            return mark in environ.read().split(b"\0")
    except OSError:
        return False


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    # Not among the arguments: those every program can read of itself.
    server = ForkServer(control, json.loads(control.recv(_MESSAGE_LIMIT)))
    try:
        server.run()
    finally:
        server.close()


if __name__ == "__main__":
    main()
