"""Every environment on this host: the pools, by function version, and how one is made."""

import logging
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime

from lambent.core.clock import Clock
from lambent.core.identity import temporary_access_key_id
from lambent.core.ids import IdSource
from lambent.fleet.deadlines import Deadlines
from lambent.fleet.environment import Environment, Spawn
from lambent.fleet.packages import Packages
from lambent.fleet.pool import Pool, PoolCounts
from lambent.fleet.runtimes.api import RuntimeChoice, RuntimeFamily
from lambent.fleet.spec import Boot, Credentials, FunctionSpec, InitializationType
from lambent.fleet.starts import Starts
from lambent.fleet.variables import environment_variables
from lambent.observe.function_log import FunctionLog
from lambent.observe.log_writer import LogWriter

logger = logging.getLogger("lambent.fleet")


class RuntimeUnavailable(Exception):
    """No runtime on this host can run the function; the message says what is missing."""


class Fleet:
    """Gives out environments and takes them back. One per platform."""

    def __init__(
        self,
        *,
        families: Sequence[RuntimeFamily],
        packages: Packages,
        writer: LogWriter,
        clock: Clock,
        machine: Clock,
        ids: IdSource,
        spawn: Spawn,
        endpoint_url: Callable[[], str],
        idle_timeout_s: float,
        starts: Starts,
    ) -> None:
        self._families = families
        self._packages = packages
        self._writer = writer
        self._clock = clock
        self._machine = machine
        self._ids = ids
        self._spawn = spawn
        self._endpoint_url = endpoint_url
        self._idle_timeout_s = idle_timeout_s
        self._starts = starts
        self._pools: dict[str, Pool] = {}
        self._overtimes = Deadlines(machine, _end_overtime)
        self._freezes = Deadlines(machine, _freeze)

    # Invocations

    def take_idle(self, spec: FunctionSpec) -> Environment | None:
        """An idle environment of this version, without waiting, or None."""
        pool = self._pools.get(spec.key)
        return pool.take_idle() if pool is not None else None

    async def take(self, spec: FunctionSpec) -> Environment:
        """An environment of this version. Raises RuntimeUnavailable."""
        return await self.pool(spec).take()

    async def give_back(self, environment: Environment) -> None:
        """Hand an environment back once its invocation is over."""
        pool = self._pools.get(environment.boot.spec.key)
        if pool is None:
            await environment.close()
            return
        await pool.give_back(environment)

    def give_back_rested(self, environment: Environment) -> None:
        """Hand back, without waiting, an environment that is `at_rest`."""
        pool = self._pools.get(environment.boot.spec.key)
        if pool is None:
            self._spawn(environment.close())
            return
        environment.settle()
        pool.give_back_rested(environment)

    def pool(self, spec: FunctionSpec) -> Pool:
        """The pool of this version, made when first asked for."""
        pool = self._pools.get(spec.key)
        if pool is None:
            pool = self._pools[spec.key] = Pool(
                spec,
                open_environment=self._open,
                spawn=self._spawn,
                clock=self._clock,
                machine=self._machine,
                freezes=self._freezes,
                idle_timeout_s=self._idle_timeout_s,
                on_empty=self._forget,
            )
        return pool

    def existing_pool(self, spec_key: str) -> Pool | None:
        return self._pools.get(spec_key)

    # Versions that go

    def retire(self, spec_key: str) -> None:
        """Let what runs finish, end the rest; see `invoke.functions.Retirer`."""
        if (pool := self._pools.get(spec_key)) is not None:
            pool.retire()

    async def close(self) -> None:
        """End every environment."""
        for pool in list(self._pools.values()):
            await pool.close()
        self._pools.clear()
        self._overtimes.close()
        self._freezes.close()

    def counts(self) -> dict[str, PoolCounts]:
        """By function ARN and version, for status pages."""
        return {
            f"{pool.spec.function_arn}:{pool.spec.version}": pool.counts()
            for pool in self._pools.values()
        }

    def environments(self) -> list[Environment]:
        return [one for pool in self._pools.values() for one in pool.environments()]

    # Runtimes

    def choice(self, runtime: str) -> tuple[RuntimeFamily, RuntimeChoice]:
        """Who runs a runtime identifier. Raises RuntimeUnavailable."""
        for family in self._families:
            choice = family.resolve(runtime)
            if isinstance(choice, RuntimeChoice):
                return family, choice
            if choice is not None:
                raise RuntimeUnavailable(choice)
        raise RuntimeUnavailable(f"Lambent has no runtime {runtime}")

    def runtime_refusal(self, runtime: str) -> str | None:
        """Why this host cannot run `runtime`, or None when it can."""
        try:
            self.choice(runtime)
        except RuntimeUnavailable as refusal:
            return str(refusal)
        return None

    def runtime_version(self, runtime: str) -> str:
        """What runs a runtime identifier here, as in `python:3.12.v1`; its own name if nothing."""
        try:
            return self.choice(runtime)[1].version
        except RuntimeUnavailable:
            return runtime

    async def prepare(self, spec: FunctionSpec) -> None:
        """Have a version's code unpacked before its first invocation. Raises BadPackage."""
        await self._packages.task_dir(spec.code_digest)
        await self._packages.opt_dir(spec.layer_digests)

    # Making one

    async def _open(
        self, spec: FunctionSpec, initialization_type: InitializationType
    ) -> Environment:
        family, choice = self.choice(spec.runtime)
        task_dir = await self._packages.task_dir(spec.code_digest)
        opt_dir = await self._packages.opt_dir(spec.layer_digests)
        environment_id = self._ids.hex(32)
        log_stream = self._log_stream(spec, environment_id)
        boot = Boot(
            spec=spec,
            environment_id=environment_id,
            initialization_type=initialization_type,
            log_stream=log_stream,
            task_dir=task_dir,
            opt_dir=opt_dir,
            variables=environment_variables(
                spec,
                initialization_type=initialization_type,
                log_stream=log_stream,
                credentials=self._credentials(spec),
                endpoint_url=self._endpoint_url(),
            ),
        )
        turn = await self._starts.turn()
        try:
            environment = Environment(
                boot=boot,
                host=await family.open(boot),
                choice=choice,
                log=self._log(boot),
                machine=self._machine,
                deadlines=self._overtimes,
                spawn=self._spawn,
            )
            await environment.initialise()
        finally:
            turn.end()
        logger.debug(
            "environment started",
            extra={"function_arn": spec.function_arn, "environment_id": environment_id},
        )
        return environment

    def _log(self, boot: Boot) -> FunctionLog:
        return FunctionLog(
            writer=self._writer,
            clock=self._clock,
            scope=boot.spec.scope,
            logging=boot.spec.logging,
            stream=boot.log_stream,
            function_name=boot.spec.function_name,
            function_arn=boot.spec.function_arn,
            version=boot.spec.version,
            memory_mb=boot.spec.memory_mb,
            initialization_type=boot.initialization_type,
            instance_id=boot.environment_id,
        )

    def _log_stream(self, spec: FunctionSpec, environment_id: str) -> str:
        day = datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y/%m/%d")
        if spec.logging.group == f"/aws/lambda/{spec.function_name}":
            return f"{day}/[{spec.version}]{environment_id}"
        return f"{day}/{spec.function_name}[{spec.version}][{environment_id}]"

    def _credentials(self, spec: FunctionSpec) -> Credentials:
        return Credentials(
            access_key_id=temporary_access_key_id(spec.scope.account, self._ids.token_bytes(10)),
            secret_access_key=self._ids.token_bytes(30).hex()[:40],
            session_token=self._ids.token_bytes(96).hex(),
        )

    def _forget(self, pool: Pool) -> None:
        if self._pools.get(pool.spec.key) is pool:
            del self._pools[pool.spec.key]


def _end_overtime(environment: Hashable) -> None:
    assert isinstance(environment, Environment)
    environment.end_overtime()


def _freeze(environment: Hashable) -> None:
    assert isinstance(environment, Environment)
    environment.freeze()
