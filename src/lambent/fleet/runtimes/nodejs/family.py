"""The Node.js runtimes: nodejs18.x and later, on the binaries that this host has."""

import os
from pathlib import Path

from lambent.core.clock import Clock
from lambent.fleet.runtime_api.exec_levels import ExecLevels, StartLevel
from lambent.fleet.runtime_api.host import ApiHost
from lambent.fleet.runtimes.api import RuntimeChoice
from lambent.fleet.runtimes.nodejs.binaries import Node, find_nodes, major_of, nearest
from lambent.fleet.sandbox.api import Sandbox, SandboxLevel, SandboxPlan
from lambent.fleet.spec import Boot

_INSIDE = Path(__file__).parent / "inside"
_RUNTIME_DIR = "/var/runtime"
# Log records are framed on this descriptor, so that one of several lines stays one event.
_RECORDS_DESCRIPTOR = 3
# AWS gives the heap what the memory allows; the rest is for buffers and the runtime itself.
_HEAP_SHARE = 0.9


class NodejsFamily:
    """See `api.RuntimeFamily`. One fork server per Node binary, started when first needed.

    `libraries_dir` is where packages that functions expect of the runtime may be installed, as
    AWS's SDK is on AWS: its `node_modules`, if it exists when the first function starts, is
    /var/runtime/node_modules for `require` and /node_modules for `import`.
    """

    name = "nodejs"

    def __init__(
        self,
        levels: StartLevel,
        *,
        clock: Clock,
        home: Path,
        search_path: str,
        strict: bool,
        cpu_shares: bool = False,
        libraries_dir: Path | None = None,
    ) -> None:
        self._levels = ExecLevels(levels)
        self._libraries_dir = libraries_dir
        self._clock = clock
        self._home = home
        self._search_path = search_path
        self._strict = strict
        self._cpu_shares = cpu_shares
        self._found: dict[int, Node] | None = None

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
            variables=self._variables(boot, sandbox, node, isolated=isolated),
            clock=self._clock,
            framed_descriptor=_RECORDS_DESCRIPTOR,
        )

    async def _level(self, node: Node) -> SandboxLevel:
        return await self._levels.level(node.major, self._mounts(node))

    def _mounts(self, node: Node) -> dict[str, Path]:
        # File by file, since packages may be mounted among them.
        mounts = {f"{_RUNTIME_DIR}/{file.name}": file for file in sorted(_INSIDE.glob("*.mjs"))}
        mounts["/var/lang"] = node.prefix
        if not node.prefix.is_relative_to("/usr"):
            mounts[str(node.prefix)] = node.prefix
        packages = self._packages()
        if packages is not None:
            mounts[f"{_RUNTIME_DIR}/node_modules"] = packages
            # `import` does not look into NODE_PATH, only into the parents of the importing file.
            mounts["/node_modules"] = packages
        return mounts

    def _packages(self) -> Path | None:
        if self._libraries_dir is None:
            return None
        packages = self._libraries_dir / "node_modules"
        return packages if packages.is_dir() else None

    def _variables(
        self, boot: Boot, sandbox: Sandbox, node: Node, *, isolated: bool
    ) -> dict[str, str]:
        opt, task = sandbox.opt_root, sandbox.task_root
        runtime_dir = _RUNTIME_DIR if isolated else str(_INSIDE)
        # The runtime's, also where another version of Node.js stands in: so are layers made.
        major = major_of(boot.spec.runtime)
        packages = f"{_RUNTIME_DIR}/node_modules" if isolated else str(self._packages() or "")
        own = {
            "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
            "LD_LIBRARY_PATH": (
                "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:"
                "/var/task:/var/task/lib:/opt/lib"
            ),
            "NODE_PATH": (
                f"{opt}/nodejs/node{major}/node_modules:{opt}/nodejs/node_modules:"
                f"{packages}:{runtime_dir}:{task}"
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
