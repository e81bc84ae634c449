"""The Lambda API put together: its resources over one state, and what the platform asks of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from lambent.core.clock import Clock, RealClock
from lambent.core.identity import Scope
from lambent.core.ids import IdSource
from lambent.core.store.api import Store
from lambent.fleet.spec import FunctionSpec
from lambent.invoke.dispatch import Dispatch
from lambent.invoke.functions import FunctionDirectory, Provisioner, Retirer, VersionRecord
from lambent.services.contract import Service
from lambent.services.lambda_.code import CodeLinks
from lambent.services.lambda_.concurrency import Limits
from lambent.services.lambda_.invocations import Invocations
from lambent.services.lambda_.service import LambdaService, Parts
from lambent.services.lambda_.settings import Settings, Shelves
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
        self._needs = needs
        self._state = LambdaState(
            store=needs.store,
            blobs=needs.blobs,
            clock=needs.clock,
            ids=needs.ids,
            spawn=needs.spawn,
            retirer=needs.retirer,
        )
        self._shelves = Shelves(self._state, needs.spawn)
        self._lambda = LambdaService(
            self._state,
            Parts(
                rules=Rules(
                    layers=self._shelves.layers,
                    runtime_refusal=needs.runtime_refusal,
                    max_timeout_s=needs.max_timeout_s,
                ),
                prepare=needs.prepare,
                spawn=needs.spawn,
                runtime_version=needs.runtime_version,
                check_code_signing=self._shelves.signing.check_code,
                tag_holders={"code-signing-config": self._shelves.signing},
            ),
        )
        self.links: CodeLinks = self._lambda.links
        self.directory: FunctionDirectory = self._lambda.directory
        self._settings: Settings | None = None
        self._service: Service | None = None

    async def open(self, dispatch: Dispatch, provisioner: Provisioner) -> None:
        """Read what is kept and take up what an earlier process left unfinished."""
        settings = self._assemble(dispatch, provisioner)
        await self._shelves.open()
        await self._lambda.open()
        await settings.open()

    async def restore(self) -> None:
        """Have kept warm again what is provisioned; once the fleet can start environments."""
        if self._settings is not None:
            await self._settings.restore()

    def service(self) -> Service:
        if self._service is None:
            raise RuntimeError("the Lambda API is not open yet")
        return self._service

    def reserved_total(self, scope: Scope) -> int:
        """The sum of the reservations in an account and region; never counts."""
        if self._settings is None:
            return 0
        return self._settings.reservations.reserved_total(scope)

    async def active(self, version: VersionRecord) -> None:
        """Wait until a version that is Pending is not any more."""
        await self._lambda.lifecycle.active(version)

    def _assemble(self, dispatch: Dispatch, provisioner: Provisioner) -> Settings:
        settings = self._settings = Settings(
            self._state,
            self._shelves,
            directory=self.directory,
            provisioner=provisioner,
            links=self.links,
            limits=Limits(
                account=self._needs.account_concurrency,
                unreserved_minimum=self._needs.unreserved_minimum,
            ),
            spawn=self._needs.spawn,
        )
        invocations = Invocations(dispatch)
        self._service = self._lambda.service(
            settings.operations(), invocations.operations(), raw_routes=invocations.raw_routes()
        )
        return settings

    @classmethod
    def declared(cls) -> Service:
        """The service as it declares itself, with nothing behind it; for the coverage page."""
        absent: Any = None
        api = cls(
            LambdaNeeds(
                store=absent,
                blobs=absent,
                clock=RealClock(),
                ids=IdSource(0),
                spawn=absent,
                retirer=absent,
                prepare=absent,
                runtime_refusal=absent,
                runtime_version=absent,
                account_concurrency=1000,
                unreserved_minimum=100,
                max_timeout_s=900,
            )
        )
        api._assemble(absent, absent)
        return api.service()
