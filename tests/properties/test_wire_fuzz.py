"""Whatever bytes arrive, decoding answers with parameters or with an AWS error, never a crash."""

import random

import pytest
from wire_values import SERVICES, Values, botocore_request, rng_for

from lambent.core.errors import AwsError
from lambent.core.http import HttpRequest
from lambent.gateway.wire import WireService, compile_service

OPERATIONS = 12
MUTATIONS = 40

_TOKENS = [
    b"null",
    b"{}",
    b"[]",
    b'""',
    b"1e999",
    b"-1",
    b"true",
    b"NaN",
    b'"\\ud800"',
    b"[" * 3000,
    b'{"a":' * 3000,
    b"\xff\xfe",
    b"<a>",
    b"</a>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&b;",
    b"<a>" * 3000,
    b"%ff",
    b"%",
    b"&.1=2&a..b=3",
    b".member.1",
    b"\x9f" * 3000,
    b"\xbf",
    b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00",
    b"9" * 5000,
]


def _mutated(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(data))
        end = min(len(data), at + rng.choice([0, 0, 1, 3, 20]))
        piece = rng.choice([rng.choice(_TOKENS), rng.randbytes(3), b""])
        data = data[:at] + piece + data[end:]
    return data


def _decode(service: WireService, protocol: str, name: str, request: HttpRequest) -> None:
    labels: dict[str, str] = {}
    if protocol.startswith("rest-"):
        matched = service.match(request.method, request.path, request.query, request.headers)
        if matched is not None:
            name, labels = matched
    operation = service.operation(name, protocol)
    refusal = None
    try:
        operation.validate(operation.decode(request, labels))
    except AwsError as error:
        refusal = error
    if refusal is not None:
        response = service.encode_error(refusal, protocol=protocol, request_id="r", operation=name)
        assert response.status == refusal.status == 400


def _cases() -> list[tuple[str, str]]:
    return [(name, each) for name in SERVICES for each in compile_service(name).protocols]


@pytest.mark.parametrize(("name", "protocol"), _cases())
def test_malformed_requests_are_answered_with_aws_errors(name: str, protocol: str) -> None:
    service = compile_service(name)
    rng = rng_for("fuzz", name, protocol)
    names = sorted(service.model.operation_names)
    for operation_name in rng.sample(names, min(OPERATIONS, len(names))):
        operation = service.model.operation_model(operation_name)
        values = Values(rng, keep_empty=False)
        params = values.structure(operation.input_shape, 0) if operation.input_shape else {}
        good = botocore_request(protocol, operation, params)
        for _ in range(MUTATIONS):
            query = _mutated(rng, good.query.encode()).decode("latin-1")
            headers = {
                key: _mutated(rng, value.encode()).decode("latin-1")
                for key, value in good.headers.items()
            }
            request = HttpRequest(
                method=good.method,
                path=_mutated(rng, good.path.encode()).decode("latin-1")
                if rng.random() < 0.3
                else good.path,
                query=query if rng.random() < 0.3 else good.query,
                headers=headers if rng.random() < 0.3 else good.headers,
                body=_mutated(rng, good.body),
            )
            _decode(service, protocol, operation_name, request)
