"""A request and a response as the gateway, the wire layer and services exchange them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One HTTP request, read whole, its transfer and content codings undone.

    `path` is as the client sent it, percent-encoding untouched and without the query string;
    `query` is the raw query string; header names are lower case, repeated ones joined by ", ".
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One HTTP response; a body that comes in pieces is sent as it comes."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | AsyncIterator[bytes] = b""
