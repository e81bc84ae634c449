"""Bodies: bytes to values of a shape and back, in JSON, CBOR and XML.

The three have one form (`Bodies`), so that REST bindings, RPC protocols and events need not know
which they carry.
"""

import json
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from botocore.model import Shape, StructureShape

from lambent.core.errors import SerializationException
from lambent.gateway.wire import cbor, xml_reading
from lambent.gateway.wire.scalars import wrong_type
from lambent.gateway.wire.trees import CBOR_LEAVES, JSON_LEAVES, TreeCodec
from lambent.gateway.wire.xml_writing import XmlWriter, namespace_attribute

MAX_DEPTH = 128
"""How deep a JSON body may nest."""

ReadBody = Callable[[bytes], Any]
WriteBody = Callable[[Any], bytes]


class Bodies(Protocol):
    """Compiles readers and writers of whole bodies."""

    content_type: str

    def reader(self, shape: StructureShape, names: list[str]) -> ReadBody:
        """Body to dict of the named members; SerializationException if it cannot be read."""

    def writer(self, shape: StructureShape, names: list[str], root: str) -> WriteBody:
        """Dict to body; `root` is the XML element around it."""

    def payload_reader(self, shape: Shape) -> ReadBody:
        """Body to the one member that is the whole body."""

    def payload_writer(self, shape: Shape) -> WriteBody:
        """The one member that is the whole body, to bytes."""


class JsonBodies:
    """JSON, in which an empty body means an empty structure."""

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type
        self.codec = TreeCodec(JSON_LEAVES)

    def reader(self, shape: StructureShape, names: list[str]) -> ReadBody:
        decode = self.codec.members_decoder(shape, names)
        return lambda body: decode(json_tree(body)) if body else {}

    def writer(self, shape: StructureShape, names: list[str], root: str) -> WriteBody:
        encode = self.codec.members_encoder(shape, names)
        return lambda value: json_bytes(encode(value))

    def payload_reader(self, shape: Shape) -> ReadBody:
        decode = self.codec.decoder(shape)
        return lambda body: decode(json_tree(body))

    def payload_writer(self, shape: Shape) -> WriteBody:
        encode = self.codec.encoder(shape)
        return lambda value: json_bytes(encode(value))


class CborBodies:
    """CBOR, in which an empty body means an empty structure."""

    content_type = "application/cbor"

    def __init__(self) -> None:
        self.codec = TreeCodec(CBOR_LEAVES)

    def reader(self, shape: StructureShape, names: list[str]) -> ReadBody:
        decode = self.codec.members_decoder(shape, names)
        return lambda body: decode(cbor_tree(body)) if body else {}

    def writer(self, shape: StructureShape, names: list[str], root: str) -> WriteBody:
        encode = self.codec.members_encoder(shape, names)
        return lambda value: cbor.dumps(encode(value))

    def payload_reader(self, shape: Shape) -> ReadBody:
        decode = self.codec.decoder(shape)
        return lambda body: decode(cbor_tree(body))

    def payload_writer(self, shape: Shape) -> WriteBody:
        encode = self.codec.encoder(shape)
        return lambda value: cbor.dumps(encode(value))


class XmlBodies:
    """XML; the root's name is not looked at on the way in, as S3 does not either."""

    def __init__(self, content_type: str, namespace: str) -> None:
        self.content_type = content_type
        self._namespace = namespace
        self._reader = xml_reading.XmlReader()
        self._writer = XmlWriter()

    def reader(self, shape: StructureShape, names: list[str]) -> ReadBody:
        decode = self._reader.members(shape, names)
        return lambda body: decode(xml_reading.parse(body)) if body else {}

    def writer(self, shape: StructureShape, names: list[str], root: str) -> WriteBody:
        write = self._writer.members(shape, names)
        start = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}'
        start += f"{namespace_attribute(self._namespace)}>"
        end = f"</{root}>"

        def body(value: Any) -> bytes:
            out = [start]
            write(out, value)
            out.append(end)
            return "".join(out).encode()

        return body

    def payload_reader(self, shape: Shape) -> ReadBody:
        if not isinstance(shape, StructureShape):
            raise TypeError(f"no XML form for a payload of type {shape.type_name}")
        decode = self._reader.structure(shape)
        return lambda body: decode(xml_reading.parse(body))

    def payload_writer(self, shape: Shape) -> WriteBody:
        if not isinstance(shape, StructureShape):
            raise TypeError(f"no XML form for a payload of type {shape.type_name}")
        root = str(shape.serialization.get("name", shape.name))
        return self.writer(shape, list(shape.members), root)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def json_tree(body: bytes) -> Any:
    """The value of a JSON body. Raises SerializationException."""
    try:
        tree = _DECODER.decode(body.decode())
        if b"\\ud" in body or b"\\uD" in body:
            # Half a surrogate pair is a string that nothing below could store.
            json.dumps(tree, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise SerializationException("Unable to parse the request body as JSON") from error
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _refuse_depth(tree)
    return tree


def _refuse_depth(tree: Any) -> None:
    """Raises for a tree so deep that what is compiled here, or a service, would run out of stack.

    AWS: DynamoDB, whose values nest deepest, allows 32 levels of two containers each.
    """
    level = [tree]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            if type(node) is dict:
                below.extend(node.values())
            elif type(node) is list:
                below.extend(node)
        if not below:
            return
        level = below
    raise SerializationException("Exceeded maximum allowed nesting depth")


def json_bytes(tree: Any) -> bytes:
    """The tree as JSON, in ASCII, so that every string is safe to send."""
    return _ENCODER.encode(tree).encode("ascii")


def cbor_tree(body: bytes) -> Any:
    """The value of a CBOR body. Raises SerializationException."""
    try:
        return cbor.loads(body)
    except cbor.CborError as error:
        raise SerializationException(
            f"Unable to parse the request body as CBOR: {error}"
        ) from error


def text_payload(body: bytes) -> str:
    """A payload that is a string. Raises SerializationException."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise wrong_type(body, "string") from error
