"""provided.al2023 and provided.al2: the function brings its own runtime."""

import os
from pathlib import Path

from lambent.core.clock import Clock
from lambent.fleet.runtime_api.exec_levels import ExecLevels, StartLevel
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

_RUNTIMES = ("provided.al2023", "provided.al2")
_BOOTSTRAP = "bootstrap"
# What the kernel can execute: a program, or a script that names its interpreter.
_EXECUTABLE = (b"\x7fELF", b"#!")


class InvalidEntrypoint:
    """What a function without a usable `bootstrap` comes to: an init that fails, each time."""

    at_rest = False
    alive = False

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def initialised(self) -> FunctionFailure | Exit | None:
        return FunctionFailure(error_type="Runtime.InvalidEntrypoint", platform_text=self._reason)

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

    def __init__(self, sandbox: Sandbox, reason: str) -> None:
        self._sandbox = sandbox
        self._reason = reason

    async def boot(self, output: Output) -> RuntimeProcess:
        return InvalidEntrypoint(self._reason)

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

    def __init__(self, levels: StartLevel, *, clock: Clock, cpu_shares: bool = False) -> None:
        self._levels = ExecLevels(levels)
        self._clock = clock
        self._cpu_shares = cpu_shares

    def resolve(self, runtime: str) -> RuntimeChoice | str | None:
        if runtime not in _RUNTIMES:
            return None
        return RuntimeChoice(identifier=runtime, version=f"{runtime.replace('.', ':')}.v1")

    async def open(self, boot: Boot) -> RuntimeHost:
        level = await self._levels.level(None, {})
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
        bootstrap, obstacle = _bootstrap(boot, sandbox)
        if obstacle is not None:
            return HostWithoutBootstrap(sandbox, obstacle)
        return ApiHost(
            sandbox,
            argv=(bootstrap, boot.spec.handler),
            variables=_variables(boot, level, sandbox),
            clock=self._clock,
        )


def _bootstrap(boot: Boot, sandbox: Sandbox) -> tuple[str, str | None]:
    """Where the bootstrap is for a program inside, and what keeps it from being run, if anything.

    The function's own comes before a layer's. AWS: the first that is a file is the one, also when
    it cannot be executed; its supervisor, written in Go, then says so in Go's words.
    """
    for folder, inside in ((boot.task_dir, sandbox.task_root), (boot.opt_dir, sandbox.opt_root)):
        if folder is not None and (folder / _BOOTSTRAP).is_file():
            return f"{inside}/{_BOOTSTRAP}", _obstacle(folder / _BOOTSTRAP, inside)
    return "", "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"


def _obstacle(bootstrap: Path, inside: str) -> str | None:
    if not os.access(bootstrap, os.X_OK):
        return f"fork/exec {inside}/{_BOOTSTRAP}: permission denied"
    with bootstrap.open("rb") as program:
        if not program.read(4).startswith(_EXECUTABLE):
            return f"fork/exec {inside}/{_BOOTSTRAP}: exec format error"
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
