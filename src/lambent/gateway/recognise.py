"""Which service and operation a request is for, by the marks that AWS clients put on it.

Strongest first: `X-Amz-Target`, the path of Smithy's RPC protocol, `Action`, then method and path,
which only the service's model can read. Services are narrowed by the signature's scope, the Host
header and the API version; what is left is a list, since some services share all of these.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from lambent.core.http import HttpRequest
from lambent.gateway.service_table import KnownService, ServiceTable, speaks_query

_ACTION = re.compile(r"(?:^|&)Action=([^&]*)")
_VERSION = re.compile(r"(?:^|&)Version=([^&]*)")
_FORM_ACTION = re.compile(rb"(?:^|&)Action=([^&]*)")
_FORM_VERSION = re.compile(rb"(?:^|&)Version=([^&]*)")
_SMITHY_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)/?")
_AWS_HOST = re.compile(
    r"(?:(?P<labels>.+)\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws|localhost)(?::\d+)?", re.IGNORECASE
)
_REGION_LABEL = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_S3_LABEL = re.compile(r"s3(?:-website)?(?:-[a-z]{2}(?:-[a-z]+)+-\d)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What a request says of itself.

    `services` are botocore's names, the likeliest first; none means the request names no service.
    `operation` is None where it takes the model to read it from method and path.
    `bucket` is the S3 bucket that the Host header names.
    """

    services: tuple[str, ...]
    protocol: str
    operation: str | None = None
    bucket: str | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """What a Host header of AWS's form says; a `*.localhost` name is read the same way."""

    services: tuple[str, ...] = ()
    region: str | None = None
    bucket: str | None = None


def recognise(request: HttpRequest, signing_name: str | None, table: ServiceTable) -> Recognised:
    """Read a request's marks; never fails."""
    if target := request.headers.get("x-amz-target"):
        return _by_target(target, signing_name, table)
    if smithy := _SMITHY_PATH.fullmatch(request.path):
        services = table.by_target.get(smithy[1], ())
        if services:
            protocol = "smithy-rpc-v2-cbor"
            return Recognised(services=services, protocol=protocol, operation=smithy[2])
    host = read_host(request.headers.get("host", ""), table)
    services = table.by_signing.get(signing_name or "", ()) or host.services
    takes_action = not services or any(speaks_query(table.by_name[name]) for name in services)
    if takes_action and (action := action_of(request)):
        return _by_action(action, _version_of(request), services, table)
    services = _by_root(services, request.path, table)
    return Recognised(
        services=services,
        protocol=_spoken(services, table),
        bucket=host.bucket if "s3" in services else None,
    )


def read_host(header: str, table: ServiceTable) -> Host:
    """The service, region and bucket in a Host header such as `b.s3.eu-west-1.amazonaws.com`."""
    if not (aws := _AWS_HOST.fullmatch(header)) or not aws["labels"]:
        return Host()
    labels = aws["labels"].lower().split(".")
    for at in range(len(labels) - 1, -1, -1):
        if _S3_LABEL.fullmatch(labels[at]) and "s3" in table.by_name:
            bucket = ".".join(aws["labels"].split(".")[:at]) or None
            return Host(("s3",), _region_in(labels[at:]), bucket)
    region = _region_in(labels)
    names = [label for label in labels if label != region]
    for at in range(len(names)):
        if services := table.by_endpoint.get(".".join(names[at:])):
            return Host(services, region)
    return Host(region=region)


def action_of(request: HttpRequest) -> str | None:
    """The query protocol's `Action`, from the query string or a form."""
    if found := _ACTION.search(request.query):
        return unquote_plus(found[1])
    if _is_form(request) and (in_form := _FORM_ACTION.search(request.body)):
        return unquote_plus(in_form[1].decode("utf-8", "replace"))
    return None


def _version_of(request: HttpRequest) -> str | None:
    if found := _VERSION.search(request.query):
        return unquote_plus(found[1])
    if _is_form(request) and (in_form := _FORM_VERSION.search(request.body)):
        return unquote_plus(in_form[1].decode("utf-8", "replace"))
    return None


def _is_form(request: HttpRequest) -> bool:
    content_type = request.headers.get("content-type", "")
    return not content_type or "x-www-form-urlencoded" in content_type


def _by_target(target: str, signing_name: str | None, table: ServiceTable) -> Recognised:
    prefix, _, operation = target.rpartition(".")
    services = table.by_target.get(prefix, ())
    if not services:
        services = table.by_signing.get(signing_name or "", ())
    return Recognised(services=services, protocol="json", operation=operation)


def _by_action(
    action: str, version: str | None, services: tuple[str, ...], table: ServiceTable
) -> Recognised:
    speakers = tuple(name for name in services if speaks_query(table.by_name[name]))
    versioned = table.query_by_version.get(version or "", ())
    narrowed = tuple(name for name in speakers if name in versioned)
    chosen = narrowed or speakers or versioned
    protocol = "ec2" if chosen and "ec2" in table.by_name[chosen[0]].protocols else "query"
    return Recognised(services=chosen, protocol=protocol, operation=action)


def _by_root(services: tuple[str, ...], path: str, table: ServiceTable) -> tuple[str, ...]:
    """Those services that have operations below the path's first segment, or all if none does."""
    if len(services) < 2:
        return services
    root = path.lstrip("/").partition("/")[0]
    return tuple(name for name in services if root in table.by_name[name].roots) or services


def _spoken(services: tuple[str, ...], table: ServiceTable) -> str:
    """The protocol to take a request for that carries no mark of one."""
    if not services:
        return "rest-json"
    return _without_marks(table.by_name[services[0]])


def _without_marks(service: KnownService) -> str:
    rest = [protocol for protocol in service.protocols if protocol.startswith("rest-")]
    return (rest or [service.protocols[0]])[0]


def _region_in(labels: list[str]) -> str | None:
    for label in labels:
        region = label.removeprefix("s3-").removeprefix("website-")
        if _REGION_LABEL.fullmatch(region):
            return region
    return None
