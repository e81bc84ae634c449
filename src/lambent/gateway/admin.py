"""Lambent's own endpoints, below `/_lambent/`: plain JSON over HTTP, for the CLI and for tests."""

import asyncio
import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambent.core.clock import Clock, VirtualClock
from lambent.core.http import HttpRequest, HttpResponse

ADMIN_PREFIX = "/_lambent/"
# A hundred years, in seconds; beyond it, dates no longer fit where AWS puts them.
_LONGEST_ADVANCE_S = 100 * 365 * 86_400


class AdminError(Exception):
    """A request to an admin endpoint that cannot be served; the message is for the caller."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminRequest:
    """A request to an admin endpoint; `labels` are the values of the path's {name} segments."""

    http: HttpRequest
    labels: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty one. Raises AdminError 400."""
        if not self.http.body:
            return {}
        try:
            value = json.loads(self.http.body)
        except (ValueError, RecursionError) as error:
            raise AdminError(400, f"The body is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise AdminError(400, "The body must be a JSON object.")
        return value


AdminHandler = Callable[[AdminRequest], Awaitable[HttpResponse]]


@dataclass(frozen=True, slots=True)
class AdminRoute:
    """An admin endpoint. `path` starts with /_lambent/ and may have {name} segments."""

    method: str
    path: str
    handler: AdminHandler


class AdminRoutes:
    """Finds the admin endpoint of a request."""

    def __init__(self, routes: Sequence[AdminRoute]) -> None:
        for route in routes:
            if not route.path.startswith(ADMIN_PREFIX):
                raise ValueError(f"an admin path starts with {ADMIN_PREFIX}: {route.path}")
        self._routes = [(_pattern(route.path), route) for route in routes]

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """What the endpoint says; what it cannot do is a JSON error."""
        try:
            route, labels = self._find(request)
            return await route.handler(AdminRequest(http=request, labels=labels))
        except AdminError as error:
            return json_response({"error": error.message}, status=error.status)

    def _find(self, request: HttpRequest) -> tuple[AdminRoute, Mapping[str, str]]:
        method = "GET" if request.method == "HEAD" else request.method
        allowed = set()
        for pattern, route in self._routes:
            if not (found := pattern.fullmatch(request.path)):
                continue
            if route.method == method:
                return route, found.groupdict()
            allowed.add(route.method)
        if allowed:
            raise AdminError(405, f"{request.path} takes {', '.join(sorted(allowed))}.")
        raise AdminError(404, f"There is no {request.path}.")


def json_response(value: object, *, status: int = 200) -> HttpResponse:
    """A JSON answer of an admin endpoint."""
    body = json.dumps(value).encode()
    return HttpResponse(status=status, headers=(("content-type", "application/json"),), body=body)


def clock_routes(clock: Clock) -> list[AdminRoute]:
    """`GET /_lambent/clock` tells the time; `POST {"advance_seconds": n}` moves a virtual clock."""
    # Two advances at once would each set the clock to its own end.
    advancing = asyncio.Lock()

    def told() -> HttpResponse:
        return json_response({"now": clock.now(), "virtual": isinstance(clock, VirtualClock)})

    async def tell(_: AdminRequest) -> HttpResponse:
        return told()

    async def advance(request: AdminRequest) -> HttpResponse:
        if not isinstance(clock, VirtualClock):
            raise AdminError(400, "This is the machine's clock; only a virtual clock can be moved.")
        seconds = _seconds(request.json())
        async with advancing:
            await clock.advance(seconds)
        return told()

    path = ADMIN_PREFIX + "clock"
    return [AdminRoute("GET", path, tell), AdminRoute("POST", path, advance)]


def _seconds(body: Mapping[str, Any]) -> float:
    if unknown := body.keys() - {"advance_seconds"}:
        raise AdminError(400, f"Unknown members: {', '.join(sorted(unknown))}.")
    seconds = body.get("advance_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise AdminError(400, "advance_seconds must be a number.")
    if not math.isfinite(seconds) or not 0 <= seconds <= _LONGEST_ADVANCE_S:
        raise AdminError(400, f"advance_seconds must be from 0 to {_LONGEST_ADVANCE_S}.")
    return float(seconds)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    literal_or_group = (
        f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    return re.compile("".join(literal_or_group))
