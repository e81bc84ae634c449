"""Event streams: `vnd.amazon.eventstream` frames, and events of a model in them.

A frame is: total length, headers length, CRC of both; headers; payload; CRC of all before it.
Source: Smithy, "Amazon Event Stream specification".
"""

import struct
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.model import Shape, StructureShape

from lambent.core.errors import AwsError, SerializationException
from lambent.gateway.wire import timestamps
from lambent.gateway.wire.bodies import Bodies

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_PRELUDE = struct.Struct(">III")
_INTEGERS = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q"}
_SHORT_STRINGS = {6, 7}
_UUID_BYTES = 16


class FrameError(ValueError):
    """The bytes are not a whole, undamaged frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    headers: Mapping[str, Any]
    payload: bytes


def encode_frame(headers: Mapping[str, Any], payload: bytes) -> bytes:
    """One frame; header values are str, bytes, bool, int or datetime."""
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    total = _PRELUDE.size + len(encoded) + len(payload) + 4
    lengths = struct.pack(">II", total, len(encoded))
    message = b"".join((lengths, struct.pack(">I", zlib.crc32(lengths)), encoded, payload))
    return message + struct.pack(">I", zlib.crc32(message))


def decode_frames(data: bytes) -> list[Frame]:
    """All frames of a body. Raises FrameError."""
    frames = []
    position = 0
    while position < len(data):
        if len(data) - position < _PRELUDE.size + 4:
            raise FrameError("the frame ends early")
        total, headers_size, prelude_crc = _PRELUDE.unpack_from(data, position)
        if zlib.crc32(data[position : position + 8]) != prelude_crc:
            raise FrameError("the prelude is damaged")
        end = position + total
        if end > len(data) or total < _PRELUDE.size + 4 + headers_size:
            raise FrameError("the frame ends early")
        (crc,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(data[position : end - 4]) != crc:
            raise FrameError("the frame is damaged")
        start = position + _PRELUDE.size
        headers = _decode_headers(data[start : start + headers_size])
        frames.append(Frame(headers, data[start + headers_size : end - 4]))
        position = end
    return frames


def _header(name: str, value: Any) -> bytes:
    encoded_name = name.encode()
    head = bytes((len(encoded_name),)) + encoded_name
    if isinstance(value, bool):
        return head + (b"\x00" if value else b"\x01")
    if isinstance(value, int):
        return head + b"\x05" + struct.pack(">q", value)
    if isinstance(value, datetime):
        return head + b"\x08" + struct.pack(">q", round(timestamps.to_epoch(value) * 1000))
    kind = b"\x07" if isinstance(value, str) else b"\x06"
    encoded = value.encode() if isinstance(value, str) else bytes(value)
    return head + kind + struct.pack(">H", len(encoded)) + encoded


def _decode_headers(data: bytes) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    position = 0
    try:
        while position < len(data):
            name_end = position + 1 + data[position]
            name = data[position + 1 : name_end].decode()
            headers[name], position = _decode_value(data, data[name_end], name_end + 1)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise FrameError("a header is damaged") from error
    return headers


def _decode_value(data: bytes, kind: int, position: int) -> tuple[Any, int]:
    if kind in (0, 1):
        return kind == 0, position
    if kind in _INTEGERS:
        form = _INTEGERS[kind]
        (number,) = struct.unpack_from(form, data, position)
        value = timestamps.from_epoch(number / 1000) if kind == 8 else number
        return value, position + struct.calcsize(form)
    if kind in _SHORT_STRINGS:
        (size,) = struct.unpack_from(">H", data, position)
        end = position + 2 + size
        if end > len(data):
            raise FrameError("a header ends early")
        raw = data[position + 2 : end]
        return (raw.decode() if kind == 7 else raw), end
    if kind == 9 and position + _UUID_BYTES <= len(data):
        return data[position : position + _UUID_BYTES], position + _UUID_BYTES
    raise FrameError("a header has no such type")


WriteEvent = Callable[[dict[str, Any]], bytes]
WriteStream = Callable[[AsyncIterator[dict[str, Any]]], AsyncIterator[bytes]]


def initial_response(payload: bytes, content_type: str) -> bytes:
    """The first frame of an RPC protocol's stream: the members beside the stream."""
    headers = {
        ":message-type": "event",
        ":event-type": "initial-response",
        ":content-type": content_type,
    }
    return encode_frame(headers, payload)


def compile_stream(union: Shape, bodies: Bodies) -> WriteStream:
    """Events to frames. An AwsError out of the iterator becomes the stream's last frame."""
    events: dict[str, WriteEvent] = {}
    exceptions: dict[str, Callable[[AwsError], bytes]] = {}
    for name, shape in _events(union).items():
        if shape.metadata.get("exception"):
            exceptions[name] = _compile_exception(name, shape, bodies)
        else:
            events[name] = _compile_event(name, shape, bodies)

    async def write(source: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
        try:
            async for event in source:
                ((name, members),) = event.items()
                yield events[name](members)
        except AwsError as error:
            known = exceptions.get(error.code)
            yield known(error) if known else _error_frame(error)

    return write


def _compile_event(name: str, shape: StructureShape, bodies: Bodies) -> WriteEvent:
    in_headers = _members_with(shape, "eventheader")
    payloads = _members_with(shape, "eventpayload")
    names = [key for key in shape.members if key not in in_headers]
    head = {":message-type": "event", ":event-type": name}
    if payloads:
        return _compile_payload_event(shape, payloads[0], head, in_headers, bodies)
    write_body = bodies.writer(shape, names, name)
    head[":content-type"] = bodies.content_type

    def write(members: dict[str, Any]) -> bytes:
        body = write_body({key: value for key, value in members.items() if key not in in_headers})
        return encode_frame(head | _header_members(members, in_headers), body)

    return write


def _members_with(shape: StructureShape, trait: str) -> list[str]:
    return [name for name, part in shape.members.items() if part.serialization.get(trait)]


def _events(union: Shape) -> dict[str, StructureShape]:
    members = union.members if isinstance(union, StructureShape) else {}
    return {name: part for name, part in members.items() if isinstance(part, StructureShape)}


def _compile_payload_event(
    shape: StructureShape,
    payload: str,
    head: dict[str, str],
    in_headers: list[str],
    bodies: Bodies,
) -> WriteEvent:
    part = shape.members[payload]
    content_types = {"blob": "application/octet-stream", "string": "text/plain"}
    head = head | {":content-type": content_types.get(part.type_name, bodies.content_type)}
    write_body: Callable[[Any], bytes]
    if part.type_name == "blob":
        write_body = bytes
    elif part.type_name == "string":
        write_body = str.encode
    else:
        write_body = bodies.payload_writer(part)

    def write(members: dict[str, Any]) -> bytes:
        unknown = members.keys() - {payload, *in_headers}
        if unknown:
            raise KeyError(f"{shape.name} has no member {min(unknown)}")
        value = members.get(payload)
        body = b"" if value is None else write_body(value)
        return encode_frame(head | _header_members(members, in_headers), body)

    return write


def _header_members(members: dict[str, Any], in_headers: list[str]) -> dict[str, Any]:
    return {key: members[key] for key in in_headers if members.get(key) is not None}


def _compile_exception(
    name: str, shape: StructureShape, bodies: Bodies
) -> Callable[[AwsError], bytes]:
    write_body = bodies.writer(shape, list(shape.members), name)
    message_member = next((key for key in shape.members if key.lower() == "message"), None)
    head = {
        ":message-type": "exception",
        ":exception-type": name,
        ":content-type": bodies.content_type,
    }

    def write(error: AwsError) -> bytes:
        members = dict(error.members)
        if message_member:
            members[message_member] = error.message
        return encode_frame(head, write_body(members))

    return write


def _error_frame(error: AwsError) -> bytes:
    headers = {
        ":message-type": "error",
        ":error-code": error.code,
        ":error-message": error.message,
    }
    return encode_frame(headers, b"")


def compile_events_reader(union: Shape, bodies: Bodies) -> Callable[[bytes], list[dict[str, Any]]]:
    """A whole body's events, each `{event name: members}`. Raises SerializationException."""
    events_by_name = _events(union)
    readers = {
        name: bodies.reader(shape, list(shape.members)) for name, shape in events_by_name.items()
    }
    payloads = {
        name: next(iter(_members_with(shape, "eventpayload")), "")
        for name, shape in events_by_name.items()
    }

    def read(body: bytes) -> list[dict[str, Any]]:
        try:
            frames = decode_frames(body)
        except FrameError as error:
            raise SerializationException(f"The event stream cannot be read: {error}") from error
        events = []
        for frame in frames:
            name = frame.headers.get(":event-type")
            if name not in readers:
                continue
            payload = payloads[name]
            members = {payload: frame.payload} if payload else readers[name](frame.payload)
            events.append({name: members})
        return events

    return read
