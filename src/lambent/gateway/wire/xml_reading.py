"""XML in: a small parser that refuses what requests never need, and compiled decoders over it.

No DTD, hence no entities; no namespaces (AWS ignores them: names are compared without prefix);
bounded depth.
"""

from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from botocore.model import ListShape, MapShape, Shape, StructureShape

from lambent.core.errors import AwsError
from lambent.gateway.wire.scalars import Convert, text_decoder
from lambent.gateway.wire.trees import timestamp_format

MAX_DEPTH = 64


class MalformedXML(AwsError):
    """S3's and its siblings' word for a body that is not the XML they ask for."""


def malformed() -> MalformedXML:
    """The error in AWS's words."""
    return MalformedXML(
        "The XML you provided was not well-formed or did not validate against our published schema"
    )


class Element:
    """An element without its namespace: `<s3:Key>` is Key."""

    __slots__ = ("attributes", "children", "name", "pieces")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name.rpartition(":")[2]
        self.attributes = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        self.children: list[Element] = []
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class _Refused(Exception):
    pass


class _Tree:
    """Collects expat's calls into elements."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise _Refused
        element = Element(name, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].pieces.append(data)

    def refuse(self, *_arguments: object) -> None:
        raise _Refused


def parse(body: bytes) -> Element:
    """The root element. Raises MalformedXML."""
    tree = _Tree()
    parser = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    parser.StartDoctypeDeclHandler = tree.refuse
    parser.EntityDeclHandler = tree.refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, _Refused, ValueError) as error:
        raise malformed() from error
    if tree.root is None:
        raise malformed()
    return tree.root


Read = Callable[[list[Element]], Any]
"""The value of all the elements of one name in their parent (one, unless it is flattened)."""


class XmlReader:
    """Compiles shapes into decoders over elements; one for each service."""

    def __init__(self) -> None:
        self._structures: dict[str, Convert] = {}

    def structure(self, shape: StructureShape) -> Convert:
        """Element to dict; elements that the model does not have are ignored."""
        known = self._structures.get(shape.name)
        if known is not None:
            return known
        members: dict[str, tuple[str, Read]] = {}
        attributes: dict[str, str] = {}
        decode = self._structures[shape.name] = _structure_decoder(members, attributes)
        self._fill(shape, list(shape.members), members, attributes)
        return decode

    def members(self, shape: StructureShape, names: list[str]) -> Convert:
        """A decoder for some of a structure's members, as REST bodies hold them."""
        members: dict[str, tuple[str, Read]] = {}
        attributes: dict[str, str] = {}
        self._fill(shape, names, members, attributes)
        return _structure_decoder(members, attributes)

    def _fill(
        self,
        shape: StructureShape,
        names: list[str],
        members: dict[str, tuple[str, Read]],
        attributes: dict[str, str],
    ) -> None:
        for name in names:
            member = shape.members[name]
            wire_name = member_name(member, name).rpartition(":")[2]
            if member.serialization.get("xmlAttribute"):
                attributes[wire_name] = name
            else:
                members[wire_name] = (name, self._reader(member))

    def _reader(self, shape: Shape) -> Read:
        flattened = shape.serialization.get("flattened")
        if isinstance(shape, ListShape):
            item = self._item(shape.member)
            if flattened:
                return lambda elements: [item(element) for element in elements]
            return lambda elements: [item(child) for child in elements[-1].children]
        if isinstance(shape, MapShape):
            pair = self._pair(shape)
            if flattened:
                return lambda elements: dict(pair(element) for element in elements)
            return lambda elements: dict(pair(child) for child in elements[-1].children)
        item = self._item(shape)
        return lambda elements: item(elements[-1])

    def _item(self, shape: Shape) -> Convert:
        if isinstance(shape, StructureShape):
            return self.structure(shape)
        if isinstance(shape, ListShape | MapShape):
            read = self._reader(shape)
            return lambda element: read([element])
        from_text = text_decoder(shape.type_name, timestamp_format(shape, "iso8601"))
        return lambda element: from_text(element.text)

    def _pair(self, shape: MapShape) -> Callable[[Element], tuple[str, Any]]:
        key_name = str(shape.key.serialization.get("name", "key"))
        value_name = str(shape.value.serialization.get("name", "value"))
        item = self._item(shape.value)

        def read(element: Element) -> tuple[str, Any]:
            by_name = {child.name: child for child in element.children}
            if key_name not in by_name or value_name not in by_name:
                raise malformed()
            return by_name[key_name].text, item(by_name[value_name])

        return read


def member_name(member: Shape, name: str) -> str:
    """What a structure's member is called in XML; a flattened list is named by its items."""
    if isinstance(member, ListShape) and member.serialization.get("flattened"):
        item_name = member.member.serialization.get("name")
        if item_name is not None:
            return str(item_name)
    return str(member.serialization.get("name", name))


def _structure_decoder(members: dict[str, tuple[str, Read]], attributes: dict[str, str]) -> Convert:
    def decode(element: Element) -> dict[str, Any]:
        decoded: dict[str, Any] = {}
        for key, value in element.attributes.items():
            if key in attributes:
                decoded[attributes[key]] = value
        grouped: dict[str, list[Element]] = {}
        for child in element.children:
            grouped.setdefault(child.name, []).append(child)
        for key, elements in grouped.items():
            member = members.get(key)
            if member is not None:
                decoded[member[0]] = member[1](elements)
        return decoded

    return decode
