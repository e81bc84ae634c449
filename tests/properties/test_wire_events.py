"""Event streams, as botocore's client reads them: every event of every stream of every service."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from botocore.exceptions import EventStreamError
from botocore.model import StructureShape
from wire_values import SEED, SERVICES, Values, botocore_response, rng_for

from lambent.core.errors import AwsError
from lambent.core.http import HttpResponse
from lambent.gateway.wire import WireService, compile_service


def _streams() -> list[tuple[str, str, str]]:
    found = []
    for name in SERVICES:
        service = compile_service(name)
        for operation in service.model.operation_names:
            if service.model.operation_model(operation).has_event_stream_output:
                found.extend((name, each, operation) for each in service.protocols)
    return found


def _parts(service: WireService, operation: str) -> tuple[str, StructureShape]:
    shape = service.model.operation_model(operation).output_shape
    assert shape is not None
    for name, part in shape.members.items():
        if part.serialization.get("eventstream"):
            assert isinstance(part, StructureShape)
            return name, part
    raise AssertionError(operation)


async def _sent(response: HttpResponse) -> HttpResponse:
    assert not isinstance(response.body, bytes)
    body = b"".join([piece async for piece in response.body])
    return HttpResponse(status=response.status, headers=response.headers, body=body)


async def _source(events: list[dict[str, Any]], end: AwsError | None) -> AsyncIterator[dict]:
    for event in events:
        yield event
    if end is not None:
        raise end


async def _received(
    service: WireService,
    protocol: str,
    operation: str,
    events: list[dict[str, Any]],
    end: AwsError | None = None,
) -> tuple[dict[str, Any], Any]:
    stream, _ = _parts(service, operation)
    model = service.model.operation_model(operation)
    values = Values(rng_for(service.name, operation), keep_empty=False)
    result = values.structure(model.output_shape, 0)
    for name, part in model.output_shape.members.items():
        if part.serialization.get("location") == "statusCode":
            result[name] = 200
    result[stream] = _source(events, end)
    response = service.operation(operation, protocol).encode(result, request_id="request-1")
    parsed = botocore_response(protocol, model, await _sent(response), model.output_shape)
    return result, parsed


@pytest.mark.parametrize(("name", "protocol", "operation"), _streams())
async def test_every_event_arrives(name: str, protocol: str, operation: str) -> None:
    service = compile_service(name)
    stream, union = _parts(service, operation)
    values = Values(rng_for(name, operation, "events"), keep_empty=False)
    events = [
        {event: values.structure(shape, 0)}
        for event, shape in union.members.items()
        if isinstance(shape, StructureShape) and not shape.metadata.get("exception")
    ]
    result, parsed = await _received(service, protocol, operation, events)
    received = list(parsed.pop(stream))
    assert [_filled(event) for event in received] == [_filled(event) for event in events], SEED
    parsed.pop("ResponseMetadata", None)
    beside = {key: value for key, value in result.items() if key != stream}
    model = service.model.operation_model(operation).output_shape
    for member, part in model.members.items():
        if part.serialization.get("name", "").lower() == "content-type":
            beside.setdefault(member, "application/vnd.amazon.eventstream")
    assert parsed == beside


def _filled(event: dict[str, Any]) -> dict[str, Any]:
    return {name: {k: v for k, v in members.items() if v} for name, members in event.items()}


@pytest.mark.parametrize(("name", "protocol", "operation"), _streams())
async def test_an_error_in_the_stream_is_its_last_event(
    name: str, protocol: str, operation: str
) -> None:
    service = compile_service(name)
    stream, union = _parts(service, operation)
    modelled = [n for n, shape in union.members.items() if shape.metadata.get("exception")]
    for code in [*modelled, "SomethingElse"]:
        error = type(code, (AwsError,), {})("what went wrong")
        _, parsed = await _received(service, protocol, operation, [], error)
        with pytest.raises(EventStreamError) as raised:
            list(parsed[stream])
        assert raised.value.response["Error"] == {"Code": code, "Message": "what went wrong"}
