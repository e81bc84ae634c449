"""What a program writes to its standard output and error, or to a descriptor for framed records."""

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Callable

from lambent.fleet.runtimes.api import Output

_READ_BYTES = 65_536
_FRAME = struct.Struct(">IIQ")
_FRAME_LIMIT = 16 << 20
_COUNT = struct.Struct("=i")

Take = Callable[[bytes], None]


class OutputPipe:
    """The reading end of a pipe. Closes itself when nobody writes any more."""

    def __init__(self, take: Take) -> None:
        reading, self.writing = os.pipe()
        os.set_blocking(reading, False)
        self._reading: int | None = reading
        self._take = take
        asyncio.get_running_loop().add_reader(reading, self._read)

    def drain(self) -> None:
        """Hand on what has been written until now, and nothing written since.

        Bounded: a program that writes without end must not keep the loop here.
        """
        left = self._waiting_bytes()
        while left > 0 and self._reading is not None:
            left -= self._read(min(left, _READ_BYTES))

    def _read(self, limit: int = _READ_BYTES) -> int:
        """Hand on at most `limit` bytes; how many were asked for and are done with."""
        if self._reading is None:
            return limit
        try:
            data = os.read(self._reading, limit)
        except BlockingIOError:
            return limit
        except OSError:
            data = b""
        if not data:
            self.close()
            return limit
        self._take(data)
        return len(data)

    def _waiting_bytes(self) -> int:
        if self._reading is None:
            return 0
        answer = fcntl.ioctl(self._reading, termios.FIONREAD, b"\0" * _COUNT.size)
        return int(_COUNT.unpack(answer)[0])

    def handed_over(self) -> None:
        """The writing end is the program's now; close ours."""
        os.close(self.writing)

    def close(self) -> None:
        """Idempotent."""
        reading, self._reading = self._reading, None
        if reading is not None:
            asyncio.get_running_loop().remove_reader(reading)
            os.close(reading)


def framed(output: Output) -> Take:
    """Takes bytes of framed log records, cut anywhere, and hands on whole ones.

    Form: type u32, length u32, timestamp in microseconds u64, big-endian, then the record. What is
    no such frame is handed on as plain output, and all that follows it.
    """
    buffer = bytearray()
    broken = False

    def take(data: bytes) -> None:
        nonlocal broken
        if broken:
            output.written(data)
            return
        buffer.extend(data)
        at = 0
        while len(buffer) - at >= _FRAME.size:
            kind, length, timestamp = _FRAME.unpack_from(buffer, at)
            if kind >> 16 != 0xA55A or length > _FRAME_LIMIT:
                broken = True
                output.written(bytes(buffer[at:]))
                buffer.clear()
                return
            if len(buffer) - at < _FRAME.size + length:
                break
            start = at + _FRAME.size
            output.framed(kind, timestamp, bytes(buffer[start : start + length]))
            at = start + length
        del buffer[:at]

    return take
