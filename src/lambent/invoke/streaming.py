"""Between a function that streams its response and a client that may read slowly, or leave."""

import asyncio
from collections.abc import AsyncIterator

from lambent.fleet.environment import Outcome, StreamOutcome

# Chunks that wait for a slow reader before the function has to wait too.
_WAITING_CHUNKS = 16


class StreamRelay:
    """Carries one response. `pump` or `whole` on the function's side, `chunks` on the client's.

    Invariant: the function's side never waits for a client that has left.
    """

    def __init__(self) -> None:
        self._begun: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING_CHUNKS)
        self._deserted = asyncio.Event()
        self._outcome: Outcome | None = None

    async def begun(self) -> str:
        """The response's content type, once the function has begun to answer."""
        return await self._begun

    def outcome(self) -> Outcome:
        """How it ended; only once `chunks` is exhausted."""
        if self._outcome is None:
            raise RuntimeError("the stream has not ended")
        return self._outcome

    async def chunks(self) -> AsyncIterator[bytes]:
        """The response, piece by piece. Closing it lets the function run on unread."""
        try:
            while (chunk := await self._queue.get()) is not None:
                yield chunk
        finally:
            self._desert()

    async def pump(self, stream: StreamOutcome) -> None:
        """Carry a streamed response to its end."""
        self._begin(stream.content_type)
        async for chunk in stream.chunks:
            await self._put(chunk)
        self._outcome = stream.outcome()
        await self._put(None)

    async def whole(self, outcome: Outcome) -> None:
        """Carry a response that came in one piece; a failure has no chunks."""
        self._outcome = outcome
        self._begin(outcome.content_type)
        if outcome.error_type is None:
            await self._put(outcome.payload)
        await self._put(None)

    def fail(self, error: BaseException) -> None:
        """The invocation itself broke; whoever waits for its beginning is told."""
        if not self._begun.done():
            self._begun.set_exception(error)

    def _begin(self, content_type: str) -> None:
        if not self._begun.done():
            self._begun.set_result(content_type)

    async def _put(self, chunk: bytes | None) -> None:
        if not self._deserted.is_set():
            await self._queue.put(chunk)

    def _desert(self) -> None:
        # Whoever waits in `put` finds room; what is put from now on is dropped.
        self._deserted.set()
        while not self._queue.empty():
            self._queue.get_nowait()
