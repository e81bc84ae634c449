"""Entering a sandbox, in the process that will live in it. Runs under any Python from 3.8.

Stands alone: the standard library only, for it is run by interpreters that are not Lambent's own.
The fork server forks; the child calls `enter`, and comes out as an unprivileged process that sees
its own root, processes and host name, and nothing else of the host.
"""

import ctypes
import os
import resource
import signal

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT = 1, 2, 4, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_NAME, PR_SET_NO_NEW_PRIVS = 15, 38

# The same numbers on every architecture that is newer than 2018's kernels.
SYS_OPEN_TREE, SYS_MOVE_MOUNT = 428, 429
SYS_FSOPEN, SYS_FSCONFIG, SYS_FSMOUNT = 430, 431, 432
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_FSCONFIG_SET_STRING, _FSCONFIG_CREATE = 1, 6
_OPEN_TREE_CLONE, _OPEN_TREE_CLOEXEC, _AT_EMPTY_PATH = 1, 0o2000000, 0x1000
_MOVE_MOUNT_F_EMPTY_PATH = 4
_MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 2, 4

# AWS: what a function finds (recorded); processes are bounded by the control group instead.
_LIMITS = (
    (resource.RLIMIT_NOFILE, 1024, 1024),
    (resource.RLIMIT_CORE, 0, 0),
    (resource.RLIMIT_STACK, 8 << 20, resource.RLIM_INFINITY),
    (resource.RLIMIT_MEMLOCK, 65536, 65536),
)

# Where the fork server, and nobody else, sees the host's root.
HOST = "/.host"

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    """The result of a system call, or OSError."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def mount(source, target, kind=None, flags=0, data=None):
    """mount(2)."""
    check(
        libc.mount(
            source.encode() if source else None,
            target.encode(),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            data.encode() if data else None,
        )
    )


def bind_read_only(source, target):
    """Show `source` at `target`: read-only, without set-user-id and devices."""
    mount(source, target, None, MS_BIND)
    mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def unshare(flags):
    """unshare(2)."""
    check(libc.unshare(ctypes.c_int(flags)))


def join_namespace(descriptor, kind):
    """setns(2)."""
    check(libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)))


def detached_tmpfs(size_bytes):
    """A new, empty tmpfs that is mounted nowhere yet; the descriptor keeps it alive."""
    context = check(libc.syscall(SYS_FSOPEN, b"tmpfs", 1))
    try:
        for key, value in ((b"size", str(size_bytes).encode()), (b"mode", b"1777")):
            check(libc.syscall(SYS_FSCONFIG, context, _FSCONFIG_SET_STRING, key, value, 0))
        check(libc.syscall(SYS_FSCONFIG, context, _FSCONFIG_CREATE, None, None, 0))
        attributes = _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV
        return check(libc.syscall(SYS_FSMOUNT, context, 1, attributes))
    finally:
        os.close(context)


def attach(descriptor, target):
    """Show a detached mount at `target`; the descriptor can be attached again elsewhere."""
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | _AT_EMPTY_PATH
    tree = check(libc.syscall(SYS_OPEN_TREE, descriptor, b"", flags))
    try:
        check(
            libc.syscall(SYS_MOVE_MOUNT, tree, b"", -100, target.encode(), _MOVE_MOUNT_F_EMPTY_PATH)
        )
    finally:
        os.close(tree)


def enter(task_dir, opt_dir, tmp, uid):
    """Leave the host. In order: namespaces, mounts, the host's root, host name, rights.

    The fork server's root is the sandbox's already, but for the host's own root at HOST.
    Safe because: the mounts are made in this process's own mount namespace, whose propagation is
    private; with HOST detached no path leads back; and the user id is given up last, with every
    capability.
    """
    unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)
    os.chdir("/")
    bind_read_only(HOST + task_dir, "/var/task")
    if opt_dir:
        bind_read_only(HOST + opt_dir, "/opt")
    attach(tmp, "/tmp")
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV)
    check(libc.umount2(HOST.encode(), MNT_DETACH))
    name = b"lambda"
    check(libc.sethostname(name, len(name)))
    drop_rights(uid)


def change_root(root):
    """Make `root` this process's root, and show the old one at HOST."""
    os.chdir(root)
    check(libc.syscall(SYS_PIVOT_ROOT[os.uname().machine], b".", HOST.lstrip("/").encode()))
    os.chdir("/")


def limit():
    """The resource limits of a function; after its descriptors are placed, which may be above."""
    for what, soft, hard in _LIMITS:
        _, most = resource.getrlimit(what)
        if most != resource.RLIM_INFINITY:
            hard = most if hard == resource.RLIM_INFINITY else min(hard, most)
            soft = min(soft, hard)
        resource.setrlimit(what, (soft, hard))


def drop_rights(uid):
    """Become `uid` for good: no capabilities, no groups, no way to more rights by exec."""
    os.umask(0o022)
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    # A change of user makes a process undumpable, and its own /proc/self unreadable to it.
    check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))


def die_with_parent():
    """Be killed when the process that forked this one ends, however it ends."""
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def allow_many_files():
    """As many descriptors as this process may have: a fork server keeps one for each /tmp."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def name_process(name):
    """What a list of processes shows for this one."""
    check(libc.prctl(PR_SET_NAME, name, 0, 0, 0))


def place_descriptors(wanted):
    """Make descriptor `wanted[i]` be number i, 0 be /dev/null, and close all others.

    `wanted` maps a number inside to an open descriptor.
    """
    # First out of each other's way, then to where they belong.
    spare = max([*wanted, *wanted.values(), 2]) + 1
    moved = {}
    for number, descriptor in wanted.items():
        moved[number] = spare
        os.dup2(descriptor, spare)
        spare += 1
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, spare)
    for number in range(3):
        if number not in wanted:
            os.dup2(spare, number)
    for number, descriptor in moved.items():
        os.dup2(descriptor, number)
    last = 2
    for number in sorted(number for number in wanted if number > 2):
        os.closerange(last + 1, number)
        last = number
    close_from(last + 1)


def close_from(first):
    """Close every descriptor from `first` on. Invariant: none of another sandbox is inherited."""
    # Before Linux 5.9, and with a C library older than that, they are closed one by one.
    if hasattr(libc, "close_range") and libc.close_range(first, 0xFFFFFFFF, 0) == 0:
        return
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.closerange(first, soft)
