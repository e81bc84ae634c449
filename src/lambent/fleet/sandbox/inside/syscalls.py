"""Which system calls a function may not make. Runs under any Python from 3.8 and stands alone.

User namespaces would give a function capabilities of its own in them, and with those the parts of
the kernel that only root is meant to reach; keyrings are shared with the host; the rest are tools
to look into the kernel. AWS refuses them too.
"""

import ctypes
import os
import struct

from enter import check, libc

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_CLONE_NEWUSER = 0x10000000
_NR_AT, _ARCH_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
# x86-64's second numbering, which would slip past a list of numbers.
_X32 = 0x40000000

# By machine: audit's name for it; unshare and clone; then, refused whatever their arguments,
# keyctl, add_key, request_key, bpf, perf_event_open, userfaultfd.
_NUMBERS = {
    "x86_64": (0xC000003E, (272, 56), (250, 248, 249, 321, 298, 323)),
    "aarch64": (0xC00000B7, (97, 220), (219, 217, 218, 280, 241, 282)),
}
# Its flags are in memory, where a filter cannot look; C libraries fall back to clone.
_CLONE3 = 435


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def refuse_dangerous():
    """For this process and all that it starts, for good. After "no new privileges" is set."""
    numbers = _NUMBERS.get(os.uname().machine)
    if numbers is None:
        return
    code = b"".join(struct.pack("HBBI", *step) for step in _filter(*numbers))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    check(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0))


def _filter(machine, by_flags, refused):
    """The filter, as (code, steps to skip if so, steps to skip if not, value)."""
    steps = [
        (_LOAD, None, None, _ARCH_AT),
        (_IF_EQUAL, None, "refuse", machine),
        (_LOAD, None, None, _NR_AT),
        (_IF_AT_LEAST, "refuse", None, _X32),
        (_IF_EQUAL, "unknown", None, _CLONE3),
    ]
    steps += [(_IF_EQUAL, "refuse", None, number) for number in refused]
    steps += [(_IF_EQUAL, "flags", None, number) for number in by_flags]
    steps += [(_RETURN, None, None, _ALLOW)]
    places = {"flags": len(steps)}
    steps += [
        (_LOAD, None, None, _FIRST_ARGUMENT_AT),
        (_IF_BITS, "refuse", None, _CLONE_NEWUSER),
        (_RETURN, None, None, _ALLOW),
    ]
    places["unknown"] = len(steps)
    steps.append((_RETURN, None, None, _ERROR | _ENOSYS))
    places["refuse"] = len(steps)
    steps.append((_RETURN, None, None, _ERROR | _EPERM))

    def skip(place, at):
        return 0 if place is None else places[place] - at - 1

    return [
        (code, skip(so, at), skip(not_so, at), value)
        for at, (code, so, not_so, value) in enumerate(steps)
    ]
