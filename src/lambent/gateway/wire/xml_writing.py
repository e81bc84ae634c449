"""XML out: compiled writers that append text, for rest-xml bodies and query answers."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from lambent.gateway.wire.scalars import string_out, text_encoder
from lambent.gateway.wire.trees import timestamp_format
from lambent.gateway.wire.xml_reading import member_name

Write = Callable[[list[str], Any], None]

_UNSAFE = re.compile(r"[&<>\"\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;"}


def escape(text: str) -> str:
    """Text for an element or a quoted attribute.

    Characters that no XML document may hold, escaped or not, become U+FFFD: one of them would
    make the whole answer unreadable.
    """
    return _UNSAFE.sub(lambda found: _ESCAPES.get(found.group(), "\ufffd"), text)


def namespace_attribute(namespace: object) -> str:
    """The model's `xmlNamespace` as an attribute with a leading space, or nothing."""
    if isinstance(namespace, Mapping):
        prefix = namespace.get("prefix")
        name = f"xmlns:{prefix}" if prefix else "xmlns"
        return f' {name}="{escape(namespace["uri"])}"'
    return f' xmlns="{escape(str(namespace))}"' if namespace else ""


class XmlWriter:
    """Compiles shapes into writers; one for each service.

    A whole element's writer knows its name, so that tags are made once.
    """

    def __init__(self) -> None:
        self._elements: dict[tuple[str, str, str], Write] = {}

    def element(self, shape: Shape, name: str) -> Write:
        """Writes one value as one element (or, for a flattened list or map, as many)."""
        key = (shape.name, name, repr(shape.serialization))
        known = self._elements.get(key)
        if known is not None:
            return known
        if isinstance(shape, StructureShape):
            return self._structure(shape, name, key)
        if isinstance(shape, ListShape):
            return self._list(shape, name)
        if isinstance(shape, MapShape):
            return self._map(shape, name)
        return self._leaf(shape, name)

    def members(self, shape: StructureShape, names: list[str]) -> Write:
        """Writes some of a structure's members, without an element around them."""
        writers: dict[str, Write] = {}
        self._fill(shape, names, writers)
        return _members_writer(shape.name, writers, {})

    def _fill(self, shape: StructureShape, names: list[str], writers: dict[str, Write]) -> None:
        for name in names:
            member = shape.members[name]
            if not member.serialization.get("xmlAttribute"):
                writers[name] = self.element(member, member_name(member, name))

    def _structure(self, shape: StructureShape, name: str, key: tuple[str, str, str]) -> Write:
        writers: dict[str, Write] = {}
        attributes = {
            member: str(part.serialization["name"])
            for member, part in shape.members.items()
            if part.serialization.get("xmlAttribute")
        }
        write_members = _members_writer(shape.name, writers, attributes)
        start = f"<{name}{namespace_attribute(shape.serialization.get('xmlNamespace'))}"
        end = f"</{name}>"

        def write(out: list[str], value: Any) -> None:
            out.append(start)
            for member, attribute in attributes.items():
                if value.get(member) is not None:
                    out.append(f' {attribute}="{escape(string_out(value[member]))}"')
            out.append(">")
            write_members(out, value)
            out.append(end)

        # Known before its members are compiled: a structure may hold itself.
        self._elements[key] = write
        self._fill(shape, list(shape.members), writers)
        return write

    def _list(self, shape: ListShape, name: str) -> Write:
        if shape.serialization.get("flattened"):
            return _each(self.element(shape.member, name))
        item_name = str(shape.member.serialization.get("name", "member"))
        write_items = _each(self.element(shape.member, item_name))
        return _wrapped(shape, name, write_items)

    def _map(self, shape: MapShape, name: str) -> Write:
        write_key = self.element(shape.key, str(shape.key.serialization.get("name", "key")))
        write_value = self.element(shape.value, str(shape.value.serialization.get("name", "value")))
        flattened = shape.serialization.get("flattened")
        pair_name = name if flattened else "entry"

        def write_pairs(out: list[str], value: Any) -> None:
            for key, entry in value.items():
                out.append(f"<{pair_name}>")
                write_key(out, key)
                write_value(out, entry)
                out.append(f"</{pair_name}>")

        return write_pairs if flattened else _wrapped(shape, name, write_pairs)

    def _leaf(self, shape: Shape, name: str) -> Write:
        to_text = text_encoder(shape.type_name, timestamp_format(shape, "iso8601"))
        start = f"<{name}{namespace_attribute(shape.serialization.get('xmlNamespace'))}>"
        end = f"</{name}>"
        return lambda out, value: out.append(f"{start}{escape(to_text(value))}{end}")


def _each(write_item: Write) -> Write:
    def write(out: list[str], value: Any) -> None:
        if isinstance(value, str | bytes | dict):
            raise TypeError(f"a list is wanted, not {value!r}")
        for item in value:
            write_item(out, item)

    return write


def _wrapped(shape: Shape, name: str, write_inside: Write) -> Write:
    start = f"<{name}{namespace_attribute(shape.serialization.get('xmlNamespace'))}>"
    end = f"</{name}>"

    def write(out: list[str], value: Any) -> None:
        out.append(start)
        write_inside(out, value)
        out.append(end)

    return write


def _members_writer(owner: str, writers: dict[str, Write], attributes: dict[str, str]) -> Write:
    def write(out: list[str], value: Any) -> None:
        for key, entry in value.items():
            if entry is None or key in attributes:
                continue
            write_member = writers.get(key)
            if write_member is None:
                raise KeyError(f"{owner} has no member {key}")
            write_member(out, entry)

    return write
