"""A sandbox with a Runtime API beside it: what Node.js and custom runtimes are booted in."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lambent.core.clock import Clock
from lambent.fleet.runtime_api.peers import peer_uid
from lambent.fleet.runtime_api.pipes import OutputPipe, framed
from lambent.fleet.runtime_api.process import ApiProcess
from lambent.fleet.runtime_api.server import Connection
from lambent.fleet.runtimes.api import Output
from lambent.fleet.sandbox.api import Program, Sandbox


class ApiHost:
    """See `runtimes.api.RuntimeHost`.

    `framed_descriptor` is the number inside on which the runtime frames its log records, if it
    does.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        argv: Sequence[str],
        variables: Mapping[str, str],
        clock: Clock,
        framed_descriptor: int | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._argv = tuple(argv)
        self._variables = variables
        self._clock = clock
        self._framed_descriptor = framed_descriptor
        self._pid = 0
        self._mapped_bytes: int | None = None

    async def boot(self, output: Output) -> ApiProcess:
        runtime: list[ApiProcess] = []
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(runtime[0], self._trust()), "127.0.0.1", 0
        )
        plain = OutputPipe(output.written)
        descriptors = {1: plain.writing, 2: plain.writing}
        pipes = [plain]
        if self._framed_descriptor is not None:
            records = OutputPipe(framed(output))
            # Before the plain pipe: a record logged ahead of an answer is handed on ahead of it.
            pipes.insert(0, records)
            descriptors[self._framed_descriptor] = records.writing
        runtime.append(ApiProcess(pipes, server, self._clock))
        port = server.sockets[0].getsockname()[1]
        try:
            process = await self._sandbox.start(
                Program(
                    argv=self._argv,
                    variables={**self._variables, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"},
                    cwd=self._sandbox.task_root,
                    descriptors=descriptors,
                )
            )
        except BaseException:
            runtime[0].close()
            raise
        finally:
            for pipe in pipes:
                pipe.handed_over()
        runtime[0].attend(process)
        self._pid = process.pid
        self._mapped_bytes = None
        return runtime[0]

    def freeze(self) -> None:
        self._sandbox.freeze()

    def thaw(self) -> None:
        self._sandbox.thaw()

    def memory_peak_bytes(self) -> int:
        if self._mapped_bytes is None:
            self._mapped_bytes = self._file_pages()
        return self._sandbox.memory_peak_bytes() + self._mapped_bytes

    async def close(self) -> None:
        await self._sandbox.destroy()

    def _file_pages(self) -> int:
        """What the program has mapped of files, its own binary above all.

        A group is charged only for pages that it was the first to touch; all environments after
        the first would look as if they did without. Looked up once a boot: it hardly changes. A
        sandbox without a user of its own measures the whole program already.
        """
        if self._sandbox.uid is None:
            return 0
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
                if line.startswith("RssFile:"):
                    return int(line.split()[1]) * 1024
        return 0

    def _trust(self) -> Callable[[asyncio.Transport], bool]:
        """Whether a connection is the environment's own: its socket belongs to the sandbox's user.

        Environments share the host's network, so that another function could connect, too. At a
        level where they share a user nothing can be told, and nothing is promised.
        """
        uid = self._sandbox.uid
        if uid is None:
            return lambda transport: True
        return lambda transport: peer_uid(transport.get_extra_info("socket")) == uid
