"""Values of the model as trees of dicts and lists: what JSON and CBOR bodies hold.

A `TreeCodec` compiles a shape to one closure for reading and one for writing. The protocols
differ only in their leaves: JSON writes blobs as base64 and instants as numbers, CBOR has both.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from lambent.gateway.wire import scalars, timestamps
from lambent.gateway.wire.scalars import Convert, wrong_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """How a protocol's trees hold what JSON has no type for."""

    native: bool  # CBOR: bytes, instants and every float are values of the format itself


JSON_LEAVES = Leaves(native=False)
CBOR_LEAVES = Leaves(native=True)


def timestamp_format(shape: Shape, default: str) -> str:
    """The format the model gives this shape, in lower case, or the protocol's own."""
    return str(shape.serialization.get("timestampFormat", default)).lower()


def _string_in(value: Any) -> str:
    if type(value) is str:
        return value
    raise wrong_type(value, "string")


def _boolean_in(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise wrong_type(value, "boolean")


def _integer_in(type_name: str) -> Convert:
    def decode(value: Any) -> int:
        if type(value) is int:
            return value
        # AWS: its JSON parser truncates a decimal where the model has an integer.
        if type(value) is float and math.isfinite(value):
            return int(value)
        raise wrong_type(value, type_name)

    return decode


def _float_in(value: Any) -> float:
    if type(value) is float or type(value) is int:
        return value
    if type(value) is str and value in {"NaN", "Infinity", "-Infinity"}:
        return float(value)
    raise wrong_type(value, "double")


def _blob_in(value: Any) -> bytes:
    if type(value) is str:
        return scalars.blob_from_text(value)
    raise wrong_type(value, "blob")


def _bytes_in(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    raise wrong_type(value, "blob")


def _instant_in(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    return _epoch_in(value)


def _epoch_in(value: Any) -> datetime:
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        try:
            return timestamps.from_epoch(value)
        except ValueError as error:
            raise wrong_type(value, "timestamp") from error
    raise wrong_type(value, "timestamp")


def _timestamp_text_in(format_: str) -> Convert:
    from_text = scalars.timestamp_from_text(format_)
    return lambda value: from_text(value) if type(value) is str else _epoch_in(value)


def _epoch_out(value: Any) -> int | float:
    return timestamps.to_epoch(scalars.timestamp_out(value))


class TreeCodec:
    """Compiles shapes; one for each service and protocol, so that shared shapes compile once."""

    def __init__(self, leaves: Leaves) -> None:
        self._native = leaves.native
        self._decoders: dict[str, Convert] = {}
        self._encoders: dict[str, Convert] = {}

    def decoder(self, shape: Shape) -> Convert:
        """Tree to value; raises SerializationException where the types differ."""
        if isinstance(shape, StructureShape):
            if shape.is_document_type:
                return _document
            return self._decoders.get(shape.name) or self._structure_decoder(shape)
        if isinstance(shape, ListShape):
            return self._list_decoder(shape)
        if isinstance(shape, MapShape):
            return self._map_decoder(shape)
        return self._leaf_decoder(shape)

    def encoder(self, shape: Shape) -> Convert:
        """Value to tree; raises TypeError or KeyError for what the model does not have."""
        if isinstance(shape, StructureShape):
            if shape.is_document_type:
                return _document
            return self._encoders.get(shape.name) or self._structure_encoder(shape)
        if isinstance(shape, ListShape):
            return self._list_encoder(shape)
        if isinstance(shape, MapShape):
            return self._map_encoder(shape)
        return self._leaf_encoder(shape)

    def members_decoder(self, shape: StructureShape, names: list[str]) -> Convert:
        """A decoder for some of a structure's members, as REST bodies hold them."""
        members: dict[str, tuple[str, Convert]] = {}
        decode = _decode_members(members)
        self._fill_decoders(members, shape, names)
        return decode

    def members_encoder(self, shape: StructureShape, names: list[str]) -> Convert:
        """An encoder for some of a structure's members; others are refused."""
        members: dict[str, tuple[str, Convert]] = {}
        encode = _encode_members(shape.name, members)
        self._fill_encoders(members, shape, names)
        return encode

    def _structure_decoder(self, shape: StructureShape) -> Convert:
        members: dict[str, tuple[str, Convert]] = {}
        # Known before its members are compiled: a structure may hold itself.
        decode = self._decoders[shape.name] = _decode_members(members)
        self._fill_decoders(members, shape, list(shape.members))
        return decode

    def _structure_encoder(self, shape: StructureShape) -> Convert:
        members: dict[str, tuple[str, Convert]] = {}
        encode = self._encoders[shape.name] = _encode_members(shape.name, members)
        self._fill_encoders(members, shape, list(shape.members))
        return encode

    def _fill_decoders(
        self, members: dict[str, tuple[str, Convert]], shape: StructureShape, names: list[str]
    ) -> None:
        for name in names:
            member = shape.members[name]
            members[self._wire_name(member, name)] = (name, self.decoder(member))

    def _fill_encoders(
        self, members: dict[str, tuple[str, Convert]], shape: StructureShape, names: list[str]
    ) -> None:
        for name in names:
            member = shape.members[name]
            members[name] = (self._wire_name(member, name), self.encoder(member))

    def _wire_name(self, member: Shape, name: str) -> str:
        # rpc-v2-cbor has no names but the model's own; JSON honours `locationName`.
        return name if self._native else str(member.serialization.get("name", name))

    def _list_decoder(self, shape: ListShape) -> Convert:
        item = self.decoder(shape.member)

        def decode(value: Any) -> list[Any]:
            if type(value) is not list:
                raise wrong_type(value, "list")
            return [None if entry is None else item(entry) for entry in value]

        return decode

    def _list_encoder(self, shape: ListShape) -> Convert:
        item = self.encoder(shape.member)
        return lambda value: [None if entry is None else item(entry) for entry in _items(value)]

    def _map_decoder(self, shape: MapShape) -> Convert:
        item = self.decoder(shape.value)

        def decode(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                raise wrong_type(value, "map")
            decoded = {}
            for key, entry in value.items():
                decoded[_string_in(key)] = None if entry is None else item(entry)
            return decoded

        return decode

    def _map_encoder(self, shape: MapShape) -> Convert:
        item = self.encoder(shape.value)

        def encode(value: Any) -> dict[str, Any]:
            return {
                scalars.string_out(key): None if entry is None else item(entry)
                for key, entry in value.items()
            }

        return encode

    def _leaf_decoder(self, shape: Shape) -> Convert:
        decoders: dict[str, Convert] = {
            "boolean": _boolean_in,
            "integer": _integer_in("integer"),
            "long": _integer_in("long"),
            "float": _float_in,
            "double": _float_in,
            "blob": _bytes_in if self._native else _blob_in,
        }
        if shape.type_name != "timestamp":
            return decoders.get(shape.type_name, _string_in)
        if self._native:
            return _instant_in
        format_ = timestamp_format(shape, "unixtimestamp")
        return _epoch_in if format_ == "unixtimestamp" else _timestamp_text_in(format_)

    def _leaf_encoder(self, shape: Shape) -> Convert:
        encoders: dict[str, Convert] = {
            "boolean": scalars.boolean_out,
            "integer": scalars.integer_out,
            "long": scalars.integer_out,
            "float": scalars.float_out if self._native else scalars.float_or_special,
            "double": scalars.float_out if self._native else scalars.float_or_special,
            "blob": scalars.blob_out if self._native else scalars.base64_out,
        }
        if shape.type_name != "timestamp":
            return encoders.get(shape.type_name, scalars.string_out)
        if self._native:
            return scalars.timestamp_out
        format_ = timestamp_format(shape, "unixtimestamp")
        if format_ == "unixtimestamp":
            return _epoch_out
        return scalars.text_encoder("timestamp", format_)


def _document(value: Any) -> Any:
    return value


def _items(value: Any) -> Any:
    if isinstance(value, str | bytes | dict):
        raise TypeError(f"a list is wanted, not {value!r}")
    return value


def _decode_members(members: dict[str, tuple[str, Convert]]) -> Convert:
    get = members.get

    def decode(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise wrong_type(value, "structure")
        decoded = {}
        for key, entry in value.items():
            if entry is None:
                continue
            member = get(key)
            if member is not None:
                decoded[member[0]] = member[1](entry)
        return decoded

    return decode


def _encode_members(owner: str, members: dict[str, tuple[str, Convert]]) -> Convert:
    get = members.get

    def encode(value: Any) -> dict[str, Any]:
        encoded = {}
        for key, entry in value.items():
            if entry is None:
                continue
            member = get(key)
            if member is None:
                raise KeyError(f"{owner} has no member {key}")
            encoded[member[0]] = member[1](entry)
        return encoded

    return encode
