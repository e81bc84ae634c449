"""Lambda's control plane behind a real gateway, with its store on disk, asked through boto3."""

import asyncio
import contextlib
import io
import zipfile
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lambent.core.clock import RealClock
from lambent.core.identity import Scope
from lambent.core.ids import IdSource
from lambent.core.store.blobs import BlobStore
from lambent.core.store.sqlite import SqliteStore
from lambent.fleet.spec import FunctionSpec
from lambent.gateway.asgi import Gateway
from lambent.gateway.server import HttpServer
from lambent.services.lambda_.records import LayerVersion
from lambent.services.lambda_.service import LambdaService, Parts
from lambent.services.lambda_.state import LambdaState
from lambent.services.lambda_.validation import Rules

ROLE = "arn:aws:iam::000000000000:role/r"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


def zipped(source: str = "def handler(event, context): return event") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(zipfile.ZipInfo("app.py"), source)
    return buffer.getvalue()


class Layers:
    """A catalog that knows every layer but `missing`; each is 1 MB, `huge` is 250 MB."""

    def resolve(self, scope: Scope, arn: str) -> LayerVersion | None:
        if ":missing:" in arn:
            return None
        size = 262_144_000 if ":huge:" in arn else 1_000_000
        return LayerVersion(arn=arn, digest="00" * 32, code_size=10, uncompressed_size=size)


class Platform:
    """What a test may do: ask, hold back activation, make it fail, restart."""

    def __init__(self, folder: Path, group: asyncio.TaskGroup) -> None:
        self._folder = folder
        self._group = group
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self.failure: Exception | None = None
        self.retired: list[str] = []

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
        parts = Parts(
            rules=Rules(layers=Layers(), runtime_refusal=_refusal),
            prepare=self._prepare,
            spawn=self._spawn,
        )
        self.service = LambdaService(self.state, parts)
        await self.service.open()
        gateway = Gateway(
            services=[self.service.service()],
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

    async def stop(self) -> None:
        await self.server.stop(0)
        await self.blobs.close()
        await self.store.close()

    def retire(self, spec_key: str) -> None:
        self.retired.append(spec_key)

    async def ask(self, operation: str, **params: Any) -> Any:
        """Call an operation in a thread, since boto3 blocks; without ResponseMetadata."""
        answer = await asyncio.to_thread(getattr(self.client, operation), **params)
        self.status = answer.pop("ResponseMetadata")["HTTPStatusCode"]
        return answer

    async def refused(self, operation: str, **params: Any) -> tuple[int, str, str]:
        """Status, code and message of a call that must fail."""
        with pytest.raises(ClientError) as caught:
            await self.ask(operation, **params)
        response: Any = caught.value.response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return status, response["Error"]["Code"], response["Error"]["Message"]

    async def create(self, name: str = "f", **params: Any) -> Any:
        return await self.ask("create_function", **{**basic(name), **params})

    async def active(self, name: str = "f", **params: Any) -> Any:
        """Create a function and wait until it is active; its configuration."""
        await self.create(name, **params)
        return await self.settled(name)

    async def settled(self, name: str = "f") -> Any:
        """Wait, as clients do, until the function is active and its last update has ended."""
        for waiter in ("function_updated_v2", "function_active_v2"):
            await asyncio.to_thread(
                self.client.get_waiter(waiter).wait,
                FunctionName=name,
                WaiterConfig={"Delay": 0, "MaxAttempts": 1000},
            )
        return await self.ask("get_function_configuration", FunctionName=name)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._group.create_task(work)

    async def _prepare(self, spec: FunctionSpec) -> None:
        await self.open_gate.wait()
        if self.failure is not None:
            raise self.failure


def basic(name: str = "f") -> dict[str, Any]:
    return {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped()},
    }


def _refusal(runtime: str) -> str | None:
    return "Java is not built." if runtime.startswith("java") else None


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
