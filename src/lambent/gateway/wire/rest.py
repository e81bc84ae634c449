"""REST bindings: which members travel in labels, query strings, headers and the status.

One compiler for rest-json and rest-xml; what is left for the body is theirs (`Bodies`).
"""

import base64
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from lambent.core.errors import SerializationException
from lambent.core.http import HttpRequest, HttpResponse
from lambent.gateway.wire import dialects, eventstream
from lambent.gateway.wire.bodies import Bodies, text_payload
from lambent.gateway.wire.scalars import Convert, bad_text, text_decoder, text_encoder
from lambent.gateway.wire.trees import timestamp_format

Decode = Callable[[HttpRequest, Mapping[str, str]], dict[str, Any]]
Encode = Callable[[dict[str, Any], str], HttpResponse]
_Put = Callable[[HttpRequest, Mapping[str, str], Mapping[str, list[str]], dict[str, Any]], None]
_PutHeader = Callable[[list[tuple[str, str]], Any], None]

_LIST_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')
_HTTP_DATE = re.compile(r"[A-Za-z]+,[^,]+|[^,]+")


class InvalidArgument(SerializationException):
    """S3's word for a header or a query parameter that cannot be read."""


class RestCompiler:
    """Compiles the operations of one REST service."""

    def __init__(self, service: str, bodies: Bodies, request_id_header: str) -> None:
        self._service = service
        self._bodies = bodies
        self._request_id_header = request_id_header

    def decoder(self, operation: OperationModel) -> Decode:
        """The request to the operation's parameters."""
        shape = operation.input_shape
        if shape is None:
            return lambda _request, _labels: {}
        bound = [name for name, part in shape.members.items() if _location(part) is not None]
        literal_names = _literal_query_names(operation)
        putters = [self._putter(name, shape, literal_names) for name in bound]
        put_body = self._body_putter(shape, [name for name in shape.members if name not in bound])

        def read(request: HttpRequest, labels: Mapping[str, str]) -> dict[str, Any]:
            query: Mapping[str, list[str]] = _parse_query(request.query)
            params: dict[str, Any] = {}
            for put in putters:
                put(request, labels, query, params)
            put_body(request, params)
            return params

        return _in_words_of_s3(read) if self._service == "s3" else read

    def encoder(self, operation: OperationModel) -> Encode:
        """The operation's result to the response."""
        status = int(operation.http.get("responseCode", 200))
        shape = operation.output_shape
        headers: dict[str, _PutHeader] = {}
        status_member = ""
        in_body: list[str] = []
        for name, part in shape.members.items() if shape else ():
            location = _location(part)
            if location == "statusCode":
                status_member = name
            elif location is not None:
                headers[name] = _header_writer(part, name)
            else:
                in_body.append(name)
        write_body = self._body_writer(operation, shape, in_body)
        head = operation.http["method"] == "HEAD"
        id_header = self._request_id_header

        def encode(result: dict[str, Any], request_id: str) -> HttpResponse:
            lines = [(id_header, request_id)]
            rest = {}
            sent_status = status
            for name, value in result.items():
                if value is None:
                    continue
                if name in headers:
                    headers[name](lines, value)
                elif name == status_member:
                    sent_status = int(value)
                else:
                    rest[name] = value
            content_type, body = write_body(rest)
            if head or sent_status in (204, 304):
                content_type, body = "", b""
            if content_type and not any(name.lower() == "content-type" for name, _ in lines):
                lines.append(("Content-Type", content_type))
            return HttpResponse(status=sent_status, headers=tuple(lines), body=body)

        return encode

    def _putter(self, name: str, shape: StructureShape, literal_names: frozenset[str]) -> _Put:
        part = shape.members[name]
        location = _location(part)
        wire_name = str(part.serialization.get("name", name))
        if location == "uri":
            return _label_putter(name, wire_name, part)
        if location == "querystring":
            taken = literal_names | {
                str(other.serialization.get("name", other_name))
                for other_name, other in shape.members.items()
                if other_name != name and _location(other) == "querystring"
            }
            return _query_putter(name, wire_name, part, taken)
        if location == "headers":
            return _prefix_headers_putter(name, wire_name.lower())
        return _header_putter(name, wire_name.lower(), part)

    def _body_putter(
        self, shape: StructureShape, names: list[str]
    ) -> Callable[[HttpRequest, dict[str, Any]], None]:
        payload = shape.serialization.get("payload")
        read: Callable[[bytes], Any]
        if payload is None:
            if not names:
                return lambda _request, _params: None
            read = self._bodies.reader(shape, names)
            return lambda request, params: params.update(read(request.body))
        part = shape.members[payload]
        if part.serialization.get("eventstream"):
            read = eventstream.compile_events_reader(part, self._bodies)
        elif part.type_name == "blob":
            read = bytes
        elif part.type_name == "string":
            read = text_payload
        else:
            read = self._bodies.payload_reader(part)

        def put(request: HttpRequest, params: dict[str, Any]) -> None:
            if request.body:
                params[payload] = read(request.body)

        return put

    def _body_writer(
        self, operation: OperationModel, shape: StructureShape | None, names: list[str]
    ) -> Callable[[dict[str, Any]], tuple[str, bytes | AsyncIterator[bytes]]]:
        bodies = self._bodies
        if shape is None:
            return lambda rest: (bodies.content_type, _nothing(operation.name, rest))
        payload = shape.serialization.get("payload")
        if payload is not None:
            return self._payload_writer(operation, shape, payload)
        if not names and shape.members:
            return lambda rest: (bodies.content_type, _nothing(operation.name, rest))
        if self._service == "s3" and operation.name == "GetBucketLocation":
            return _bucket_location
        roots = dialects.XML_ROOTS.get(self._service, {})
        root = str(shape.serialization.get("name", roots.get(operation.name, shape.name)))
        write = bodies.writer(shape, names, root)
        return lambda rest: (bodies.content_type, write(rest))

    def _payload_writer(
        self, operation: OperationModel, shape: StructureShape, payload: str
    ) -> Callable[[dict[str, Any]], tuple[str, bytes | AsyncIterator[bytes]]]:
        part = shape.members[payload]
        write: Callable[[Any], bytes | AsyncIterator[bytes]]
        content_type = self._bodies.content_type
        if part.serialization.get("eventstream"):
            write = eventstream.compile_stream(part, self._bodies)
            content_type = eventstream.CONTENT_TYPE
        elif part.type_name == "blob":
            write = _blob_body
            types = dialects.BLOB_CONTENT_TYPES
            content_type = types.get(self._service, "application/octet-stream")
        elif part.type_name == "string":
            write = str.encode
            content_type = "text/plain"
        else:
            write = self._bodies.payload_writer(part)

        def write_payload(rest: dict[str, Any]) -> tuple[str, bytes | AsyncIterator[bytes]]:
            value = rest.pop(payload, None)
            _nothing(operation.name, rest)
            return ("", b"") if value is None else (content_type, write(value))

        return write_payload


def _in_words_of_s3(read: Decode) -> Decode:
    def decode(request: HttpRequest, labels: Mapping[str, str]) -> dict[str, Any]:
        try:
            return read(request, labels)
        except SerializationException as error:
            raise InvalidArgument(error.message) from error

    return decode


def _location(part: Shape) -> str | None:
    location = part.serialization.get("location")
    return None if location is None else str(location)


def _literal_query_names(operation: OperationModel) -> frozenset[str]:
    _, _, query = str(operation.http["requestUri"]).partition("?")
    return frozenset(part.partition("=")[0] for part in query.split("&") if part)


def _parse_query(query: str) -> dict[str, list[str]]:
    if not query:
        return {}
    try:
        return parse_qs(query, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise SerializationException("The query string is not valid UTF-8") from error


def _label_putter(name: str, wire_name: str, part: Shape) -> _Put:
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


def _query_putter(name: str, wire_name: str, part: Shape, taken: frozenset[str]) -> _Put:
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


def _prefix_headers_putter(name: str, prefix: str) -> _Put:
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


def _header_putter(name: str, wire_name: str, part: Shape) -> _Put:
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


def _header_writer(part: Shape, name: str) -> _PutHeader:
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


def _blob_body(value: Any) -> bytes | AsyncIterator[bytes]:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, AsyncIterator):
        return value
    raise TypeError(f"bytes or an iterator of them are wanted, not {value!r}")


def _bucket_location(rest: dict[str, Any]) -> tuple[str, bytes]:
    # AWS: the constraint is the root itself, and empty for us-east-1.
    namespace = dialects.XML_NAMESPACES["s3"]
    constraint = rest.pop("LocationConstraint", None) or ""
    _nothing("GetBucketLocation", rest)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="{namespace}">'
    return "application/xml", f"{head}{constraint}</LocationConstraint>".encode()


def _nothing(operation: str, rest: dict[str, Any]) -> bytes:
    if rest:
        raise KeyError(f"{operation} answers with no {min(rest)}")
    return b""
