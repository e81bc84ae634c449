"""What is served under /_lambent/: health, status, the clock, functions' code by signed link."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lambent import __version__
from lambent.core.clock import Clock, VirtualClock
from lambent.core.config import Config
from lambent.core.http import HttpResponse
from lambent.core.store.blobs import BlobStore
from lambent.fleet.fleet import Fleet
from lambent.fleet.runtimes.api import RuntimeChoice, RuntimeFamily
from lambent.fleet.sandbox.levels import Sandboxes
from lambent.gateway.admin import (
    AdminError,
    AdminRequest,
    AdminRoute,
    clock_routes,
    json_response,
)
from lambent.services.lambda_.code import CodeLinks

# What `lambent status` reports on: the runtimes that AWS offers today and Lambent can run.
_REPORTED = (
    *("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14"),
    *("nodejs20.x", "nodejs22.x", "nodejs24.x", "provided.al2", "provided.al2023"),
)


def admin_routes(
    *,
    config: Config,
    clock: Clock,
    fleet: Fleet,
    families: Sequence[RuntimeFamily],
    sandboxes: Sandboxes,
    blobs: BlobStore,
    links: CodeLinks,
) -> list[AdminRoute]:
    """Every route, over what is running."""

    async def health(request: AdminRequest) -> HttpResponse:
        return json_response({"status": "ready", "version": __version__})

    async def status(request: AdminRequest) -> HttpResponse:
        runtimes = {name: _runtime(families, name) for name in _REPORTED}
        warnings = [sandboxes.warning] if sandboxes.warning else []
        return json_response(
            {
                "version": __version__,
                "data_dir": str(config.data_dir.absolute()),
                "sandbox": sandboxes.name,
                "clock": "virtual" if isinstance(clock, VirtualClock) else "real",
                "environments": {
                    version: asdict(counts) for version, counts in fleet.counts().items()
                },
                "runtimes": runtimes,
                "warnings": warnings,
            }
        )

    async def environments(request: AdminRequest) -> HttpResponse:
        return json_response([one.describe() for one in fleet.environments()])

    async def code(request: AdminRequest) -> HttpResponse:
        digest = request.labels["digest"]
        if not links.allows(digest, request.http.query):
            raise AdminError(403, "the link has expired, or is not one of Lambent's")
        try:
            body = await blobs.read(digest)
        except FileNotFoundError as error:
            raise AdminError(404, "the code is gone") from error
        return HttpResponse(headers=(("Content-Type", "application/zip"),), body=body)

    return [
        AdminRoute("GET", "/_lambent/health", health),
        AdminRoute("GET", "/_lambent/status", status),
        AdminRoute("GET", "/_lambent/environments", environments),
        AdminRoute("GET", "/_lambent/code/{digest}", code),
        *clock_routes(clock),
    ]


def _runtime(families: Sequence[RuntimeFamily], name: str) -> str:
    for family in families:
        found: Any = family.resolve(name)
        if isinstance(found, RuntimeChoice):
            return found.warning or found.version
        if found is not None:
            return str(found)
    return "not supported"
