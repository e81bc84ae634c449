"""From what a request says of itself to the handler that answers it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from lambent.core.errors import AwsError, InvalidAction, MissingAction, UnknownOperationException
from lambent.core.http import HttpRequest
from lambent.gateway.errors import UnknownOperation, UnrecognisedRequest
from lambent.gateway.recognise import Recognised, read_host, recognise
from lambent.gateway.refusals import not_built
from lambent.gateway.service_table import KnownService, ServiceTable
from lambent.services.contract import RawHandler, Service

if TYPE_CHECKING:
    from lambent.gateway.wire import WireService

_QUERY_PROTOCOLS = ("query", "ec2")


class Mount:
    """A service and, from its first use on, its wire codec."""

    def __init__(self, service: Service, known: KnownService) -> None:
        self.service = service
        self.name = service.name
        self.signing = known.signing
        self.version = known.version
        self.speaks_rest = any(protocol.startswith("rest-") for protocol in known.protocols)

    @cached_property
    def wire(self) -> "WireService":
        """Compiled when first asked for: a model takes up to 0.1 s to load, a start 0.4 s."""
        # Imported then, too: it is a third of a start, and an invocation needs none of it.
        from lambent.gateway.wire import compile_service

        return compile_service(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a request goes. `raw` is set where it bypasses the shape codec."""

    mount: Mount
    operation: str
    protocol: str
    labels: Mapping[str, str] = field(default_factory=dict)
    raw: RawHandler | None = None


@dataclass(frozen=True, slots=True)
class _Raw:
    matches: re.Pattern[str]
    mount: Mount
    operation: str
    handler: RawHandler


class Router:
    """Finds the mounted service, the operation and its path labels for each request."""

    def __init__(self, services: Sequence[Service], table: ServiceTable) -> None:
        self._table = table
        self._mounts = {
            service.name: Mount(service, table.by_name[service.name]) for service in services
        }
        self._raw_by_method: dict[str, list[_Raw]] = {}
        for mount in self._mounts.values():
            for raw in mount.service.raw_routes:
                entry = _Raw(re.compile(raw.pattern), mount, raw.operation, raw.handler)
                self._raw_by_method.setdefault(raw.method, []).append(entry)
        # S3's paths match every request, so it is asked last.
        self._rest_mounts = tuple(
            sorted(
                (mount.name for mount in self._mounts.values() if mount.speaks_rest),
                key=lambda name: name == "s3",
            )
        )

    def raw_route(self, request: HttpRequest, signing_name: str | None) -> Route | None:
        """The raw route for this request: the hot path, so only a few regular expressions."""
        for raw in self._raw_by_method.get(request.method, ()):
            if (found := raw.matches.fullmatch(request.path)) is None:
                continue
            if signing_name is None or signing_name == raw.mount.signing:
                return Route(
                    mount=raw.mount,
                    operation=raw.operation,
                    protocol="rest-json",
                    labels=found.groupdict(default=""),
                    raw=raw.handler,
                )
        return None

    def route(self, request: HttpRequest, signing_name: str | None) -> Route:
        """The way to the handler of this request.

        Raises NotImplementedException for what AWS has and Lambent has not, and
        UnknownOperationException, InvalidAction or MissingAction for what AWS has not either.
        """
        if raw := self.raw_route(request, signing_name):
            return raw
        recognised = recognise(request, signing_name, self._table)
        if not recognised.services and recognised.operation is None:
            recognised = replace(recognised, services=self._rest_mounts)
        mounts = [self._mounts[name] for name in recognised.services if name in self._mounts]
        if not mounts:
            raise self._refusal(request, recognised)
        if recognised.operation is not None:
            return self._by_name(mounts, recognised.operation, recognised.protocol)
        return self._by_path(mounts, request, recognised)

    def protocol_of(self, request: HttpRequest, signing_name: str | None) -> str:
        """The protocol in which to put an error, when the request did not get as far as a route."""
        return recognise(request, signing_name, self._table).protocol

    def region_of(self, request: HttpRequest) -> str | None:
        """The region in the Host header, for requests whose signature names none."""
        host = request.headers.get("host", "")
        return read_host(host, self._table).region if "." in host else None

    def _by_name(self, mounts: list[Mount], operation: str, protocol: str) -> Route:
        for mount in mounts:
            if protocol in mount.wire.protocols and operation in mount.wire.model.operation_names:
                return Route(mount=mount, operation=operation, protocol=protocol)
        raise _unknown_operation(mounts[0], operation, protocol)

    def _by_path(self, mounts: list[Mount], request: HttpRequest, recognised: Recognised) -> Route:
        path = f"/{recognised.bucket}{request.path}" if recognised.bucket else request.path
        for mount in mounts:
            if not mount.speaks_rest:
                continue
            if found := mount.wire.match(request.method, path, request.query, request.headers):
                operation, labels = found
                protocol = next(p for p in mount.wire.protocols if p.startswith("rest-"))
                return Route(mount=mount, operation=operation, protocol=protocol, labels=labels)
        raise _no_operation(mounts[0], request, recognised.protocol)

    def _refusal(self, request: HttpRequest, recognised: Recognised) -> AwsError:
        if recognised.services:
            return not_built(recognised.services[0], recognised.operation)
        if target := request.headers.get("x-amz-target"):
            return UnknownOperation(f"Unknown operation: {target}")
        if recognised.operation:
            return InvalidAction(
                f"The action {recognised.operation} is not valid for this web service."
            )
        return UnrecognisedRequest(
            f"No service here answers {request.method} {request.path}. Lambent knows a request's "
            "service by its signature's scope, its X-Amz-Target, its Action, its path or its host."
        )


def _unknown_operation(mount: Mount, operation: str, protocol: str) -> AwsError:
    if protocol in _QUERY_PROTOCOLS:
        return InvalidAction(f"Could not find operation {operation} for version {mount.version}")
    message = f"The service {mount.name} has no operation {operation or '(none named)'}."
    if protocol == "json":
        return UnknownOperation(message)
    return UnknownOperationException(message)


def _no_operation(mount: Mount, request: HttpRequest, protocol: str) -> AwsError:
    if mount.speaks_rest:
        return UnknownOperationException(
            f"The service {mount.name} has no operation at {request.method} {request.path}."
        )
    if protocol in _QUERY_PROTOCOLS:
        return MissingAction("The request is missing an action or a required parameter.")
    return UnknownOperation(f"A request to {mount.name} names its operation in X-Amz-Target.")
