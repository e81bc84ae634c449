"""The root that a fork server's sandboxes share: what of the host they may read.

Made once per fork server, in its own mount namespace, and read-only from then on. Runs under any
Python from 3.8 and stands alone, as `enter` does.
"""

import os
import shutil
import stat

from enter import MS_BIND, MS_NOSUID, MS_RDONLY, MS_REMOUNT, bind_read_only, mount

_SYSTEM = ("usr", "bin", "sbin", "lib", "lib64", "lib32", "libx32")
_EMPTY = (
    *(".host", "proc", "tmp", "opt", "dev", "etc", "run", "home"),
    *("var/task", "var/runtime", "var/lang", "var/tmp", "mnt"),
)
_DEVICES = (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9))
# What programs look up there; no passwords, keys, or configuration of the host's services.
_ETC = (
    *("ld.so.cache", "ld.so.conf", "nsswitch.conf", "hosts", "resolv.conf", "host.conf"),
    *("localtime", "mime.types", "protocols", "services", "gai.conf"),
)
_ETC_FOLDERS = ("ssl", "pki", "ca-certificates", "ld.so.conf.d", "alternatives")


def make_root(root, mounts):
    """Build the shared root at `root`; `mounts` shows host paths at more paths inside."""
    mount("tmpfs", root, "tmpfs", MS_NOSUID, "mode=755,size=16m")
    for name in _EMPTY:
        os.makedirs(os.path.join(root, name))
    for name in _SYSTEM:
        _show_system(name, root)
    _make_devices(os.path.join(root, "dev"))
    _make_etc(os.path.join(root, "etc"))
    os.symlink("/proc/self/mounts", os.path.join(root, "etc", "mtab"))
    os.symlink("/tmp", os.path.join(root, "var/tmp", "tmp"))
    for inside, host in mounts.items():
        _show(host, root + inside)
    mount(None, root, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)


def _show_system(name, root):
    host = "/" + name
    if os.path.islink(host):
        os.symlink(os.readlink(host), os.path.join(root, name))
    elif os.path.isdir(host):
        _show(host, os.path.join(root, name))


def _show(host, inside):
    if os.path.isdir(host):
        os.makedirs(inside, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(inside), exist_ok=True)
        open(inside, "a").close()
    bind_read_only(host, inside)


def _make_devices(folder):
    os.umask(0)
    for name, major, minor in _DEVICES:
        os.mknod(os.path.join(folder, name), stat.S_IFCHR | 0o666, os.makedev(major, minor))
    os.mknod(os.path.join(folder, "tty"), stat.S_IFCHR | 0o666, os.makedev(5, 0))
    os.umask(0o022)
    os.symlink("/proc/self/fd", os.path.join(folder, "fd"))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink("/proc/self/fd/%d" % number, os.path.join(folder, name))


def _make_etc(folder):
    for name in _ETC:
        source = os.path.join("/etc", name)
        if os.path.isfile(source):
            shutil.copyfile(source, os.path.join(folder, name))
    for name in _ETC_FOLDERS:
        source = os.path.join("/etc", name)
        if os.path.isdir(source):
            _show(source, os.path.join(folder, name))
    # AWS: the function's user is sbx_user1051; each sandbox has a number of its own.
    with open(os.path.join(folder, "passwd"), "w") as passwd:
        passwd.write("root:x:0:0:root:/root:/sbin/nologin\n")
        passwd.write("sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n")
    with open(os.path.join(folder, "group"), "w") as group:
        group.write("root:x:0:\nsbx_user1051:x:990:\n")
