"""One operation of a service in one protocol, compiled."""

from collections.abc import Callable, Mapping
from typing import Any

from lambent.core.http import HttpRequest, HttpResponse
from lambent.gateway.wire.rest import Decode, Encode

Validate = Callable[[dict[str, Any]], None]


class WireOperation:
    """Decodes, validates and encodes; holds nothing of any request."""

    __slots__ = ("_decode", "_encode", "_validate", "name")

    def __init__(self, name: str, *, decode: Decode, validate: Validate, encode: Encode) -> None:
        self.name = name
        self._decode = decode
        self._validate = validate
        self._encode = encode

    def decode(self, request: HttpRequest, labels: Mapping[str, str]) -> dict[str, Any]:
        """The request's parameters, in the shape that boto3 would take them.

        Parses and no more: constraints are for `validate`. Unknown members are ignored and nulls
        are absent, as on AWS. Raises SerializationException (or the protocol's own word for it).
        """
        return self._decode(request, labels)

    def validate(self, params: dict[str, Any]) -> None:
        """Raises the service's validation error if the parameters break the model's constraints."""
        self._validate(params)

    def encode(self, result: dict[str, Any], *, request_id: str) -> HttpResponse:
        """The result, in boto3's shape, as a response.

        None is left out; what the model does not have raises KeyError or TypeError: it is a bug.
        """
        return self._encode(result, request_id)
