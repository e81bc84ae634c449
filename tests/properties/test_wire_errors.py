"""An error that a service raises is the error that botocore's client raises."""

from typing import Any

import pytest
from botocore.model import StructureShape
from wire_values import SEED, SERVICES, Values, botocore_response, rng_for, without_empties

from lambent.core.errors import AwsError
from lambent.gateway.wire import WireService, compile_service


def _error(shape: StructureShape, status: int, members: dict[str, Any]) -> AwsError:
    kind = type(shape.name, (AwsError,), {"status": status})
    return kind("What went wrong & where: <'Ä'>", **members)


def _check(service: WireService, protocol: str, shape: StructureShape) -> None:
    metadata = shape.metadata.get("error", {})
    status = int(metadata.get("httpStatusCode", 400))
    values = Values(rng_for(service.name, shape.name), keep_empty=False)
    members = values.structure(shape, 0)
    message = next((name for name in members if name.lower() == "message"), None)
    if message:
        del members[message]
    error = _error(shape, status, members)
    response = service.encode_error(error, protocol=protocol, request_id="request-1")
    where = f"{service.name} {protocol} {shape.name}, seed {SEED}"
    operation = service.model.operation_model(service.model.operation_names[0])
    parsed = botocore_response(protocol, operation, response, None)
    assert response.status == status
    assert parsed["Error"]["Message"] == error.message, where
    assert parsed["ResponseMetadata"]["HTTPStatusCode"] == status
    assert "request-1" in dict(response.headers).values()
    # Where a service has left query behind, Code is query's, and this is the name.
    code = parsed["Error"].get("QueryErrorCode", parsed["Error"]["Code"])
    if (service.name, protocol) != ("sqs", "query"):
        assert code in {shape.error_code, shape.name}, where
        # SDKs look exceptions up by this; two of CloudWatch's errors share a code.
        found = service.model.shape_for_error_code(parsed["Error"]["Code"])
        found = found or service.model.shape_for_error_code(code)
        assert found is not None, where
        assert shape.error_code == found.error_code, where
    modelled = botocore_response(protocol, operation, response, shape)
    modelled.pop("ResponseMetadata", None)
    read = {key: value for key, value in modelled.items() if key.lower() != "message"}
    assert without_empties(read) == without_empties(members), where


def _cases() -> list[tuple[str, str]]:
    return [(name, each) for name in SERVICES for each in compile_service(name).protocols]


@pytest.mark.parametrize(("name", "protocol"), _cases())
def test_an_error_reaches_the_client_with_code_message_and_members(
    name: str, protocol: str
) -> None:
    service = compile_service(name)
    for shape in service.model.error_shapes:
        assert isinstance(shape, StructureShape)
        _check(service, protocol, shape)


@pytest.mark.parametrize(("name", "protocol"), _cases())
def test_an_error_that_no_model_has_reaches_the_client_too(name: str, protocol: str) -> None:
    class SomethingElse(AwsError):
        status = 418

    service = compile_service(name)
    response = service.encode_error(SomethingElse("no"), protocol=protocol, request_id="r")
    operation = service.model.operation_model(service.model.operation_names[0])
    parsed = botocore_response(protocol, operation, response, None)
    assert parsed["Error"]["Code"] == "SomethingElse"
    assert parsed["Error"]["Message"] == "no"
    assert parsed["ResponseMetadata"]["HTTPStatusCode"] == 418
