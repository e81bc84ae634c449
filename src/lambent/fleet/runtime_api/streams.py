"""A streamed response on its way from a runtime's connection to whoever reads it."""

import asyncio
from collections.abc import AsyncIterator

from lambent.fleet.runtime_api.reports import platform_failure
from lambent.fleet.runtime_api.server import Connection
from lambent.fleet.runtimes.api import StreamFailure

STREAM_LIMIT_BYTES = 200 * 1024 * 1024
# Pieces that wait for a slow reader before the runtime has to wait.
_WAITING_PIECES = 16


class ResponseStream:
    """Pieces, in order; the runtime waits while the reader is behind.

    AWS: a caller that goes away does not stop the function: once nobody reads any more, pieces
    are dropped and the runtime goes on.
    """

    def __init__(self, connection: Connection, request_id: str) -> None:
        self._connection = connection
        self._request_id = request_id
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._size = 0
        self._abandoned = False
        self.failure: StreamFailure | None = None
        self.ended = False

    def put(self, data: bytes) -> None:
        """Take a piece from the runtime."""
        if self.ended or self._abandoned:
            return
        self._size += len(data)
        if self._size > STREAM_LIMIT_BYTES:
            text = f"The streamed response is larger than {STREAM_LIMIT_BYTES} bytes"
            self.end(platform_failure("Function.ResponseSizeTooLarge", text, self._request_id))
            return
        self._pieces.put_nowait(data)
        if self._pieces.qsize() >= _WAITING_PIECES:
            self._connection.pause()

    def end(self, failure: StreamFailure | None) -> None:
        """No more pieces; the first end counts."""
        if not self.ended:
            self.ended = True
            self.failure = failure
            self._pieces.put_nowait(None)

    async def pieces(self) -> AsyncIterator[bytes]:
        """What the runtime sends, until its end. To be read once."""
        try:
            while (piece := await self._pieces.get()) is not None:
                if self._pieces.qsize() < _WAITING_PIECES:
                    self._connection.resume()
                yield piece
        finally:
            self._abandoned = True
            self._connection.resume()
