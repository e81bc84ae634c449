"""CBOR (RFC 8949), the part that smithy-rpc-v2-cbor uses. Pure: bytes to values and back.

Integers, byte and text strings, arrays, maps with text keys, booleans, null, floats of each width,
and tag 1 (instants). Strings and containers of indefinite length are read, never written.
"""

import struct
from datetime import datetime
from typing import Any

from lambent.gateway.wire import timestamps

MAX_DEPTH = 128

_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_INDEFINITE = 31
_BREAK = 0xFF


class CborError(ValueError):
    """The bytes are not CBOR, or not the part of it that AWS uses."""


def loads(data: bytes) -> Any:
    """The one value that the bytes hold. Raises CborError, also for bytes left over."""
    reader = _Reader(data)
    try:
        value = reader.item(0)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise CborError("the value ends early or a string is not UTF-8") from error
    if reader.position != len(data):
        raise CborError("bytes are left over after the value")
    return value


def dumps(value: Any) -> bytes:
    """The value's bytes. Raises TypeError for what the protocol has no form for."""
    out = bytearray()
    _write(out, value)
    return bytes(out)


class _Reader:
    __slots__ = ("_data", "position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def item(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise CborError("the value nests too deep")
        first = self._byte()
        major, info = first >> 5, first & 31
        if major == 0:
            return self._length(info)
        if major == 1:
            return -1 - self._length(info)
        if major == 2:
            return self._string(info, major)
        if major == 3:
            return str(self._string(info, major), "utf-8")
        if major == 4:
            return self._array(info, depth)
        if major == 5:
            return self._map(info, depth)
        if major == 6:
            return self._tagged(info, depth)
        return self._simple(info)

    def _byte(self) -> int:
        byte = self._data[self.position]
        self.position += 1
        return byte

    def _take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self._data):
            raise CborError("the value ends early")
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def _length(self, info: int) -> int:
        if info < 24:
            return info
        width = _WIDTHS.get(info)
        if width is None:
            raise CborError("no such length")
        return int.from_bytes(self._take(width), "big")

    def _ended(self) -> bool:
        if self._data[self.position] != _BREAK:
            return False
        self.position += 1
        return True

    def _string(self, info: int, major: int) -> bytes:
        if info != _INDEFINITE:
            return self._take(self._length(info))
        chunks = []
        while not self._ended():
            first = self._byte()
            if first >> 5 != major or first & 31 == _INDEFINITE:
                raise CborError("a string's pieces are of its own kind and length")
            chunks.append(self._take(self._length(first & 31)))
        return b"".join(chunks)

    def _array(self, info: int, depth: int) -> list[Any]:
        items: list[Any] = []
        if info == _INDEFINITE:
            while not self._ended():
                items.append(self.item(depth + 1))
            return items
        # Every item takes a byte at least, so a promised length cannot reserve memory.
        for _ in range(self._length(info)):
            items.append(self.item(depth + 1))
        return items

    def _map(self, info: int, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        if info == _INDEFINITE:
            while not self._ended():
                self._pair(items, depth)
            return items
        for _ in range(self._length(info)):
            self._pair(items, depth)
        return items

    def _pair(self, items: dict[str, Any], depth: int) -> None:
        key = self.item(depth + 1)
        if type(key) is not str:
            raise CborError("a map's keys are text")
        items[key] = self.item(depth + 1)

    def _tagged(self, info: int, depth: int) -> Any:
        tag = self._length(info)
        value = self.item(depth + 1)
        if tag != 1:
            raise CborError(f"tag {tag} is not supported")
        if type(value) is not int and type(value) is not float:
            raise CborError("an instant is a number")
        try:
            return timestamps.from_epoch(value)
        except ValueError as error:
            raise CborError("the instant is out of range") from error

    def _simple(self, info: int) -> Any:
        if info in _SIMPLE:
            return _SIMPLE[info]
        if info in _FLOATS:
            form, width = _FLOATS[info]
            return struct.unpack(form, self._take(width))[0]
        raise CborError("no such simple value")


def _head(out: bytearray, major: int, length: int) -> None:
    kind = major << 5
    if length < 24:
        out.append(kind | length)
    elif length < 1 << 8:
        out += bytes((kind | 24, length))
    elif length < 1 << 16:
        out += struct.pack(">BH", kind | 25, length)
    elif length < 1 << 32:
        out += struct.pack(">BI", kind | 26, length)
    elif length < 1 << 64:
        out += struct.pack(">BQ", kind | 27, length)
    else:
        raise TypeError("the number does not fit into 64 bits")


def _write(out: bytearray, value: Any) -> None:
    if isinstance(value, str):
        encoded = value.encode("utf-8", "replace")
        _head(out, 3, len(encoded))
        out += encoded
    elif value is None or isinstance(value, bool):
        out.append({None: 0xF6, True: 0xF5, False: 0xF4}[value])
    elif isinstance(value, int):
        _head(out, *((0, value) if value >= 0 else (1, -1 - value)))
    elif isinstance(value, float):
        out += struct.pack(">Bd", 0xFB, value)
    elif isinstance(value, dict):
        _head(out, 5, len(value))
        for key, entry in value.items():
            _write(out, key)
            _write(out, entry)
    elif isinstance(value, list):
        _head(out, 4, len(value))
        for entry in value:
            _write(out, entry)
    elif isinstance(value, bytes):
        _head(out, 2, len(value))
        out += value
    elif isinstance(value, datetime):
        _head(out, 6, 1)
        _write(out, timestamps.to_epoch(value))
    else:
        raise TypeError(f"CBOR has no form for {value!r}")
