"""What botocore's own client sends for every operation is what the wire layer reads."""

import pytest
from wire_values import ROUNDS, SEED, SERVICES, Values, botocore_request, rng_for, without_empties

from lambent.gateway.wire import WireService, compile_service

# Pairs that one request cannot tell apart: the later name is the one meant (directory buckets
# have a host of their own).
SUPERSEDED = {
    "ListDirectoryBuckets": "ListBuckets",
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}

# Deprecated; two of its members share a name in XML, and botocore writes both.
AMBIGUOUS = {"PutBucketNotification"}


def _check(service: WireService, protocol: str, name: str, round_: int) -> None:
    operation = service.model_for(protocol).operation_model(name)
    keep_empty = protocol in {"json", "smithy-rpc-v2-cbor"}
    values = Values(rng_for(service.name, name, str(round_)), keep_empty=keep_empty)
    shape = operation.input_shape
    params = values.structure(shape, 0) if shape else {}
    params.pop("ContentLength", None)
    request = botocore_request(protocol, operation, params)
    labels: dict[str, str] = {}
    if protocol.startswith("rest-"):
        matched = service.match(request.method, request.path, request.query, request.headers)
        assert matched is not None, f"{name}: {request.method} {request.path}?{request.query}"
        found, labels = matched
        assert found == SUPERSEDED.get(name, name), f"{request.path}?{request.query}"
    if name in AMBIGUOUS:
        return
    request.headers.pop("content-length", None)  # sent for every body; S3 has it as a member
    decoded = service.operation(name, protocol).decode(request, labels)
    if not keep_empty:
        decoded, params = without_empties(decoded), without_empties(params)
    assert decoded == params, f"{service.name} {protocol} {name}, seed {SEED}, round {round_}"


def _cases() -> list[tuple[str, str]]:
    return [(name, each) for name in SERVICES for each in compile_service(name).protocols]


@pytest.mark.parametrize(("name", "protocol"), _cases())
def test_a_request_is_read_as_its_client_meant_it(name: str, protocol: str) -> None:
    service = compile_service(name)
    for operation in service.model.operation_names:
        for round_ in range(ROUNDS):
            _check(service, protocol, operation, round_)
