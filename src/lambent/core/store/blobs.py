"""Content-addressed files: code, layers, large payloads."""

import asyncio
import hashlib
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class BlobStore:
    """Files under `root`, named by the SHA-256 of what they hold.

    Invariant: a file with a digest's name is complete and on disk; it was written under a
    temporary name, fsynced and renamed. Blocking calls run on one thread of the store's own.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._partial = root / "partial"
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def open(self) -> None:
        """Make the directory; remove what a crash left half-written."""
        self._partial.mkdir(parents=True, exist_ok=True)
        for leftover in self._partial.iterdir():
            leftover.unlink()
        self._thread = threading.Thread(target=self._work, name="lambent-store-blobs", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Finish what was handed in. Idempotent."""
        if self._thread is not None:
            await self.run(lambda: self._jobs.put(None))
            self._thread.join()
            self._thread = None

    def path(self, digest: str) -> Path:
        """Where a blob is, or would be."""
        return self._root / digest[:2] / digest

    async def put(self, data: bytes) -> str:
        """Keep `data`; its digest, once it is on disk. Idempotent."""
        return await self.run(lambda: self._put(data))

    async def read(self, digest: str) -> bytes:
        """The blob's bytes. Raises FileNotFoundError."""
        return await self.run(self.path(digest).read_bytes)

    async def delete(self, digest: str) -> None:
        """Forget a blob; harmless when there is none."""
        await self.run(lambda: self.path(digest).unlink(missing_ok=True))

    async def digests(self) -> set[str]:
        """Every blob that is kept."""
        return await self.run(
            lambda: {path.name for path in self._root.glob("??/*") if len(path.name) == 64}
        )

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work on files off the loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            try:
                value = work()
            except BaseException as error:  # raised again where the work was handed in
                loop.call_soon_threadsafe(_fail, future, error)
            else:
                loop.call_soon_threadsafe(_succeed, future, value)

        self._jobs.put(job)
        return await future

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        final = self.path(digest)
        if final.exists():
            return digest
        final.parent.mkdir(parents=True, exist_ok=True)
        partial = self._partial / digest
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(final)
        for directory in (final.parent, self._root):
            _sync_directory(directory)
        return digest


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _succeed(future: "asyncio.Future[Any]", value: object) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
