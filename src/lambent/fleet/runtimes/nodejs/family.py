"""The Node.js runtimes: nodejs18.x and later, on the binaries that this host has."""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from lambent.core.clock import Clock
from lambent.fleet.runtime_api.host import ApiHost
from lambent.fleet.runtimes.api import RuntimeChoice
from lambent.fleet.runtimes.nodejs.binaries import Node, find_nodes, major_of, nearest
from lambent.fleet.sandbox.api import Sandbox, SandboxLevel, SandboxPlan
from lambent.fleet.spec import Boot

Levels = Callable[[Mapping[str, Path]], Awaitable[SandboxLevel]]

_INSIDE = Path(__file__).parent / "inside"
_RUNTIME_DIR = "/var/runtime"
# Log records are framed on this descriptor, so that one of several lines stays one event.
_RECORDS_DESCRIPTOR = 3
# AWS gives the heap what the memory allows; the rest is for buffers and the runtime itself.
_HEAP_SHARE = 0.9


class NodejsFamily:
    """See `api.RuntimeFamily`. One fork server per Node binary, started when first needed."""

    name = "nodejs"

    def __init__(
        self,
        levels: Levels,
        *,
        clock: Clock,
        home: Path,
        search_path: str,
        strict: bool,
        cpu_shares: bool = False,
    ) -> None:
        self._levels = levels
        self._clock = clock
        self._home = home
        self._search_path = search_path
        self._strict = strict
        self._cpu_shares = cpu_shares
        self._found: dict[int, Node] | None = None
        self._started: dict[int, SandboxLevel] = {}

    def resolve(self, runtime: str) -> RuntimeChoice | str | None:
        major = major_of(runtime)
        if major is None:
            return None
        node = nearest(major, self.nodes())
        if node is None:
            return "no Node.js was found on this host"
        if node.major == major:
            return RuntimeChoice(identifier=runtime, version=f"nodejs:{major}.v1")
        if self._strict:
            return f"Node.js {major} is not on this host, and --strict-runtimes is set"
        return RuntimeChoice(
            identifier=runtime,
            version=f"nodejs:{node.major}.v1",
            warning=f"{runtime} is not on this host; Node.js {node.version} stands in",
        )

    def nodes(self) -> dict[int, Node]:
        """What this host has, looked up once."""
        if self._found is None:
            self._found = find_nodes(self._home, self._search_path)
        return self._found

    async def open(self, boot: Boot) -> ApiHost:
        major = major_of(boot.spec.runtime)
        node = nearest(major, self.nodes()) if major is not None else None
        if node is None:
            raise RuntimeError(f"{boot.spec.runtime} was not resolved")
        level = await self._level(node)
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
        isolated = level.name == "namespace"
        runtime_dir = _RUNTIME_DIR if isolated else str(_INSIDE)
        argv = [
            str(node.path),
            "--expose-gc",
            f"--max-old-space-size={int(boot.spec.memory_mb * _HEAP_SHARE)}",
            f"{runtime_dir}/bootstrap.mjs",
        ]
        wrapper = boot.variables.get("AWS_LAMBDA_EXEC_WRAPPER")
        return ApiHost(
            sandbox,
            argv=[wrapper, *argv] if wrapper else argv,
            variables=_variables(boot, sandbox, node, runtime_dir, isolated=isolated),
            clock=self._clock,
            framed_descriptor=_RECORDS_DESCRIPTOR,
        )

    async def _level(self, node: Node) -> SandboxLevel:
        if node.major not in self._started:
            mounts = {_RUNTIME_DIR: _INSIDE, "/var/lang": node.prefix}
            if not node.prefix.is_relative_to("/usr"):
                mounts[str(node.prefix)] = node.prefix
            self._started[node.major] = await self._levels(mounts)
        return self._started[node.major]


def _variables(
    boot: Boot, sandbox: Sandbox, node: Node, runtime_dir: str, *, isolated: bool
) -> dict[str, str]:
    opt, task = sandbox.opt_root, sandbox.task_root
    own = {
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": (
            "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:"
            "/var/task:/var/task/lib:/opt/lib"
        ),
        "NODE_PATH": (
            f"{opt}/nodejs/node{node.major}/node_modules:{opt}/nodejs/node_modules:"
            f"{runtime_dir}/node_modules:{runtime_dir}:{task}"
        ),
    }
    reserved = {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{boot.spec.runtime}",
        "LAMBDA_TASK_ROOT": task,
        "LAMBDA_RUNTIME_DIR": runtime_dir,
        "_LAMBDA_TELEMETRY_LOG_FD": str(_RECORDS_DESCRIPTOR),
    }
    if not isolated:
        own["PATH"] = f"{node.path.parent}:{os.defpath}"
        del own["LD_LIBRARY_PATH"]
        reserved["TMPDIR"] = sandbox.tmp_root
    return {**own, **boot.variables, **reserved}
