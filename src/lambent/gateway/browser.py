"""What a web page may do. The reasons stand in docs/design/2026-11-23-browser-origins.md.

A page from this machine may drive Lambent as any SDK does. A page from anywhere else may not, even
by requests that need no preflight, and a name that an attacker points at this machine (DNS
rebinding) is no name of ours.
"""

import ipaddress
import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from lambent.core.http import HttpRequest, HttpResponse
from lambent.gateway.errors import ForbiddenOrigin

_METHODS = "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"
_PREFLIGHT_SECONDS = "86400"
# Names that no attacker can register: reserved by RFC 6761 and ICANN, or AWS's own.
_OWN_SUFFIXES = (
    ".localhost",
    ".internal",
    ".local",
    ".test",
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".api.aws",
    ".on.aws",
)
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserPolicy:
    """The origins and host names allowed beside this machine's own.

    An origin is `scheme://host[:port]`; a host name comes without a port. "*" allows any, which is
    for a Lambent that checks signatures.
    """

    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    def check(self, request: HttpRequest) -> None:
        """Raise ForbiddenOrigin for a request that a foreign page may have sent."""
        host = request.headers.get("host")
        if host is not None and not self._is_own_host(host):
            raise ForbiddenOrigin(
                f"Lambent does not answer to the host name {host}. Allow it with allowed_hosts."
            )
        origin = request.headers.get("origin")
        if origin is not None:
            if not self.allows_origin(origin):
                raise ForbiddenOrigin(
                    f"Pages from {origin} may not use Lambent. Allow it with allowed_origins."
                )
        elif request.headers.get("sec-fetch-site") == "cross-site" and not _follows_link(request):
            raise ForbiddenOrigin("A page from another site may not use Lambent.")

    def allows_origin(self, origin: str) -> bool:
        """Whether pages from this origin may read answers and send requests."""
        if origin in self.origins or "*" in self.origins:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and _is_this_machine(parts.hostname or "")

    def _is_own_host(self, header: str) -> bool:
        name = header.lower()
        # The two that almost every request carries.
        if name.startswith(("127.0.0.1:", "localhost:")) or "*" in self.hosts:
            return True
        name = name.rsplit(":", 1)[0] if not name.endswith("]") else name
        if name in self.hosts or name.endswith(_OWN_SUFFIXES) or _is_address(name):
            return True
        # A name without a dot is of the local network, such as a Compose service's.
        return "." not in name


def is_preflight(request: HttpRequest) -> bool:
    """Whether a browser asks, before a request, if it may send it."""
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def answer_preflight(request: HttpRequest) -> HttpResponse:
    """Permission for whatever the page wants to send; its origin is checked already."""
    headers = [
        ("access-control-allow-origin", request.headers.get("origin", "*")),
        ("access-control-allow-methods", _METHODS),
        ("access-control-max-age", _PREFLIGHT_SECONDS),
        ("vary", "Origin, Access-Control-Request-Headers"),
    ]
    wanted = request.headers.get("access-control-request-headers", "")
    if wanted and _HEADER_VALUE.fullmatch(wanted):
        headers.append(("access-control-allow-headers", wanted))
    if request.headers.get("access-control-request-private-network") == "true":
        headers.append(("access-control-allow-private-network", "true"))
    return HttpResponse(status=204, headers=tuple(headers))


def let_page_read(response: HttpResponse, origin: str) -> HttpResponse:
    """The response with the headers that let a page of `origin` read all of it."""
    names = ", ".join(dict.fromkeys(name for name, _ in response.headers))
    cors = (
        ("access-control-allow-origin", origin),
        ("access-control-expose-headers", names),
        ("vary", "Origin"),
    )
    return replace(response, headers=(*response.headers, *cors))


def _follows_link(request: HttpRequest) -> bool:
    """A person followed a link here, as to a presigned URL; an `Action` is not for links."""
    navigates = request.headers.get("sec-fetch-mode") == "navigate"
    return navigates and request.method in ("GET", "HEAD") and "Action=" not in request.query


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
