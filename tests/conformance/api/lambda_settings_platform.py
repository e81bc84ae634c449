"""The whole Lambda control plane behind a real gateway, with a fleet that only remembers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import lambda_platform
from botocore.config import Config

from lambent.core.clock import RealClock
from lambent.core.ids import IdSource
from lambent.core.store.blobs import BlobStore
from lambent.core.store.sqlite import SqliteStore
from lambent.gateway.asgi import Gateway
from lambent.gateway.server import HttpServer
from lambent.invoke.functions import Allocation, VersionRecord
from lambent.services.lambda_.concurrency import Limits
from lambent.services.lambda_.service import LambdaService, Parts
from lambent.services.lambda_.settings import Settings, Shelves
from lambent.services.lambda_.state import LambdaState
from lambent.services.lambda_.validation import Rules

IPV = "InvalidParameterValueException"
MISSING = "ResourceNotFoundException"
CONFLICT = "ResourceConflictException"
REVISION = "PreconditionFailedException"
PREFIX = "arn:aws:lambda:us-east-1:000000000000"


class Provisioner:
    """What was last asked for each version, by its number; all of it is ready at once."""

    def __init__(self) -> None:
        self.wanted: dict[str, int] = {}
        self.failure: str | None = None
        self._keys: dict[str, str] = {}

    def provision(self, version: VersionRecord, requested: int) -> None:
        self._keys[version.spec.key] = version.spec.version
        self.wanted[version.spec.version] = requested

    def allocation(self, spec_key: str) -> Allocation | None:
        if spec_key not in self._keys:
            return None
        requested = self.wanted[self._keys[spec_key]]
        ready = 0 if self.failure else requested
        return Allocation(
            requested=requested,
            allocated=ready,
            available=ready,
            status="FAILED" if self.failure else "READY",
            reason=self.failure,
        )


class Platform(lambda_platform.Platform):
    """With real layers, code signing and settings."""

    async def start(self) -> None:
        clock, ids = RealClock(), IdSource(1)
        self.store = SqliteStore(self._folder / "lambent.db")
        await self.store.open()
        self.blobs = BlobStore(self._folder / "blobs")
        await self.blobs.open()
        self.state = LambdaState(
            store=self.store,
            blobs=self.blobs,
            clock=clock,
            ids=ids,
            spawn=self._spawn,
            retirer=self,
        )
        shelves = Shelves(self.state, self._spawn)
        parts = Parts(
            rules=Rules(layers=shelves.layers, runtime_refusal=lambda _runtime: None),
            prepare=self._prepare,
            spawn=self._spawn,
            check_code_signing=shelves.signing.check_code,
            tag_holders={"code-signing-config": shelves.signing},
        )
        self.service = LambdaService(self.state, parts)
        self.signing = shelves.signing
        self.shelves = shelves
        self.provisioner = Provisioner()
        settings = Settings(
            self.state,
            shelves,
            directory=self.service.directory,
            provisioner=self.provisioner,
            links=self.service.links,
            limits=Limits(),
            spawn=self._spawn,
        )
        await shelves.open()
        await self.service.open()
        await settings.open()
        await settings.restore()
        gateway = Gateway(
            services=[self.service.service(settings.operations())],
            admin=[],
            clock=clock,
            ids=ids,
            default_region="us-east-1",
            default_account="000000000000",
        )
        self.server = HttpServer(gateway, host="127.0.0.1", port=0)
        self._spawn(self.server.run())
        await self.server.started.wait()
        self.client: Any = boto3.client(
            "lambda",
            endpoint_url=f"http://127.0.0.1:{self.server.bound_port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )

    async def published(self, name: str = "f", versions: int = 1) -> None:
        """A function with versions 1 to `versions`, all active."""
        await self.active(name)
        for number in range(1, versions + 1):
            await self.ask("update_function_configuration", FunctionName=name, Timeout=number)
            await self.settled(name)
            await self.ask("publish_version", FunctionName=name)
            waiter = self.client.get_waiter("published_version_active")
            await asyncio.to_thread(
                waiter.wait,
                FunctionName=name,
                Qualifier=str(number),
                WaiterConfig={"Delay": 0, "MaxAttempts": 1000},
            )

    async def restart(self) -> None:
        await self.stop()
        await self.start()


@contextlib.asynccontextmanager
async def serve(folder: Path) -> AsyncIterator[Platform]:
    """A running platform; ends all that it began."""
    async with asyncio.TaskGroup() as group:
        platform = Platform(folder, group)
        await platform.start()
        try:
            yield platform
        finally:
            platform.open_gate.set()
            await platform.stop()
