"""provided.al2023 and provided.al2: the function brings its own runtime."""

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from lambent.core.clock import Clock
from lambent.fleet.runtime_api.host import ApiHost
from lambent.fleet.runtimes.api import (
    Answer,
    Event,
    FunctionFailure,
    Output,
    RuntimeChoice,
    RuntimeHost,
    RuntimeProcess,
)
from lambent.fleet.sandbox.api import Exit, Sandbox, SandboxLevel, SandboxPlan
from lambent.fleet.spec import Boot

Levels = Callable[[Mapping[str, Path]], Awaitable[SandboxLevel]]

_RUNTIMES = ("provided.al2023", "provided.al2")
_BOOTSTRAP = "bootstrap"


class MissingBootstrap:
    """What a function without a `bootstrap` comes to: an init that fails, each time."""

    at_rest = False
    alive = False

    async def initialised(self) -> FunctionFailure | Exit | None:
        text = "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
        document = {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": text}
        return FunctionFailure(
            error_type="Runtime.InvalidEntrypoint",
            payload=json.dumps(document, separators=(",", ":")).encode(),
        )

    async def invoke(self, event: Event) -> Answer:
        return await self.exited()

    async def idle(self) -> Exit | None:
        return await self.exited()

    async def exited(self) -> Exit:
        return Exit(code=1)

    async def stop(self, grace_s: float) -> Exit:
        return await self.exited()


class HostWithoutBootstrap:
    """See `api.RuntimeHost`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def boot(self, output: Output) -> RuntimeProcess:
        return MissingBootstrap()

    def freeze(self) -> None:
        self._sandbox.freeze()

    def thaw(self) -> None:
        self._sandbox.thaw()

    def memory_peak_bytes(self) -> int:
        return self._sandbox.memory_peak_bytes()

    async def close(self) -> None:
        await self._sandbox.destroy()


class ProvidedFamily:
    """See `api.RuntimeFamily`."""

    name = "provided"

    def __init__(self, levels: Levels, *, clock: Clock, cpu_shares: bool = False) -> None:
        self._levels = levels
        self._clock = clock
        self._cpu_shares = cpu_shares
        self._level: SandboxLevel | None = None

    def resolve(self, runtime: str) -> RuntimeChoice | str | None:
        if runtime not in _RUNTIMES:
            return None
        return RuntimeChoice(identifier=runtime, version=f"{runtime.replace('.', ':')}.v1")

    async def open(self, boot: Boot) -> RuntimeHost:
        if self._level is None:
            self._level = await self._levels({})
        level = self._level
        sandbox = await level.create(
            SandboxPlan(
                id=boot.environment_id,
                task_dir=boot.task_dir,
                opt_dir=boot.opt_dir,
                memory_mb=boot.spec.memory_mb,
                tmp_mb=boot.spec.tmp_mb,
                cpus=boot.spec.memory_mb / 1769 if self._cpu_shares else None,
            )
        )
        bootstrap = _bootstrap(boot, sandbox)
        if bootstrap is None:
            return HostWithoutBootstrap(sandbox)
        return ApiHost(
            sandbox,
            argv=(bootstrap, boot.spec.handler),
            variables=_variables(boot, level, sandbox),
            clock=self._clock,
        )


def _bootstrap(boot: Boot, sandbox: Sandbox) -> str | None:
    """Where the bootstrap is for a program inside: in the function, or else in a layer."""
    for folder, inside in ((boot.task_dir, sandbox.task_root), (boot.opt_dir, sandbox.opt_root)):
        if folder is not None:
            path = folder / _BOOTSTRAP
            if path.is_file() and os.access(path, os.X_OK):
                return f"{inside}/{_BOOTSTRAP}"
    return None


def _variables(boot: Boot, level: SandboxLevel, sandbox: Sandbox) -> dict[str, str]:
    own = {
        "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": (
            "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
        ),
    }
    reserved = {"LAMBDA_TASK_ROOT": sandbox.task_root, "LAMBDA_RUNTIME_DIR": "/var/runtime"}
    if level.name != "namespace":
        own = {"PATH": os.defpath, "LD_LIBRARY_PATH": f"{sandbox.task_root}/lib"}
        reserved["TMPDIR"] = sandbox.tmp_root
    return {**own, **boot.variables, **reserved}
