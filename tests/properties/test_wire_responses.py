"""What the wire layer answers for every operation is what botocore's own client reads."""

from typing import Any

import pytest
from botocore.model import StructureShape
from wire_values import (
    ROUNDS,
    SEED,
    SERVICES,
    RawStream,
    Values,
    botocore_response,
    rng_for,
    without_empties,
)

from lambent.gateway.wire import WireService, compile_service

# botocore reads the first with a handler of its own, not with its parser, and takes the two
# members of the second (deprecated), which share a name, for each other.
UNREADABLE = {("s3", "GetBucketLocation"), ("s3", "GetBucketNotification")}


def _check(service: WireService, protocol: str, name: str, round_: int) -> None:
    operation = service.model_for(protocol).operation_model(name)
    shape = operation.output_shape
    if operation.has_event_stream_output or (service.name, name) in UNREADABLE:
        return
    keep_empty = protocol in {"json", "smithy-rpc-v2-cbor"}
    values = Values(rng_for(service.name, name, str(round_)), keep_empty=keep_empty)
    result = values.structure(shape, 0) if shape else {}
    for member, part in shape.members.items() if shape else ():
        if part.serialization.get("location") == "statusCode":
            result[member] = 202
    response = service.operation(name, protocol).encode(result, request_id="request-1")
    assert "request-1" in dict(response.headers).values()
    parsed = botocore_response(protocol, operation, response, shape)
    metadata = parsed.pop("ResponseMetadata")
    assert metadata.get("RequestId", "request-1") == "request-1", name
    parsed = {key: _read(value) for key, value in parsed.items()}
    if shape:
        _add_what_http_always_says(shape, dict(response.headers), result)
    if operation.http["method"] == "HEAD":
        assert response.body == b""
    if not keep_empty:
        parsed, result = without_empties(parsed), without_empties(result)
    assert parsed == result, f"{service.name} {protocol} {name}, seed {SEED}, round {round_}"


def _add_what_http_always_says(
    shape: StructureShape, headers: dict[str, str], result: dict[str, Any]
) -> None:
    """A response has a body, if an empty one, and a content type, whether or not it was given."""
    payload = shape.members.get(shape.serialization.get("payload", ""))
    if payload is not None and payload.type_name in {"blob", "string"}:
        empty = b"" if payload.type_name == "blob" else ""
        result.setdefault(str(shape.serialization["payload"]), empty)
    for member, part in shape.members.items():
        is_type = part.serialization.get("name", "").lower() == "content-type"
        if is_type and "Content-Type" in headers:
            result.setdefault(member, headers["Content-Type"])


def _read(value: Any) -> Any:
    return value.data if isinstance(value, RawStream) else value


def _cases() -> list[tuple[str, str]]:
    return [(name, each) for name in SERVICES for each in compile_service(name).protocols]


@pytest.mark.parametrize(("name", "protocol"), _cases())
def test_a_result_reaches_the_client_as_the_service_gave_it(name: str, protocol: str) -> None:
    service = compile_service(name)
    for operation in service.model.operation_names:
        for round_ in range(ROUNDS):
            _check(service, protocol, operation, round_)
