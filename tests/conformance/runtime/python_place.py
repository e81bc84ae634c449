"""Python functions in real environments, below the pool: a family, a host, a runtime process."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambent.core.clock import RealClock
from lambent.core.identity import Scope
from lambent.fleet.runtimes.api import Answer, Event, FunctionFailure
from lambent.fleet.runtimes.python.channel import PythonProcess
from lambent.fleet.runtimes.python.family import PythonFamily, PythonHost
from lambent.fleet.sandbox.api import Exit
from lambent.fleet.spec import Boot, FunctionSpec, LoggingSpec

CLOCK = RealClock()
REQUEST_ID = "8f5c1a2e-0000-4000-8000-00000000abcd"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


@dataclass
class Recorded:
    """An Output that keeps what comes: `lines` in the order of coming, of either kind."""

    lines: list[bytes] = field(default_factory=list)
    frames: list[tuple[int, bytes]] = field(default_factory=list)

    def written(self, data: bytes) -> None:
        self.lines.append(data)

    def framed(self, frame_type: int, timestamp_us: int, message: bytes) -> None:
        self.frames.append((frame_type, message))
        self.lines.append(message)

    @property
    def text(self) -> str:
        return b"".join(self.lines).decode()


@dataclass
class Running:
    host: PythonHost
    process: PythonProcess
    output: Recorded
    init: FunctionFailure | Exit | None

    async def invoke(self, payload: bytes = b"{}", **event: Any) -> Answer:
        return await self.process.invoke(event_of(payload, **event))


def event_of(payload: bytes, **event: Any) -> Event:
    deadline_ms = int((CLOCK.now() + 60) * 1000)
    defaults: dict[str, Any] = {
        "request_id": REQUEST_ID,
        "deadline_ms": deadline_ms,
        "invoked_function_arn": ARN,
    }
    return Event(payload=payload, **{**defaults, **event})


@dataclass
class PythonPlace:
    """Makes environments of functions given as source text."""

    family: PythonFamily
    folder: Path
    made: list[PythonHost] = field(default_factory=list)

    def code(self, files: str | Mapping[str, str], name: str = "task") -> Path:
        folder = self.folder / f"{name}-{len(list(self.folder.iterdir()))}"
        folder.mkdir(mode=0o755)
        sources = {"h.py": files} if isinstance(files, str) else files
        for path, text in sources.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text))
        return folder

    async def open(
        self,
        files: str | Mapping[str, str],
        *,
        handler: str = "h.handler",
        runtime: str = "python3.12",
        layer: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        memory_mb: int = 256,
        tmp_mb: int = 512,
    ) -> PythonHost:
        number = f"{self.folder.name[-20:]}-{len(self.made)}"
        spec = FunctionSpec(
            key=f"key-{number}",
            scope=Scope(),
            function_name="f",
            function_arn=ARN,
            version="$LATEST",
            runtime=runtime,
            handler=handler,
            memory_mb=memory_mb,
            tmp_mb=tmp_mb,
            timeout_s=60,
            code_digest="0",
            logging=LoggingSpec(group="/aws/lambda/f"),
            role_arn="arn:aws:iam::000000000000:role/r",
        )
        host = await self.family.open(
            Boot(
                spec=spec,
                environment_id=f"e{number}",
                initialization_type="on-demand",
                log_stream="stream",
                task_dir=self.code(files),
                opt_dir=None if layer is None else self.code(layer, "opt"),
                variables={**_variables(spec), **(variables or {})},
            )
        )
        self.made.append(host)
        return host

    async def run(self, files: str | Mapping[str, str], **options: Any) -> Running:
        """An environment whose init phase has ended, one way or the other."""
        return await start(await self.open(files, **options))


async def start(host: PythonHost) -> Running:
    output = Recorded()
    process = await host.boot(output)
    return Running(host, process, output, await process.initialised())


def _variables(spec: FunctionSpec) -> dict[str, str]:
    return {
        "_HANDLER": spec.handler,
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.logging.group,
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
    }
