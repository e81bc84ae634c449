"""Errors out: an `AwsError` as each protocol writes it, its members where the model has them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botocore.model import OperationModel, ServiceModel, Shape, StructureShape

from lambent.core.errors import AwsError
from lambent.core.http import HttpResponse
from lambent.gateway.wire import cbor, dialects
from lambent.gateway.wire.bodies import json_bytes
from lambent.gateway.wire.locations import header_encoder
from lambent.gateway.wire.trees import CBOR_LEAVES, JSON_LEAVES, TreeCodec
from lambent.gateway.wire.xml_reading import member_name
from lambent.gateway.wire.xml_writing import XmlWriter, escape, namespace_attribute


@dataclass(frozen=True, slots=True)
class _Answer:
    """An error on its way out; what goes into its headers collects there."""

    error: AwsError
    shape: StructureShape | None
    members: dict[str, Any]
    headers: list[tuple[str, str]]
    request_id: str

    @property
    def name(self) -> str:
        return self.shape.name if self.shape else self.error.code

    @property
    def fault(self) -> str:
        return "Sender" if self.error.status < 500 else "Receiver"


class ErrorEncoder:
    """Writes the errors of one service."""

    def __init__(self, name: str, model: ServiceModel) -> None:
        self._service = name
        self._model = model
        self._trees = {"json": TreeCodec(JSON_LEAVES), "cbor": TreeCodec(CBOR_LEAVES)}
        self._xml = XmlWriter()
        self._shapes = _by_code(model.error_shapes)
        self._query_codes = dialects.QUERY_ERROR_CODES.get(name, {})
        self._query_compatible = "awsQueryCompatible" in model.metadata

    def encode(
        self, error: AwsError, protocol: str, request_id: str, operation: str | None
    ) -> HttpResponse:
        """The response; its status is the error's own."""
        shape = self._shape(error.code, operation)
        headers: list[tuple[str, str]] = []
        members = self._split_headers(error, shape, headers)
        answer = _Answer(error, shape, members, headers, request_id)
        write: Callable[[_Answer], bytes] = {
            "json": self._json,
            "rest-json": self._rest_json,
            "smithy-rpc-v2-cbor": self._cbor,
            "query": self._query,
            "ec2": self._ec2,
            "rest-xml": self._rest_xml,
        }[protocol]
        body = write(answer)
        if operation is not None and self._method(operation) == "HEAD":
            body = b""
        return HttpResponse(status=error.status, headers=tuple(headers), body=body)

    def _shape(self, code: str, operation: str | None) -> StructureShape | None:
        if operation in self._model.operation_names:
            model: OperationModel = self._model.operation_model(operation)
            shape = _by_code(model.error_shapes).get(code)
            if shape is not None:
                return shape
        return self._shapes.get(code)

    def _method(self, operation: str) -> str:
        if operation not in self._model.operation_names:
            return ""
        return str(self._model.operation_model(operation).http.get("method", ""))

    def _split_headers(
        self, error: AwsError, shape: StructureShape | None, headers: list[tuple[str, str]]
    ) -> dict[str, Any]:
        members = {}
        for name, value in error.members.items():
            part = shape.members.get(name) if shape else None
            if value is None:
                continue
            if part is not None and part.serialization.get("location") == "header":
                text = str(value) if part.type_name == "string" else header_encoder(part)(value)
                headers.append((str(part.serialization.get("name", name)), text))
            else:
                members[name] = value
        return members

    def _tree(self, answer: _Answer, kind: str) -> dict[str, Any]:
        body = {_message_member(answer.error, answer.shape): answer.error.message}
        for name, value in answer.members.items():
            part = answer.shape.members.get(name) if answer.shape else None
            if part is None:
                body[name] = value
            else:
                wire_name = part.serialization.get("name", name) if kind == "json" else name
                body[str(wire_name)] = self._trees[kind].encoder(part)(value)
        return body

    def _type(self, answer: _Answer) -> str:
        prefix = dialects.JSON_TYPE_PREFIX.get(self._service, "")
        if prefix:
            prefix = dialects.CORAL_TYPE_PREFIX.get(answer.error.code, prefix)
        return prefix + answer.name

    def _query_code(self, answer: _Answer) -> str:
        known = self._query_codes.get(answer.name)
        return known or str(answer.shape.error_code if answer.shape else answer.error.code)

    def _add_query_error(self, answer: _Answer) -> None:
        if self._query_compatible:
            words = f"{self._query_code(answer)};{answer.fault}"
            answer.headers.append(("x-amzn-query-error", words))

    def _json(self, answer: _Answer) -> bytes:
        version = self._model.metadata.get("jsonVersion", "1.0")
        answer.headers.append(("x-amzn-RequestId", answer.request_id))
        answer.headers.append(("Content-Type", f"application/x-amz-json-{version}"))
        self._add_query_error(answer)
        tree = {"__type": self._type(answer)}
        return json_bytes(tree | self._tree(answer, "json"))

    def _cbor(self, answer: _Answer) -> bytes:
        answer.headers.append(("x-amzn-RequestId", answer.request_id))
        answer.headers.append(("Content-Type", "application/cbor"))
        answer.headers.append(("smithy-protocol", "rpc-v2-cbor"))
        self._add_query_error(answer)
        tree = {"__type": self._type(answer)}
        return cbor.dumps(tree | self._tree(answer, "cbor"))

    def _rest_json(self, answer: _Answer) -> bytes:
        answer.headers.append(("x-amzn-RequestId", answer.request_id))
        answer.headers.append(("Content-Type", "application/json"))
        answer.headers.append(("x-amzn-ErrorType", answer.name))
        return json_bytes(self._tree(answer, "json"))

    def _query(self, answer: _Answer) -> bytes:
        answer.headers.append(("x-amzn-RequestId", answer.request_id))
        answer.headers.append(("Content-Type", "text/xml"))
        return self._wrapped_xml(answer)

    def _wrapped_xml(self, answer: _Answer) -> bytes:
        namespace = namespace_attribute(self._model.metadata.get("xmlNamespace"))
        code = self._query_code(answer)
        inside = _code_and_message(code, answer.error.message) + self._xml_members(answer)
        xml = f"<ErrorResponse{namespace}><Error><Type>{answer.fault}</Type>{inside}</Error>"
        return f"{xml}<RequestId>{escape(answer.request_id)}</RequestId></ErrorResponse>".encode()

    def _ec2(self, answer: _Answer) -> bytes:
        answer.headers.append(("x-amzn-RequestId", answer.request_id))
        answer.headers.append(("Content-Type", "text/xml"))
        inside = _code_and_message(self._query_code(answer), answer.error.message)
        inside += self._xml_members(answer)
        xml = f"<Response><Errors><Error>{inside}</Error></Errors>"
        return f"{xml}<RequestID>{escape(answer.request_id)}</RequestID></Response>".encode()

    def _rest_xml(self, answer: _Answer) -> bytes:
        answer.headers.append(("x-amz-request-id", answer.request_id))
        answer.headers.append(("Content-Type", "application/xml"))
        if self._service != "s3":
            answer.headers.append(("x-amzn-RequestId", answer.request_id))
            return self._wrapped_xml(answer)
        # AWS: S3 answers with a bare <Error>, in no namespace.
        code = self._query_code(answer)
        inside = _code_and_message(code, answer.error.message) + self._xml_members(answer)
        xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}'
        return f"{xml}<RequestId>{escape(answer.request_id)}</RequestId></Error>".encode()

    def _xml_members(self, answer: _Answer) -> str:
        out: list[str] = []
        for name, value in answer.members.items():
            part = answer.shape.members.get(name) if answer.shape else None
            if part is None:
                out.append(f"<{name}>{escape(str(value))}</{name}>")
            else:
                self._xml.element(part, member_name(part, name))(out, value)
        return "".join(out)


def _by_code(shapes: Iterable[Shape]) -> dict[str, StructureShape]:
    """Error shapes by their names and, where no shape has that name, by their codes."""
    known: dict[str, StructureShape] = {}
    by_code: dict[str, StructureShape] = {}
    for shape in shapes:
        if not isinstance(shape, StructureShape):
            continue
        known[shape.name] = shape
        by_code.setdefault(str(shape.error_code), shape)
    return by_code | known


def _message_member(error: AwsError, shape: StructureShape | None) -> str:
    for name in shape.members if shape else ():
        if name.lower() == "message":
            return str(name)
    # AWS: so the service framework spells it in the one error that is its own alone.
    return "Message" if error.code == "SerializationException" else "message"


def _code_and_message(code: str, message: str) -> str:
    return f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
