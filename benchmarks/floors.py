"""The floors: a bare HTTP echo, and AWS's own Python runtime client under a minimal Runtime API.

Neither does anything that a platform must do: no routing, no logs, no limits, no isolation. Run as
`python -m benchmarks.floors echo|runtime PORT [CLIENTS]`; prints `ready` once it listens.
"""

import asyncio
import collections
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import ClassVar, cast

import httptools
import uvloop


class _Http(asyncio.Protocol):
    """The least that an httptools server can be."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.url = b""
        self.body = b""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.answer(self.body)

    def answer(self, body: bytes, head: bytes = b"") -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)
        )


class _RuntimeApi(_Http):
    """Hands events to whoever polls `next`, and results to whoever asked."""

    idle: ClassVar[collections.deque["_RuntimeApi"]] = collections.deque()
    waiting: ClassVar[collections.deque["_RuntimeApi"]] = collections.deque()
    asker: "_RuntimeApi | None" = None

    def on_message_complete(self) -> None:
        if self.url.endswith(b"/next"):
            self._poll()
        elif self.url.endswith(b"/response"):
            asker, self.asker = self.asker, None
            assert asker is not None
            self.answer(b'{"status":"OK"}')
            asker.answer(self.body)
        elif self.idle:
            self._hand(self.idle.popleft(), self)
        else:
            self.waiting.append(self)

    def _poll(self) -> None:
        if self.waiting:
            self._hand(self, self.waiting.popleft())
        else:
            self.idle.append(self)

    @staticmethod
    def _hand(runtime: "_RuntimeApi", asker: "_RuntimeApi") -> None:
        runtime.asker = asker
        runtime.answer(
            asker.body,
            b"Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
            b"Lambda-Runtime-Deadline-Ms: 99999999999999\r\n"
            b"Lambda-Runtime-Invoked-Function-Arn: arn\r\n"
            b"Content-Type: application/json\r\n",
        )


def _start_clients(port: int, count: int, folder: Path) -> list[subprocess.Popen[bytes]]:
    (folder / "floor_handler.py").write_text("def handler(event, context):\n    return event\n")
    environment = {
        **os.environ,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "_HANDLER": "floor_handler.handler",
        "LAMBDA_TASK_ROOT": str(folder),
        "AWS_LAMBDA_FUNCTION_NAME": "floor",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "g",
        "AWS_LAMBDA_LOG_STREAM_NAME": "s",
        "PYTHONPATH": str(folder),
    }
    command = [sys.executable, "-m", "awslambdaric", "floor_handler.handler"]
    return [subprocess.Popen(command, env=environment, cwd=folder) for _ in range(count)]


async def _serve(kind: str, port: int, clients: int) -> None:
    loop = asyncio.get_running_loop()
    protocol = _Http if kind == "echo" else _RuntimeApi
    server = await loop.create_server(protocol, "127.0.0.1", port)
    with tempfile.TemporaryDirectory() as folder:
        processes = _start_clients(port, clients, Path(folder)) if clients else []
        try:
            while clients and len(_RuntimeApi.idle) < clients:
                await asyncio.sleep(0.01)
            print("ready", flush=True)
            await server.serve_forever()
        finally:
            for process in processes:
                process.kill()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0))
