"""The composition root: everything is built here, from a Config, in order, visibly.

`platform` builds and runs it all and takes it down in reverse; `serve` runs it until a signal.
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambent.admin import admin_routes
from lambent.core.clock import Clock, RealClock, VirtualClock
from lambent.core.config import Config
from lambent.core.ids import IdSource
from lambent.core.store.blobs import BlobStore
from lambent.core.store.sqlite import SqliteStore
from lambent.core.tasks import Tasks, owned_tasks
from lambent.fleet.fleet import Fleet
from lambent.fleet.packages import Packages
from lambent.fleet.runtimes.api import RuntimeFamily
from lambent.fleet.runtimes.nodejs.family import NodejsFamily
from lambent.fleet.runtimes.provided.family import ProvidedFamily
from lambent.fleet.runtimes.python.family import PythonFamily
from lambent.fleet.sandbox.levels import LevelChoice, Sandboxes
from lambent.fleet.starts import Starts
from lambent.gateway.asgi import Gateway
from lambent.gateway.server import HttpServer
from lambent.invoke.concurrency import Concurrency
from lambent.invoke.dispatch import Dispatch
from lambent.invoke.provisioning import Provisioning
from lambent.services.contract import Service
from lambent.services.lambda_.api import LambdaApi, LambdaNeeds
from lambent.services.logs import LogsService

logger = logging.getLogger("lambent")

# How long a stop waits for requests under way.
STOP_GRACE_S = 5.0
# The runtime whose fork server is started with the platform, so that no invocation waits for it.
WARM_RUNTIME = "python3.12"


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A running Lambent. `endpoint` is where it listens; `tasks` own what runs beside requests."""

    config: Config
    clock: Clock
    endpoint: str
    gateway: Gateway
    fleet: Fleet
    sandboxes: Sandboxes
    families: Sequence[RuntimeFamily]
    lambda_: LambdaApi
    tasks: Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What everything else stands on."""

    clock: Clock
    machine: Clock
    ids: IdSource
    store: SqliteStore
    blobs: BlobStore
    tasks: Tasks
    logs: LogsService


@contextlib.asynccontextmanager
async def platform(config: Config) -> AsyncIterator[Platform]:
    """Everything, running. Raises DataDirectoryInUse, SandboxUnavailable, OSError (the port)."""
    _allow_many_descriptors()
    data_dir = config.data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        ground = await _lay_ground(config, data_dir, stack)

        sandboxes = Sandboxes(_level(config), data_dir / "run", ground.machine)
        stack.push_async_callback(sandboxes.close)
        python = _python(config, sandboxes, data_dir / "runtimes")
        families: list[RuntimeFamily] = [
            python,
            *_other_families(config, sandboxes, data_dir / "runtimes", ground.machine),
        ]
        bound_port: list[int] = []
        fleet = _fleet(config, ground, families, data_dir, lambda: _url(config, bound_port[0]))
        stack.push_async_callback(fleet.close)

        lambda_api = await _lambda(config, ground, fleet)
        gateway = Gateway(
            services=[lambda_api.service(), ground.logs.service],
            admin=admin_routes(
                config=config,
                clock=ground.clock,
                fleet=fleet,
                families=families,
                sandboxes=sandboxes,
                blobs=ground.blobs,
                links=lambda_api.links,
            ),
            clock=ground.clock,
            ids=ground.ids,
            default_region=config.region,
            default_account=config.account,
        )
        server = HttpServer(gateway, host=config.host, port=config.port)
        serving: asyncio.Future[object] = asyncio.ensure_future(server.run())
        stack.push_async_callback(_stopped, server, serving)
        await _started(server, serving)
        bound_port.append(server.bound_port)

        ground.tasks.spawn(python.warm(WARM_RUNTIME))
        await lambda_api.restore()
        if sandboxes.warning is not None:
            logger.warning(sandboxes.warning)
        yield Platform(
            config=config,
            clock=ground.clock,
            endpoint=_url(config, server.bound_port),
            gateway=gateway,
            fleet=fleet,
            sandboxes=sandboxes,
            families=families,
            lambda_=lambda_api,
            tasks=ground.tasks,
        )


async def _lay_ground(config: Config, data_dir: Path, stack: contextlib.AsyncExitStack) -> _Ground:
    clock: Clock = VirtualClock() if config.clock == "virtual" else RealClock()
    ids = IdSource()
    store = SqliteStore(data_dir / "lambent.db")
    await store.open()
    stack.push_async_callback(store.close)
    blobs = BlobStore(data_dir / "blobs")
    await blobs.open()
    stack.push_async_callback(blobs.close)
    logs = LogsService(store, clock, ids)
    await logs.open()
    stack.push_async_callback(logs.close)
    tasks = await stack.enter_async_context(owned_tasks())
    tasks.spawn(logs.run())
    return _Ground(
        clock=clock,
        machine=RealClock(),
        ids=ids,
        store=store,
        blobs=blobs,
        tasks=tasks,
        logs=logs,
    )


def _fleet(
    config: Config,
    ground: _Ground,
    families: Sequence[RuntimeFamily],
    data_dir: Path,
    endpoint_url: Callable[[], str],
) -> Fleet:
    return Fleet(
        families=families,
        packages=Packages(data_dir / "packages", ground.blobs),
        writer=ground.logs.writer,
        clock=ground.clock,
        machine=ground.machine,
        ids=ground.ids,
        spawn=ground.tasks.spawn,
        endpoint_url=endpoint_url,
        idle_timeout_s=config.idle_timeout_s,
        starts=Starts((os.cpu_count() or 1) * 2, ground.machine),
    )


async def _lambda(config: Config, ground: _Ground, fleet: Fleet) -> LambdaApi:
    """The Lambda API and dispatch, which know each other only through Protocols."""
    api = LambdaApi(
        LambdaNeeds(
            store=ground.store,
            blobs=ground.blobs,
            clock=ground.clock,
            ids=ground.ids,
            spawn=ground.tasks.spawn,
            retirer=fleet,
            prepare=fleet.prepare,
            runtime_refusal=fleet.runtime_refusal,
            runtime_version=fleet.runtime_version,
            account_concurrency=config.account_concurrency,
            unreserved_minimum=config.unreserved_minimum,
            max_timeout_s=config.max_timeout_s,
        )
    )
    concurrency = Concurrency(config.account_concurrency, api.reserved_total)
    dispatch = Dispatch(
        directory=api.directory,
        fleet=fleet,
        concurrency=concurrency,
        clock=ground.clock,
        ids=ground.ids,
        spawn=ground.tasks.spawn,
        active=api.active,
    )
    await api.open(dispatch, Provisioning(fleet, concurrency))
    return api


async def serve(config: Config, ready: Callable[[Platform], Awaitable[None]]) -> None:
    """Run until SIGINT or SIGTERM. `ready` is awaited once requests are answered."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with platform(config) as running:
        await ready(running)
        _spare_the_collector()
        await stop.wait()


def _spare_the_collector() -> None:
    """Leave what has been loaded out of garbage collection, and collect in larger steps.

    Measured: 8 % more warm invocations a second; what requests make is freed by reference counts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def declared_services() -> list[Service]:
    """The services as they declare themselves, with nothing running; for the coverage page."""
    absent: Any = None
    return [LambdaApi.declared(), LogsService(absent, RealClock(), IdSource(0)).service]


def _python(config: Config, sandboxes: Sandboxes, runtimes_dir: Path) -> PythonFamily:
    return PythonFamily(
        sandboxes,
        libraries_dir=runtimes_dir / "python",
        home=Path.home(),
        search_path=os.environ.get("PATH", os.defpath),
        strict=config.strict_runtimes,
        cpu_shares=config.cpu_shares,
    )


def _other_families(
    config: Config, sandboxes: Sandboxes, runtimes_dir: Path, machine: Clock
) -> list[RuntimeFamily]:
    return [
        NodejsFamily(
            sandboxes.exec_level,
            clock=machine,
            home=Path.home(),
            search_path=os.environ.get("PATH", os.defpath),
            strict=config.strict_runtimes,
            cpu_shares=config.cpu_shares,
            libraries_dir=runtimes_dir / "nodejs",
        ),
        ProvidedFamily(sandboxes.exec_level, clock=machine, cpu_shares=config.cpu_shares),
    ]


def _level(config: Config) -> LevelChoice:
    choices: dict[str, LevelChoice] = {
        "auto": "auto",
        "namespace": "namespace",
        "process": "process",
    }
    return choices[config.sandbox]


async def _started(server: HttpServer, serving: "asyncio.Future[object]") -> None:
    """Wait until the server listens; raise what kept it from it."""
    started: asyncio.Future[object] = asyncio.ensure_future(server.started.wait())
    both = {started, serving}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    if serving.done():
        serving.result()


async def _stopped(server: HttpServer, serving: "asyncio.Future[object]") -> None:
    await server.stop(STOP_GRACE_S)
    await asyncio.wait({serving})


def _url(config: Config, port: int) -> str:
    host = f"[{config.host}]" if ":" in config.host else config.host
    return f"http://{host}:{port}"


def _allow_many_descriptors() -> None:
    """A thousand environments need a few thousand descriptors."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if most != resource.RLIM_INFINITY else 1 << 20
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
