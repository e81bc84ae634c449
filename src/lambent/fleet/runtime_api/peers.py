"""Whose socket is at the other end of a loopback connection: the owner's user id."""

import socket
import struct
from pathlib import Path

_TCP_TABLE = Path("/proc/net/tcp")


def peer_uid(connection: socket.socket) -> int | None:
    """The user id that owns the peer's end, or None when the kernel does not say.

    The peer's end has our address as its remote and its own port as its local one; the table is of
    the host's network namespace, which environments share.
    """
    try:
        local, remote = connection.getsockname(), connection.getpeername()
        wanted = (_endpoint(remote), _endpoint(local))
        for line in _TCP_TABLE.read_text().splitlines()[1:]:
            fields = line.split()
            if (fields[1], fields[2]) == wanted:
                return int(fields[7])
    except (OSError, ValueError, IndexError):
        return None
    return None


def _endpoint(address: tuple[str, int]) -> str:
    packed = struct.unpack("<I", socket.inet_aton(address[0]))[0]
    return f"{packed:08X}:{address[1]:04X}"
