"""Random values of a model's shapes, and botocore's side of the wire, for the tests beside it."""

import os
import random
import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from lambent.core.http import HttpRequest, HttpResponse

# fmt: off
SERVICES = (
    "apigateway", "apigatewayv2", "cloudformation", "cloudwatch", "dynamodb", "dynamodbstreams",
    "events", "firehose", "iam", "kinesis", "lambda", "logs", "pipes", "s3", "scheduler",
    "secretsmanager", "sns", "sqs", "ssm", "stepfunctions", "sts", "xray",
)
# fmt: on

SEED = int(os.environ.get("LAMBENT_WIRE_SEED", "20140729"))
"""The seed of a run; set the variable to search elsewhere or to repeat a failure."""

ROUNDS = int(os.environ.get("LAMBENT_WIRE_ROUNDS", "4"))
"""Random inputs an operation and a direction."""

_PLAIN = string.ascii_letters + string.digits + "-_."
_TEXT = _PLAIN + " äß/:&<>\"'+=%?#{}[],;\\\t\n€漢😀"
_MAX_DEPTH = 5


def rng_for(*names: str) -> random.Random:
    """A generator of its own for each case, so that a failure repeats alone."""
    return random.Random(f"{SEED}/{'/'.join(names)}")


class Values:
    """Makes values. `plain` keeps to what headers can carry."""

    def __init__(self, rng: random.Random, *, keep_empty: bool) -> None:
        self.rng = rng
        self.keep_empty = keep_empty

    def of(self, shape: Shape, depth: int = 0, *, plain: bool = False) -> Any:
        if isinstance(shape, StructureShape):
            return self.structure(shape, depth)
        if isinstance(shape, ListShape):
            return self.list(shape, depth, plain=plain)
        if isinstance(shape, MapShape):
            return self.map(shape, depth, plain=plain)
        return self.scalar(shape, plain=plain)

    def structure(self, shape: StructureShape, depth: int) -> Any:
        if shape.is_document_type:
            return {"any": [1, "two", None, {"three": 4.5}]}
        members = [n for n, p in shape.members.items() if not p.serialization.get("eventstream")]
        if shape.is_tagged_union:
            members = [self.rng.choice(members)]
        value = {}
        for name in members:
            part = shape.members[name]
            required = name in shape.required_members or shape.is_tagged_union
            location = part.serialization.get("location")
            if location == "uri" or required or self._wanted(part, depth):
                plain = location in {"header", "headers"}
                member = self.of(part, depth + 1, plain=plain)
                if location == "uri" and part.type_name == "string":
                    member = member or "x"
                if part.serialization.get("hostLabel"):
                    member = "label"
                value[name] = member
        if not value and members and not self.keep_empty and depth > 0:
            name = next((n for n in members if _is_scalar(shape.members[n])), members[0])
            value[name] = self.of(shape.members[name], depth + 1)
        return value

    def _wanted(self, part: Shape, depth: int) -> bool:
        if depth >= _MAX_DEPTH and part.type_name in {"structure", "list", "map"}:
            return False
        return self.rng.random() < (0.6 if depth < 2 else 0.3)

    def _count(self, depth: int) -> int:
        if depth > _MAX_DEPTH:
            return 0 if self.keep_empty else 1
        return self.rng.randint(0 if self.keep_empty else 1, 2)

    def list(self, shape: ListShape, depth: int, *, plain: bool) -> Any:
        count = max(1, self._count(depth)) if plain else self._count(depth)
        return [self.of(shape.member, depth + 1, plain=plain) for _ in range(count)]

    def map(self, shape: MapShape, depth: int, *, plain: bool) -> Any:
        count = max(1, self._count(depth)) if plain else self._count(depth)
        keys = [self._plain() + str(number) for number in range(count)]
        if plain:
            keys = [key.lower() for key in keys]
        if shape.key.metadata.get("enum"):
            keys = shape.key.metadata["enum"][:count]
        return {key: self.of(shape.value, depth + 1, plain=plain) for key in keys}

    def scalar(self, shape: Shape, *, plain: bool) -> Any:
        rng = self.rng
        kind = shape.type_name
        if kind in {"integer", "long"}:
            return rng.choice([0, 1, rng.randint(-(2**31), 2**31 - 1)])
        if kind in {"float", "double"}:
            return rng.choice([0.0, 1.5, rng.randint(-(2**20), 2**20) / 1024])
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "blob":
            return rng.randbytes(rng.randint(1, 12))
        if kind == "timestamp":
            return self._instant(whole=plain or _seconds_only(shape))
        if shape.serialization.get("jsonvalue"):
            return {"a": [1, "b"]}
        if shape.metadata.get("enum"):
            return rng.choice(shape.metadata["enum"])
        if plain:
            return self._plain()
        return "".join(rng.choices(_TEXT, k=rng.randint(0 if self.keep_empty else 1, 12)))

    def _plain(self) -> str:
        return "".join(self.rng.choices(_PLAIN, k=self.rng.randint(1, 12)))

    def _instant(self, *, whole: bool) -> datetime:
        start = datetime(2001, 1, 1, tzinfo=UTC)
        fraction = 0 if whole else self.rng.choice([0, 500_000, 250_000])
        return start + timedelta(seconds=self.rng.randint(0, 2**30), microseconds=fraction)


def _is_scalar(shape: Shape) -> bool:
    return shape.type_name not in {"structure", "list", "map"}


def _seconds_only(shape: Shape) -> bool:
    return shape.serialization.get("timestampFormat") == "rfc822"


def without_empties(value: Any) -> Any:
    """The value without empty lists, maps and structures, which some protocols cannot say."""
    if isinstance(value, dict):
        pruned = {key: without_empties(entry) for key, entry in value.items()}
        return {key: entry for key, entry in pruned.items() if entry not in ({}, [])}
    if isinstance(value, list):
        return [without_empties(entry) for entry in value]
    return value


def botocore_request(
    protocol: str, operation: OperationModel, params: Mapping[str, Any]
) -> HttpRequest:
    """What botocore's client would send."""
    serializer = create_serializer(protocol, include_validation=False)
    request = serializer.serialize_to_request(params, operation)
    prepare_request_dict(request, endpoint_url="http://localhost")
    prepared = create_request_object(request).prepare()
    url = urlsplit(prepared.url)
    body = prepared.body or b""
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    return HttpRequest(
        method=prepared.method,
        path=url.path,
        query=url.query,
        headers=headers,
        body=body.encode() if isinstance(body, str) else bytes(body),
    )


class RawStream:
    """A body as botocore's HTTP layer hands it on where the operation streams."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def stream(self) -> list[bytes]:
        return [self.data[at : at + 7] for at in range(0, len(self.data), 7)]

    def close(self) -> None:
        pass


def botocore_response(
    protocol: str, operation: OperationModel, response: HttpResponse, shape: Shape | None
) -> dict[str, Any]:
    """What botocore's client would return, raw streams read."""
    assert isinstance(response.body, bytes)
    streaming = operation.has_streaming_output or operation.has_event_stream_output
    return dict(
        create_parser(protocol).parse(
            {
                "status_code": response.status,
                "headers": HeadersDict(dict(response.headers)),
                "body": RawStream(response.body) if streaming else response.body,
                "context": {"operation_name": operation.name},
            },
            shape,
        )
    )
