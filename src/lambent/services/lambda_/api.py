"""The Lambda API put together: its resources over one state, and what the platform asks of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lambent.core.clock import Clock
from lambent.core.identity import Scope
from lambent.core.ids import IdSource
from lambent.core.store.api import Store
from lambent.fleet.spec import FunctionSpec
from lambent.invoke.dispatch import Dispatch
from lambent.invoke.functions import FunctionDirectory, Provisioner, Retirer, VersionRecord
from lambent.services.contract import Service
from lambent.services.lambda_.code import CodeLinks
from lambent.services.lambda_.invocations import Invocations
from lambent.services.lambda_.service import LambdaService, Parts
from lambent.services.lambda_.state import Blobs, LambdaState, Spawn
from lambent.services.lambda_.validation import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaNeeds:
    """What the Lambda API is given by the platform."""

    store: Store
    blobs: Blobs
    clock: Clock
    ids: IdSource
    spawn: Spawn
    retirer: Retirer
    prepare: Callable[[FunctionSpec], Awaitable[None]]
    runtime_refusal: Callable[[str], str | None]
    runtime_version: Callable[[str], str]
    account_concurrency: int
    unreserved_minimum: int
    max_timeout_s: int


class LambdaApi:
    """The Lambda API of one platform. `open` first; `service` is what the gateway mounts."""

    def __init__(self, needs: LambdaNeeds) -> None:
        self._state = LambdaState(
            store=needs.store,
            blobs=needs.blobs,
            clock=needs.clock,
            ids=needs.ids,
            spawn=needs.spawn,
            retirer=needs.retirer,
        )
        self._lambda = LambdaService(
            self._state,
            Parts(
                rules=Rules(
                    layers=_NoLayers(),
                    runtime_refusal=needs.runtime_refusal,
                    max_timeout_s=needs.max_timeout_s,
                ),
                prepare=needs.prepare,
                spawn=needs.spawn,
                runtime_version=needs.runtime_version,
            ),
        )
        self.links: CodeLinks = self._lambda.links
        self.directory: FunctionDirectory = self._lambda.directory
        self._service: Service | None = None

    async def open(self, dispatch: Dispatch, provisioner: Provisioner) -> None:
        """Read what is kept and take up what an earlier process left unfinished."""
        await self._lambda.open()
        invocations = Invocations(dispatch)
        self._service = self._lambda.service(
            invocations.operations(), raw_routes=invocations.raw_routes()
        )

    def service(self) -> Service:
        if self._service is None:
            raise RuntimeError("the Lambda API is not open yet")
        return self._service

    def reserved_total(self, scope: Scope) -> int:
        """The sum of the reservations in an account and region; never counts."""
        return 0

    async def active(self, version: VersionRecord) -> None:
        """Wait until a version that is Pending is not any more."""
        await self._lambda.lifecycle.active(version)


class _NoLayers:
    def resolve(self, scope: Scope, arn: str) -> None:
        return None
