"""The query and ec2 protocols' input: a form of dotted names, such as `Tags.member.1.Key=a`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, MapShape, Shape, StructureShape

from lambent.core.errors import SerializationException
from lambent.core.http import HttpRequest
from lambent.gateway.wire.scalars import Convert, text_decoder
from lambent.gateway.wire.trees import timestamp_format

MAX_DEPTH = 50
_INDEX_DIGITS = 9


class MalformedInput(SerializationException):
    """The query protocol's word for a form that cannot be read."""


@dataclass(slots=True)
class Node:
    """What the form says under one prefix: its own value, and those below it."""

    text: str | None = None
    below: dict[str, "Node"] = field(default_factory=dict)


def parse_form(request: HttpRequest) -> Node:
    """The form in the body and in the query string, as a tree. Raises MalformedInput."""
    root = Node()
    try:
        pairs = parse_qsl(request.query, keep_blank_values=True, errors="strict")
        pairs += parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise MalformedInput("The request's form is not valid UTF-8") from error
    for name, value in pairs:
        segments = name.split(".")
        if len(segments) > MAX_DEPTH:
            raise MalformedInput("A parameter's name has too many parts")
        node = root
        for segment in segments:
            node = node.below.setdefault(segment, Node())
        node.text = value
    return root


Read = Callable[[Node], Any]


class FormReader:
    """Compiles shapes into decoders over a form's tree; one for each service and protocol."""

    def __init__(self, *, ec2: bool = False) -> None:
        self._ec2 = ec2
        self._structures: dict[str, Read] = {}

    def structure(self, shape: StructureShape) -> Read:
        """Node to dict; names that the model does not have are ignored."""
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        members: list[tuple[str, tuple[str, ...], Read]] = []

        def decode(node: Node) -> dict[str, Any]:
            decoded = {}
            for name, path, read in members:
                found = _descend(node, path)
                if found is not None:
                    decoded[name] = read(found)
            return decoded

        # Known before its members are compiled: a structure may hold itself.
        self._structures[shape.name] = decode
        for name, member in shape.members.items():
            path = tuple(self._member_name(member, name).split("."))
            members.append((name, path, self._reader(member)))
        return decode

    def _member_name(self, member: Shape, name: str) -> str:
        serialization = member.serialization
        if self._ec2:
            if "queryName" in serialization:
                return str(serialization["queryName"])
            wire_name = str(serialization.get("name", name))
            return wire_name[0].upper() + wire_name[1:] if "name" in serialization else wire_name
        if isinstance(member, ListShape) and serialization.get("flattened"):
            item_name = member.member.serialization.get("name")
            if item_name:
                return str(item_name)
        return str(serialization.get("name", name))

    def _reader(self, shape: Shape) -> Read:
        if isinstance(shape, StructureShape):
            return self.structure(shape)
        if isinstance(shape, ListShape):
            return self._list(shape)
        if isinstance(shape, MapShape):
            return self._map(shape)
        return _leaf(text_decoder(shape.type_name, timestamp_format(shape, "iso8601")))

    def _list(self, shape: ListShape) -> Read:
        item = self._reader(shape.member)
        flattened = self._ec2 or shape.serialization.get("flattened")
        item_name = "" if flattened else str(shape.member.serialization.get("name", "member"))

        def decode(node: Node) -> list[Any]:
            return [item(entry) for entry in _numbered(node, item_name)]

        return decode

    def _map(self, shape: MapShape) -> Read:
        key_name = str(shape.key.serialization.get("name", "key"))
        value_name = str(shape.value.serialization.get("name", "value"))
        item = self._reader(shape.value)
        entry_name = "" if shape.serialization.get("flattened") else "entry"

        def decode(node: Node) -> dict[str, Any]:
            decoded = {}
            for entry in _numbered(node, entry_name):
                key, value = entry.below.get(key_name), entry.below.get(value_name)
                if key is None or key.text is None or value is None:
                    raise MalformedInput("A map's entry has a key and a value")
                decoded[key.text] = item(value)
            return decoded

        return decode


def _leaf(from_text: Convert) -> Read:
    def decode(node: Node) -> Any:
        if node.text is None:
            raise MalformedInput("Start of structure or map found where not expected")
        try:
            return from_text(node.text)
        except SerializationException as error:
            raise MalformedInput(error.message) from error

    return decode


def _descend(node: Node, path: tuple[str, ...]) -> Node | None:
    found: Node | None = node
    for segment in path:
        if found is None:
            return None
        found = found.below.get(segment)
    return found


def _numbered(node: Node, name: str) -> list[Node]:
    """The nodes `.name.1`, `.name.2` … in the order of their numbers."""
    parent = node.below.get(name) if name else node
    if parent is None:
        return []
    numbered = [
        (int(index), entry)
        for index, entry in parent.below.items()
        if index.isascii() and index.isdigit() and len(index) <= _INDEX_DIGITS
    ]
    return [entry for _, entry in sorted(numbered, key=lambda pair: pair[0])]
