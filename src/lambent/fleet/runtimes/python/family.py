"""The Python runtimes: python3.8 to python3.15, on the interpreters that this host has."""

import asyncio
import os
import socket
from collections.abc import Mapping
from pathlib import Path

from lambent.fleet.runtimes.api import Output, RuntimeChoice
from lambent.fleet.runtimes.python.channel import PythonProcess, RawOutput
from lambent.fleet.runtimes.python.interpreters import (
    Interpreter,
    find_interpreters,
    minor_of,
    nearest,
)
from lambent.fleet.runtimes.python.libraries import libraries_need, runtime_libraries
from lambent.fleet.sandbox.api import Program, Sandbox, SandboxLevel, SandboxPlan
from lambent.fleet.sandbox.levels import Sandboxes
from lambent.fleet.spec import Boot

_CHILD = Path(__file__).parent / "inside" / "child.py"
# Loaded before the first fork, so that no function waits for them; user code never is.
_PRELOADED = (
    *("awslambdaric.bootstrap", "boto3", "botocore.session", "botocore.client"),
    *("botocore.handlers", "botocore.httpsession", "s3transfer", "urllib3"),
    *("json", "logging", "decimal", "datetime", "uuid", "base64", "hashlib", "ssl", "re"),
    *("http.client", "urllib.request", "concurrent.futures", "socket", "random", "gzip"),
)
_SOCKET_DESCRIPTOR = 3
# Where a wrapper finds the runtime that it has to start.
_CHILD_INSIDE = "/var/lambent/bootstrap.py"
_SOCKET_BUFFER = 1 << 20


class PythonHost:
    """See `api.RuntimeHost`."""

    def __init__(
        self, sandbox: Sandbox, variables: Mapping[str, str], argv: tuple[str, ...] | None
    ) -> None:
        self._argv = argv
        self._sandbox = sandbox
        self._variables = variables

    async def boot(self, output: Output) -> PythonProcess:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BUFFER)
        ours.setblocking(False)
        reading, writing = os.pipe()
        runtime = PythonProcess(output, RawOutput(reading, output))
        loop = asyncio.get_running_loop()
        try:
            await loop.create_unix_connection(lambda: runtime, sock=ours)
            process = await self._sandbox.start(
                Program(
                    argv=self._argv,
                    variables=self._variables,
                    cwd=self._sandbox.task_root,
                    descriptors={1: writing, 2: writing, _SOCKET_DESCRIPTOR: theirs.fileno()},
                )
            )
        finally:
            theirs.close()
            os.close(writing)
        runtime.attend(process)
        return runtime

    def freeze(self) -> None:
        self._sandbox.freeze()

    def thaw(self) -> None:
        self._sandbox.thaw()

    def memory_peak_bytes(self) -> int:
        return self._sandbox.memory_peak_bytes()

    async def close(self) -> None:
        await self._sandbox.destroy()


class PythonFamily:
    """See `api.RuntimeFamily`. One fork server per interpreter, started when first needed."""

    name = "python"

    def __init__(
        self,
        sandboxes: Sandboxes,
        *,
        libraries_dir: Path,
        home: Path,
        search_path: str,
        strict: bool,
        cpu_shares: bool,
    ) -> None:
        self._sandboxes = sandboxes
        self._libraries_dir = libraries_dir
        self._strict = strict
        self._cpu_shares = cpu_shares
        self._home = home
        self._search_path = search_path
        self._found: dict[int, Interpreter] | None = None
        self._levels: dict[int, asyncio.Task[SandboxLevel]] = {}

    def resolve(self, runtime: str) -> RuntimeChoice | str | None:
        minor = minor_of(runtime)
        if minor is None:
            return None
        interpreter = nearest(minor, self.interpreters())
        if interpreter is None:
            return "no Python interpreter was found on this host"
        warnings = []
        if interpreter.minor != minor:
            if self._strict:
                return f"python3.{minor} is not on this host, and --strict-runtimes is set"
            warnings.append(f"{runtime} is not on this host; python3.{interpreter.minor} stands in")
        if (needed := libraries_need(interpreter.minor)) is not None:
            warnings.append(
                f"boto3 is not there for python3.{interpreter.minor} (ours needs Python "
                f"{needed}); a function that uses it brings its own"
            )
        return RuntimeChoice(
            identifier=runtime,
            version=f"python:3.{interpreter.minor}.v1",
            warning="; ".join(warnings) or None,
        )

    def interpreters(self) -> dict[int, Interpreter]:
        """What this host has, looked up once."""
        if self._found is None:
            self._found = find_interpreters(self._home, self._search_path)
        return self._found

    async def warm(self, runtime: str) -> None:
        """Have the fork server ready before it is needed."""
        minor = minor_of(runtime)
        interpreter = nearest(minor, self.interpreters()) if minor is not None else None
        if interpreter is not None:
            await self._level(interpreter)

    async def open(self, boot: Boot) -> PythonHost:
        minor = minor_of(boot.spec.runtime)
        interpreter = nearest(minor, self.interpreters()) if minor is not None else None
        if interpreter is None:
            raise RuntimeError(f"{boot.spec.runtime} was not resolved")
        level = await self._level(interpreter)
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
        variables = self._variables(boot, level, sandbox, interpreter)
        return PythonHost(sandbox, variables, _wrapped(boot, level, interpreter))

    async def _level(self, interpreter: Interpreter) -> SandboxLevel:
        task = self._levels.get(interpreter.minor)
        if task is None or _has_failed(task):
            # Owned here: whoever asks first starts it, and all wait for the same one.
            task = asyncio.ensure_future(self._start_level(interpreter))
            self._levels[interpreter.minor] = task
        return await asyncio.shield(task)

    async def _start_level(self, interpreter: Interpreter) -> SandboxLevel:
        libraries = runtime_libraries(self._libraries_dir)
        inside = "/var/runtime"
        mounts = {_CHILD_INSIDE: _CHILD, inside: libraries, "/var/lang": interpreter.prefix}
        if not interpreter.prefix.is_relative_to("/usr"):
            mounts[str(interpreter.prefix)] = interpreter.prefix
        return await self._sandboxes.level(
            mounts=mounts,
            interpreter=interpreter.path,
            path=(Path(inside) if self._sandboxes.name == "namespace" else libraries,),
            preload=_PRELOADED,
            entry=_CHILD,
            bytecode=self._libraries_dir / "bytecode",
        )

    def _variables(
        self, boot: Boot, level: SandboxLevel, sandbox: Sandbox, interpreter: Interpreter
    ) -> dict[str, str]:
        isolated = level.name == "namespace"
        libraries = "/var/runtime" if isolated else str(self._libraries_dir / "libraries")
        own = {
            "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
            "LD_LIBRARY_PATH": (
                "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:"
                "/var/task:/var/task/lib:/opt/lib"
            ),
            "PYTHONPATH": libraries,
        }
        reserved = {
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{boot.spec.runtime}",
            "LAMBDA_TASK_ROOT": sandbox.task_root,
            "LAMBDA_RUNTIME_DIR": libraries,
        }
        if not isolated:
            own["PATH"] = f"{interpreter.prefix / 'bin'}:{os.defpath}"
            del own["LD_LIBRARY_PATH"]
            reserved["LAMBENT_OPT_ROOT"] = sandbox.opt_root
            reserved["TMPDIR"] = sandbox.tmp_root
        return {**own, **boot.variables, **reserved}


def _has_failed(starting: "asyncio.Task[SandboxLevel]") -> bool:
    """Whether a fork server did not start, or has ended since: then another takes its place."""
    if not starting.done():
        return False
    if starting.cancelled() or starting.exception() is not None:
        return True
    return not starting.result().alive


def _wrapped(boot: Boot, level: SandboxLevel, interpreter: Interpreter) -> tuple[str, ...] | None:
    """The command line where AWS_LAMBDA_EXEC_WRAPPER asks for one; None forks what is preloaded.

    AWS: the wrapper is given the command line of the runtime, to run as it likes.
    """
    wrapper = boot.variables.get("AWS_LAMBDA_EXEC_WRAPPER")
    if not wrapper:
        return None
    child = _CHILD_INSIDE if level.name == "namespace" else str(_CHILD)
    return (wrapper, str(interpreter.path), child)
