"""What a service is to the gateway: operations, each with what it does and what it ignores.

The field rule: every input member of an operation's model is *enforced* (the default), or
*rejected* (the gateway refuses a request that carries it), or *stored only* (kept and given back,
without effect). What is not enforced is declared here, beside the code, and `docs/coverage.md` is
generated from these declarations.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.core.http import HttpRequest, HttpResponse
from lambent.core.identity import Caller, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to an operation, beside its parameters."""

    scope: Scope
    caller: Caller
    request_id: str
    # scheme://host[:port] as the client addressed us, for URLs in answers.
    endpoint: str
    headers: Mapping[str, str]


# Parameters and result are plain dicts in botocore's own shape: what a client passes to boto3 and
# what boto3 gives back (bytes for blobs, datetime for timestamps). An event stream in a result is
# an AsyncIterator of {event name: {members}}.
Handler = Callable[[Call, dict[str, Any]], Awaitable[dict[str, Any]]]

# A handler that takes the request as it came and answers it itself; for the hot path only.
RawHandler = Callable[[Call, HttpRequest, Mapping[str, str]], Awaitable[HttpResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One AWS operation that is built.

    `stored` and `rejected` name input members by dotted path in the model's spelling, for example
    "VpcConfig" or "Environment.Variables"; a path covers everything below it. What each maps to
    tells the reader of the coverage page what is missing.
    """

    handler: Handler
    stored: Mapping[str, str] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRoute:
    """A request recognised by method and path that bypasses the shape codec.

    `pattern` is a regular expression matched against the whole undecoded path; its named groups
    are handed to the handler, still percent-encoded. `operation` names the AWS operation;
    `stored` and `rejected` are declared as for an `Operation`, and kept by the handler itself.
    """

    operation: str
    method: str
    pattern: str
    handler: RawHandler
    stored: Mapping[str, str] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service as the gateway mounts it.

    `name` is botocore's (`lambda`, `logs`, `sqs`, …). `not_built` says of operations that come
    later why they are refused; an operation of the model in neither mapping is refused alike.
    """

    name: str
    operations: Mapping[str, Operation]
    raw_routes: tuple[RawRoute, ...] = ()
    not_built: Mapping[str, str] = field(default_factory=dict)
