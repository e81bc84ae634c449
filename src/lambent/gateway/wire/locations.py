"""Members outside the body: labels in the path, the query string, headers.

Readers are closures that put a member into the parameters; writers add headers to a response.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from botocore.model import ListShape, MapShape, Shape

from lambent.core.errors import SerializationException
from lambent.core.http import HttpRequest
from lambent.gateway.wire.scalars import Convert, bad_text, text_decoder, text_encoder
from lambent.gateway.wire.trees import timestamp_format

Put = Callable[[HttpRequest, Mapping[str, str], Mapping[str, list[str]], dict[str, Any]], None]
"""Puts a member into the parameters, from the request, its labels and its query string."""

PutHeader = Callable[[list[tuple[str, str]], Any], None]

_LIST_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')
_HTTP_DATE = re.compile(r"[A-Za-z]+,[^,]+|[^,]+")


def location_of(part: Shape) -> str | None:
    """Where the model puts the member; None for the body."""
    location = part.serialization.get("location")
    return None if location is None else str(location)


def parse_query(query: str) -> dict[str, list[str]]:
    """The query string's values by name. Raises SerializationException."""
    if not query:
        return {}
    try:
        return parse_qs(query, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise SerializationException("The query string is not valid UTF-8") from error


def label_putter(name: str, wire_name: str, part: Shape) -> Put:
    """Reads a member from the path."""
    from_text = text_decoder(part.type_name, timestamp_format(part, "iso8601"))

    def put(
        _request: HttpRequest,
        labels: Mapping[str, str],
        _query: Mapping[str, list[str]],
        params: dict[str, Any],
    ) -> None:
        text = labels.get(wire_name)
        if text is not None:
            params[name] = from_text(text)

    return put


def query_putter(name: str, wire_name: str, part: Shape, taken: frozenset[str]) -> Put:
    """Reads a member from the query string; a map takes every name that is not taken."""
    if isinstance(part, MapShape):
        many = isinstance(part.value, ListShape)

        def put_map(
            _request: HttpRequest,
            _labels: Mapping[str, str],
            query: Mapping[str, list[str]],
            params: dict[str, Any],
        ) -> None:
            found = {
                key: values if many else values[-1]
                for key, values in query.items()
                if key not in taken
            }
            if found:
                params[name] = found

        return put_map

    shape = part.member if isinstance(part, ListShape) else part
    from_text = text_decoder(shape.type_name, timestamp_format(shape, "iso8601"))
    is_list = isinstance(part, ListShape)

    def put(
        _request: HttpRequest,
        _labels: Mapping[str, str],
        query: Mapping[str, list[str]],
        params: dict[str, Any],
    ) -> None:
        values = query.get(wire_name)
        if values is not None:
            params[name] = (
                [from_text(value) for value in values] if is_list else from_text(values[-1])
            )

    return put


def prefix_headers_putter(name: str, prefix: str) -> Put:
    """Reads a map from all headers that begin so (`x-amz-meta-`)."""

    def put(
        request: HttpRequest,
        _labels: Mapping[str, str],
        _query: Mapping[str, list[str]],
        params: dict[str, Any],
    ) -> None:
        found = {
            key[len(prefix) :]: value
            for key, value in request.headers.items()
            if key.startswith(prefix)
        }
        if found:
            params[name] = found

    return put


def header_putter(name: str, wire_name: str, part: Shape) -> Put:
    """Reads a member from a header."""
    from_text = header_decoder(part)

    def put(
        request: HttpRequest,
        _labels: Mapping[str, str],
        _query: Mapping[str, list[str]],
        params: dict[str, Any],
    ) -> None:
        text = request.headers.get(wire_name)
        if text is not None:
            params[name] = from_text(text)

    return put


def header_decoder(part: Shape) -> Convert:
    """A header's text to its value; lists are split at commas outside quotes."""
    if isinstance(part, ListShape):
        item_shape = part.member
        from_text = text_decoder(item_shape.type_name, timestamp_format(item_shape, "rfc822"))
        split = _split_dates if item_shape.type_name == "timestamp" else _split_items
        return lambda text: [from_text(item) for item in split(text)]
    if part.serialization.get("jsonvalue"):
        return _json_header
    return text_decoder(part.type_name, timestamp_format(part, "rfc822"))


def _split_items(text: str) -> list[str]:
    items = []
    position = 0
    while position < len(text):
        found = _LIST_ITEM.match(text, position)
        if found is None:
            raise bad_text(text, "string")
        quoted, plain = found.groups()
        items.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain.strip())
        position = found.end()
    return items


def _split_dates(text: str) -> list[str]:
    return [item.strip() for item in _HTTP_DATE.findall(text)]


def _json_header(text: str) -> Any:
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except (ValueError, RecursionError) as error:
        raise bad_text(text, "string") from error


def header_writer(part: Shape, name: str) -> PutHeader:
    """Writes a member into a header, or a map into as many."""
    wire_name = str(part.serialization.get("name", name))
    if isinstance(part, MapShape):
        to_text = text_encoder(part.value.type_name, "rfc822")

        def write_map(lines: list[tuple[str, str]], value: Any) -> None:
            for key, entry in value.items():
                lines.append((wire_name + key, _one_line(to_text(entry))))

        return write_map
    to_header = header_encoder(part)

    def write(lines: list[tuple[str, str]], value: Any) -> None:
        lines.append((wire_name, _one_line(to_header(value))))

    return write


def header_encoder(part: Shape) -> Callable[[Any], str]:
    """A value to a header's text."""
    if isinstance(part, ListShape):
        to_item = header_encoder(part.member)
        return lambda value: ",".join(_quoted(to_item(item)) for item in value)
    if part.serialization.get("jsonvalue"):
        return lambda value: base64.b64encode(json.dumps(value).encode()).decode("ascii")
    return text_encoder(part.type_name, timestamp_format(part, "rfc822"))


def _quoted(item: str) -> str:
    if '"' in item or ("," in item and not item.endswith(" GMT")):
        escaped = item.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return item


def _one_line(text: str) -> str:
    # A line break in a header would let a value write headers of its own.
    return text.replace("\r", " ").replace("\n", " ")
