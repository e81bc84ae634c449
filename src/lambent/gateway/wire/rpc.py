"""The RPC protocols: the whole input is the body, the whole output is the body."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from botocore.model import OperationModel, StructureShape

from lambent.core.http import HttpRequest, HttpResponse
from lambent.gateway.wire import eventstream
from lambent.gateway.wire.bodies import Bodies, WriteBody
from lambent.gateway.wire.forms import FormReader, parse_form
from lambent.gateway.wire.rest import Decode, Encode
from lambent.gateway.wire.xml_writing import XmlWriter, escape, namespace_attribute


class TreeRpcCompiler:
    """json 1.0 and 1.1, and smithy-rpc-v2-cbor."""

    def __init__(self, bodies: Bodies, extra_headers: tuple[tuple[str, str], ...] = ()) -> None:
        self._bodies = bodies
        self._extra_headers = extra_headers

    def decoder(self, operation: OperationModel) -> Decode:
        """The request to the operation's parameters."""
        shape = operation.input_shape
        if shape is None:
            return lambda _request, _labels: {}
        read = self._bodies.reader(shape, list(shape.members))
        return lambda request, _labels: read(request.body)

    def encoder(self, operation: OperationModel) -> Encode:
        """The operation's result to the response. AWS: no output shape, an empty body."""
        shape = operation.output_shape
        for name, part in shape.members.items() if shape else ():
            if shape and part.serialization.get("eventstream"):
                return self._stream_encoder(shape, name)
        content_type = self._bodies.content_type
        extra = self._extra_headers
        write = _write_nothing(operation.name)
        if shape is not None:
            write = self._bodies.writer(shape, list(shape.members), shape.name)

        def encode(result: dict[str, Any], request_id: str) -> HttpResponse:
            headers = (("x-amzn-RequestId", request_id), ("Content-Type", content_type), *extra)
            return HttpResponse(headers=headers, body=write(result))

        return encode

    def _stream_encoder(self, shape: StructureShape, stream: str) -> Encode:
        bodies = self._bodies
        write_first = bodies.writer(shape, [n for n in shape.members if n != stream], shape.name)
        write_events = eventstream.compile_stream(shape.members[stream], bodies)
        extra = self._extra_headers

        def encode(result: dict[str, Any], request_id: str) -> HttpResponse:
            first = write_first({key: value for key, value in result.items() if key != stream})
            frame = eventstream.initial_response(first, bodies.content_type)

            async def body() -> AsyncIterator[bytes]:
                yield frame
                async for piece in write_events(result[stream]):
                    yield piece

            headers = (
                ("x-amzn-RequestId", request_id),
                ("Content-Type", eventstream.CONTENT_TYPE),
                *extra,
            )
            return HttpResponse(headers=headers, body=body())

        return encode


class QueryCompiler:
    """query, and its elder variant ec2."""

    def __init__(self, namespace: str, *, ec2: bool = False) -> None:
        self._namespace = namespace
        self._ec2 = ec2
        self._forms = FormReader(ec2=ec2)
        self._writer = XmlWriter()

    def decoder(self, operation: OperationModel) -> Decode:
        """The request's form to the operation's parameters."""
        shape = operation.input_shape
        if shape is None:
            return lambda _request, _labels: {}
        read = self._forms.structure(shape)

        def decode(request: HttpRequest, _labels: Mapping[str, str]) -> dict[str, Any]:
            params: dict[str, Any] = read(parse_form(request))
            return params

        return decode

    def encoder(self, operation: OperationModel) -> Encode:
        """The operation's result to XML in the operation's own response element."""
        name = operation.name
        shape = operation.output_shape
        start = f"<{name}Response{namespace_attribute(self._namespace)}>"
        if shape is None:
            write = self._writer.members(StructureShape(name, {"type": "structure"}), [])
        else:
            write = self._writer.members(shape, list(shape.members))
        wrapper = (
            "" if self._ec2 or shape is None else str(shape.serialization.get("resultWrapper", ""))
        )
        ec2 = self._ec2

        def encode(result: dict[str, Any], request_id: str) -> HttpResponse:
            request = escape(request_id)
            out = [start]
            if ec2:
                out.append(f"<requestId>{request}</requestId>")
            out.append(f"<{wrapper}>" if wrapper else "")
            write(out, result)
            out.append(f"</{wrapper}>" if wrapper else "")
            if not ec2:
                metadata = f"<RequestId>{request}</RequestId>"
                out.append(f"<ResponseMetadata>{metadata}</ResponseMetadata>")
            out.append(f"</{name}Response>")
            headers = (("x-amzn-RequestId", request_id), ("Content-Type", "text/xml"))
            return HttpResponse(headers=headers, body="".join(out).encode())

        return encode


def _write_nothing(operation: str) -> WriteBody:
    def write(result: dict[str, Any]) -> bytes:
        for name, value in result.items():
            if value is not None:
                raise KeyError(f"{operation} answers with no {name}")
        return b""

    return write
