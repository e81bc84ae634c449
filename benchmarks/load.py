"""A load generator: keep-alive HTTP/1.1 connections that each send the next request at once."""

import asyncio
import time
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True, slots=True)
class Load:
    """What a run came to. Latencies in seconds, sorted."""

    requests: int
    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))]


def post(path: str, body: bytes, host: str = "127.0.0.1") -> bytes:
    """One request, ready to be sent again and again."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """Sends `request` again whenever its answer is complete (Content-Length answers only)."""

    def __init__(self, request: bytes, latencies: list[float], expected: bytes) -> None:
        self._request = request
        self._latencies = latencies
        self._expected = expected
        self._buffer = b""
        self._sent_at = 0.0
        self._running = True
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            self._fail(f"an answer without a length: {self._buffer[:200]!r}")
            return
        length = int(head[at + 17 :].split(b"\r\n", 1)[0])
        if len(self._buffer) < head_end + 4 + length:
            return
        if not self._buffer.startswith(self._expected):
            self._fail(f"unexpected answer: {self._buffer[:300]!r}")
            return
        self._latencies.append(time.perf_counter() - self._sent_at)
        self._buffer = b""
        if self._running:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_result(None)

    def stop(self) -> None:
        self._running = False

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)

    def _fail(self, why: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(RuntimeError(why))
        self._transport.close()


async def run(
    port: int,
    request: bytes,
    *,
    connections: int,
    seconds: float,
    expected: bytes = b"HTTP/1.1 200",
) -> Load:
    """Drive `request` over `connections` for `seconds`."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    began = time.perf_counter()
    protocols = []
    for _ in range(connections):
        _, protocol = await loop.create_connection(
            lambda: _Connection(request, latencies, expected), "127.0.0.1", port
        )
        protocols.append(protocol)
    await asyncio.wait({protocol.finished for protocol in protocols}, timeout=seconds)
    for protocol in protocols:
        protocol.stop()
    await asyncio.gather(*(protocol.finished for protocol in protocols))
    return Load(len(latencies), time.perf_counter() - began, sorted(latencies))


async def burst(port: int, request: bytes, *, count: int) -> Load:
    """`count` connections, one request each, all at once."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    began = time.perf_counter()
    made = await asyncio.gather(
        *(
            loop.create_connection(
                lambda: _Connection(request, latencies, b"HTTP/1.1 200"), "127.0.0.1", port
            )
            for _ in range(count)
        )
    )
    for _, protocol in made:
        protocol.stop()
    await asyncio.gather(*(protocol.finished for _, protocol in made))
    return Load(len(latencies), time.perf_counter() - began, sorted(latencies))
