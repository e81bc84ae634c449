"""REST bindings: which members travel in labels, query strings, headers and the status.

One compiler for rest-json and rest-xml; what is left for the body is theirs (`Bodies`).
"""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from botocore.model import OperationModel, StructureShape

from lambent.core.errors import SerializationException
from lambent.core.http import HttpRequest, HttpResponse
from lambent.gateway.wire import dialects, eventstream
from lambent.gateway.wire.bodies import Bodies, text_payload
from lambent.gateway.wire.locations import (
    Put,
    PutHeader,
    header_putter,
    header_writer,
    label_putter,
    location_of,
    parse_query,
    prefix_headers_putter,
    query_putter,
)

Decode = Callable[[HttpRequest, Mapping[str, str]], dict[str, Any]]
Encode = Callable[[dict[str, Any], str], HttpResponse]


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
        bound = [name for name, part in shape.members.items() if location_of(part) is not None]
        literal_names = _literal_query_names(operation)
        putters = [self._putter(name, shape, literal_names) for name in bound]
        put_body = self._body_putter(shape, [name for name in shape.members if name not in bound])

        def read(request: HttpRequest, labels: Mapping[str, str]) -> dict[str, Any]:
            query: Mapping[str, list[str]] = parse_query(request.query)
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
        headers: dict[str, PutHeader] = {}
        status_member = ""
        in_body: list[str] = []
        for name, part in shape.members.items() if shape else ():
            location = location_of(part)
            if location == "statusCode":
                status_member = name
            elif location is not None:
                headers[name] = header_writer(part, name)
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

    def _putter(self, name: str, shape: StructureShape, literal_names: frozenset[str]) -> Put:
        part = shape.members[name]
        location = location_of(part)
        wire_name = str(part.serialization.get("name", name))
        if location == "uri":
            return label_putter(name, wire_name, part)
        if location == "querystring":
            taken = literal_names | {
                str(other.serialization.get("name", other_name))
                for other_name, other in shape.members.items()
                if other_name != name and location_of(other) == "querystring"
            }
            return query_putter(name, wire_name, part, taken)
        if location == "headers":
            return prefix_headers_putter(name, wire_name.lower())
        return header_putter(name, wire_name.lower(), part)

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


def _literal_query_names(operation: OperationModel) -> frozenset[str]:
    _, _, query = str(operation.http["requestUri"]).partition("?")
    return frozenset(part.partition("=")[0] for part in query.split("&") if part)


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
