"""Admin endpoints."""

import json
from typing import Any

import pytest

from lambent.core.clock import RealClock, VirtualClock
from lambent.core.http import HttpRequest, HttpResponse
from lambent.gateway.admin import (
    AdminRequest,
    AdminRoute,
    AdminRoutes,
    clock_routes,
    json_response,
)


async def ask(
    routes: list[AdminRoute], method: str, path: str, body: bytes = b""
) -> tuple[int, Any]:
    answer = await AdminRoutes(routes).answer(HttpRequest(method=method, path=path, body=body))
    assert isinstance(answer.body, bytes)
    return answer.status, json.loads(answer.body)


async def _labels(request: AdminRequest) -> HttpResponse:
    return json_response(dict(request.labels))


ROUTES = [
    AdminRoute("GET", "/_lambent/environments/{name}", _labels),
    AdminRoute("DELETE", "/_lambent/environments/{name}", _labels),
]


async def test_segments_become_labels() -> None:
    assert await ask(ROUTES, "GET", "/_lambent/environments/e1") == (200, {"name": "e1"})
    assert await ask(ROUTES, "HEAD", "/_lambent/environments/e1") == (200, {"name": "e1"})


async def test_a_path_that_is_not_there_is_404() -> None:
    assert (await ask(ROUTES, "GET", "/_lambent/environments/a/b"))[0] == 404
    assert (await ask(ROUTES, "GET", "/_lambent/environmentsxe"))[0] == 404


async def test_a_method_that_is_not_there_is_405() -> None:
    status, answer = await ask(ROUTES, "POST", "/_lambent/environments/e1")
    assert (status, answer) == (405, {"error": "/_lambent/environments/e1 takes DELETE, GET."})


def test_a_route_outside_the_prefix_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="/_lambent/"):
        AdminRoutes([AdminRoute("GET", "/clock", _labels)])


async def test_a_virtual_clock_tells_and_moves() -> None:
    routes = clock_routes(VirtualClock(start=1_000.0))
    assert await ask(routes, "GET", "/_lambent/clock") == (200, {"now": 1_000.0, "virtual": True})
    moved = await ask(routes, "POST", "/_lambent/clock", b'{"advance_seconds": 1.5}')
    assert moved == (200, {"now": 1_001.5, "virtual": True})


async def test_the_machines_clock_is_not_moved() -> None:
    status, answer = await ask(
        clock_routes(RealClock()), "POST", "/_lambent/clock", b'{"advance_seconds": 1}'
    )
    assert status == 400
    assert "virtual" in answer["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"advance_seconds": "1"}',
        b'{"advance_seconds": true}',
        b'{"advance_seconds": -1}',
        b'{"advance_seconds": NaN}',
        b'{"advance_seconds": 1e400}',
        b'{"advance_seconds": 1e12}',
        b'{"advance_seconds": 1, "seconds": 1}',
        b"\xff",
    ],
)
async def test_an_advance_that_makes_no_sense_is_refused(body: bytes) -> None:
    clock = VirtualClock(start=1_000.0)
    status, answer = await ask(clock_routes(clock), "POST", "/_lambent/clock", body)
    assert (status, list(answer), clock.now()) == (400, ["error"], 1_000.0)
