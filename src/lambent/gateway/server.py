"""The HTTP server around the gateway: uvicorn on our own loop, with bounded request heads."""

import asyncio
import contextlib
import socket
from collections.abc import Generator
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# AWS: "1 MB for the total combined size of request line and header values" (Lambda quotas).
LARGEST_HEAD_BYTES = 1024 * 1024
_KEEP_ALIVE_S = 90
_BACKLOG = 4096
_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class HttpServer:
    """Listens on one address and hands every request to an ASGI application."""

    def __init__(self, app: Any, *, host: str, port: int) -> None:
        """Port 0 takes a free one; `bound_port` says which, once `started` is set."""
        self.started = asyncio.Event()
        self.bound_port = port
        self._host = host
        self._stopped = asyncio.Event()
        self._running = False
        self._app = app
        self._server = _Server(_config(self._serve), self.started)

    async def run(self) -> None:
        """Serve until `stop`. Raises OSError when the address cannot be bound."""
        if self._running or self._server.should_exit:
            return
        self._running = True
        try:
            sockets = await self._bind()
            await self._server.serve(sockets)
        finally:
            self._stopped.set()

    async def stop(self, grace_s: float) -> None:
        """Take no new requests, let those under way finish for `grace_s`, then cut them off."""
        self._server.config.timeout_graceful_shutdown = max(0, round(grace_s))
        self._server.should_exit = True
        if self._running:
            await self._stopped.wait()

    def describe(self) -> str:
        """One line for people."""
        open_now = len(self._server.server_state.connections)
        return f"HTTP server on {self._host}:{self.bound_port}, {open_now} connections"

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            # Only the server's end cancels an exchange. uvicorn, whose task this is, would take
            # it for a bug and log a traceback.
            return

    async def _bind(self) -> list[socket.socket]:
        """A listening socket for each address of the host, all on one port."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            self._host, self.bound_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        bound: list[socket.socket] = []
        with contextlib.ExitStack() as closing:
            for family, _, _, _, address in dict.fromkeys(found):
                listener = closing.enter_context(socket.socket(family, socket.SOCK_STREAM))
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                # The first takes the port when it is left open; the others follow it.
                listener.bind((address[0], self.bound_port, *address[2:]))
                self.bound_port = listener.getsockname()[1]
                bound.append(listener)
            closing.pop_all()
        return bound


class _Server(uvicorn.Server):
    """uvicorn's server, with signals left to the process and its start announced."""

    def __init__(self, config: uvicorn.Config, announced: asyncio.Event) -> None:
        super().__init__(config)
        self._announced = announced

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announced.set()


class _Corked:
    """A transport that sends what is written in one turn of the loop at once.

    Measured: uvicorn writes the head and the body of a response apart; together they are one
    system call instead of two, some 20 µs of a warm invocation.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._pending: list[bytes] = []
        self._call_soon = asyncio.get_running_loop().call_soon

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._pending:
            self._call_soon(self.flush)
        self._pending.append(data)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        pending, self._pending = self._pending, []
        if pending and not self._transport.is_closing():
            self._transport.write(pending[0] if len(pending) == 1 else b"".join(pending))


class _BoundedHttpProtocol(HttpToolsProtocol):
    """Refuses a request head that passes the limit; httptools itself has none."""

    _head_bytes = 0
    _in_head = True
    _corked: _Corked

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._corked = _Corked(transport)
        super().connection_made(cast("asyncio.Transport", self._corked))

    def eof_received(self) -> None:
        # The transport closes itself after this; an answer already written must be on its way.
        self._corked.flush()
        super().eof_received()

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD_BYTES:
                self.transport.write(_HEAD_TOO_LARGE)
                self.transport.close()
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        super().on_message_complete()


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_BoundedHttpProtocol,
        ws="none",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        # Longer than any SDK keeps an idle connection, so that the client is first to close it.
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
