"""One AWS service on the wire: its protocols, its REST paths, its operations and errors."""

import copy
from collections.abc import Mapping
from typing import Protocol

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from lambent.core.errors import AwsError
from lambent.core.http import HttpResponse
from lambent.core.models import service_model
from lambent.gateway.wire import dialects
from lambent.gateway.wire.bodies import CborBodies, JsonBodies, XmlBodies
from lambent.gateway.wire.errors import ErrorEncoder
from lambent.gateway.wire.operation import WireOperation
from lambent.gateway.wire.rest import Decode, Encode, RestCompiler
from lambent.gateway.wire.routing import RestRouter
from lambent.gateway.wire.rpc import QueryCompiler, TreeRpcCompiler
from lambent.gateway.wire.validation import ValidatorCompiler

REST_PROTOCOLS = frozenset({"rest-json", "rest-xml"})


class _Compiler(Protocol):
    def decoder(self, operation: OperationModel) -> Decode: ...

    def encoder(self, operation: OperationModel) -> Encode: ...


def compile_service(name: str) -> "WireService":
    """The service botocore calls `name`. Its operations are compiled as they are first asked for.

    Raises botocore's UnknownServiceError.
    """
    return WireService(name, service_model(name))


class WireService:
    """All the gateway needs of a service's model. Keep one: it remembers what it compiled."""

    def __init__(self, name: str, model: ServiceModel) -> None:
        self.name = name
        self.model = model
        self.protocols = _protocols(model)
        self._compilers = {
            protocol: _compiler(name, model, protocol) for protocol in self.protocols
        }
        self._query_model = _with_query_names(name, model)
        self._validators = ValidatorCompiler(name)
        self._operations: dict[tuple[str, str], WireOperation] = {}
        self._errors = ErrorEncoder(name, model)
        self._router: RestRouter | None = None

    def match(
        self, method: str, path: str, query: str, headers: Mapping[str, str] | None = None
    ) -> tuple[str, dict[str, str]] | None:
        """The operation a REST request is for, and its labels, percent-decoded; or None.

        `path` is raw, without the query string. The headers only matter where a required one
        tells two operations apart (S3's CopyObject from its PutObject).
        """
        if self._router is None:
            self._router = RestRouter(self.model)
        return self._router.match(method, path, query, headers or {})

    def operation(self, name: str, protocol: str) -> WireOperation:
        """The compiled operation. Raises KeyError if the model lacks it or its protocol."""
        known = self._operations.get((name, protocol))
        if known is not None:
            return known
        compiler = self._compilers[protocol]
        if name not in self.model.operation_names:
            raise KeyError(name)
        operation = self.model_for(protocol).operation_model(name)
        compiled = WireOperation(
            name,
            decode=compiler.decoder(operation),
            validate=self._validators.validator(operation),
            encode=compiler.encoder(operation),
        )
        self._operations[name, protocol] = compiled
        return compiled

    def model_for(self, protocol: str) -> ServiceModel:
        """The model with the names that this protocol uses."""
        return self._query_model if protocol == "query" else self.model

    def encode_error(
        self, error: AwsError, *, protocol: str, request_id: str, operation: str | None = None
    ) -> HttpResponse:
        """The error as this service answers it in this protocol."""
        return self._errors.encode(error, protocol, request_id, operation)


def _protocols(model: ServiceModel) -> tuple[str, ...]:
    named = tuple(model.metadata.get("protocols") or (model.metadata["protocol"],))
    # AWS: a service that moved on from query still answers to it (old SQS clients).
    if "awsQueryCompatible" in model.metadata and "query" not in named:
        return (*named, "query")
    return named


def _with_query_names(name: str, model: ServiceModel) -> ServiceModel:
    """The model with the query protocol's names, for a service whose model has lost them."""
    names_by_shape = dialects.QUERY_NAMES.get(name)
    if names_by_shape is None:
        return model
    description = dict(Loader().load_service_model(name, "service-2"))
    shapes = dict(description["shapes"])
    for shape, names in names_by_shape.items():
        changed = copy.deepcopy(shapes[shape])
        for part, wire_name in names.items():
            members = changed.get("members", changed)
            members[part]["locationName"] = wire_name
        shapes[shape] = changed
    operations = copy.deepcopy(description["operations"])
    for operation, parts in operations.items():
        if "output" in parts:
            parts["output"]["resultWrapper"] = f"{operation}Result"
    changes = {"shapes": shapes, "operations": operations}
    return ServiceModel(description | changes, service_name=name)


def _compiler(name: str, model: ServiceModel, protocol: str) -> _Compiler:
    namespace = str(model.metadata.get("xmlNamespace", ""))
    if protocol == "json":
        version = model.metadata.get("jsonVersion", "1.0")
        return TreeRpcCompiler(JsonBodies(f"application/x-amz-json-{version}"))
    if protocol == "smithy-rpc-v2-cbor":
        return TreeRpcCompiler(CborBodies(), (("smithy-protocol", "rpc-v2-cbor"),))
    if protocol == "rest-json":
        return RestCompiler(name, JsonBodies("application/json"), "x-amzn-RequestId")
    if protocol == "rest-xml":
        namespace = dialects.XML_NAMESPACES.get(name, namespace)
        return RestCompiler(name, XmlBodies("application/xml", namespace), "x-amz-request-id")
    namespace = dialects.QUERY_NAMESPACES.get(name, namespace)
    return QueryCompiler(namespace, ec2=protocol == "ec2")
