"""The embedded store: SQLite in WAL mode, every commit fsynced, commits shared.

One thread writes: what is handed in while a commit is under way shares the next transaction, each
work in its own savepoint, and all of them one fsync. One thread reads, so that a long scan never
holds up a write (docs/design/2026-11-23-store-threads.md).
"""

import asyncio
import fcntl
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lambent.core.store.api import Params, Row, Schema, Transaction
from lambent.core.store.migrate import migrate

T = TypeVar("T")

logger = logging.getLogger("lambent.store")

# Works that share one commit at most, and works that may wait before callers have to.
_GROUP_LIMIT = 512
_WAITING_LIMIT = 8192


class StoreError(Exception):
    """The database could not commit: the disk is full or failing. Nothing of the work is kept."""


class DataDirectoryInUse(Exception):
    """Another Lambent has this data directory open."""


class SqliteTransaction:
    """Statements on one connection; see `api.Transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, params: Params = ()) -> int:
        return self._connection.execute(statement, params).rowcount

    def execute_many(self, statement: str, rows: Sequence[Params]) -> None:
        self._connection.executemany(statement, rows)

    def one(self, statement: str, params: Params = ()) -> Row | None:
        row: Row | None = self._connection.execute(statement, params).fetchone()
        return row

    def all(self, statement: str, params: Params = ()) -> list[Row]:
        return self._connection.execute(statement, params).fetchall()


class _Job:
    """One work and whoever waits for it."""

    __slots__ = ("error", "future", "value", "work")

    def __init__(self, work: Callable[[Transaction], Any], future: "asyncio.Future[Any]") -> None:
        self.work = work
        self.future = future
        self.value: Any = None
        self.error: BaseException | None = None

    def attempt(self, transaction: Transaction) -> bool:
        try:
            self.value = self.work(transaction)
        except Exception as error:  # raised again where the work was handed in
            self.error = error
            return False
        return True

    def settle(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.value)


class _Worker:
    """A thread with a connection, and the jobs it has been handed."""

    def __init__(self, name: str, serve: Callable[[list[_Job]], None]) -> None:
        self._serve = serve
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._room = asyncio.Semaphore(_WAITING_LIMIT)
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[Transaction], T]) -> T:
        await self._room.acquire()
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(work, future))
        try:
            return await future
        finally:
            self._room.release()

    async def stop(self) -> None:
        """Finish what was handed in, then end."""
        self._jobs.put(None)
        await self._ended
        self._thread.join()

    def _run(self) -> None:
        try:
            self._serve_all()
        finally:
            self._loop.call_soon_threadsafe(self._ended.set_result, None)

    def _serve_all(self) -> None:
        while (first := self._jobs.get()) is not None:
            group = [first]
            stopping = False
            while len(group) < _GROUP_LIMIT:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    stopping = True
                    break
                group.append(job)
            self._serve(group)
            self._loop.call_soon_threadsafe(_settle, group)
            if stopping:
                return


class SqliteStore:
    """`api.Store` over one SQLite file. `open` first, `close` last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None
        self._write_connection: sqlite3.Connection | None = None
        self._read_connection: sqlite3.Connection | None = None
        self._writer: _Worker | None = None
        self._reader: _Worker | None = None

    async def open(self) -> None:
        """Open or make the database. Raises DataDirectoryInUse."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self._path.with_suffix(".lock"))
        self._write_connection = _connect(self._path)
        self._write_connection.execute("PRAGMA journal_mode = WAL")
        self._write_connection.execute("PRAGMA synchronous = FULL")
        self._write_connection.execute("PRAGMA foreign_keys = ON")
        self._read_connection = _connect(self._path)
        self._read_connection.execute("PRAGMA query_only = ON")
        self._writer = _Worker("lambent-store-writer", self._commit_group)
        self._reader = _Worker("lambent-store-reader", self._read_group)

    async def close(self) -> None:
        """Finish what was handed in and close. Idempotent."""
        for worker in (self._writer, self._reader):
            if worker is not None:
                await worker.stop()
        self._writer = self._reader = None
        for connection in (self._read_connection, self._write_connection):
            if connection is not None:
                connection.close()
        self._read_connection = self._write_connection = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def migrate(self, schema: Schema) -> None:
        await self.write(lambda transaction: migrate(transaction, schema))

    async def write(self, work: Callable[[Transaction], T]) -> T:
        if self._writer is None:
            raise StoreError("the store is not open")
        return await self._writer.do(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        if self._reader is None:
            raise StoreError("the store is not open")
        return await self._reader.do(work)

    # On the writer's thread

    def _commit_group(self, group: list[_Job]) -> None:
        connection = self._write_connection
        assert connection is not None
        transaction = SqliteTransaction(connection)
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in group:
                connection.execute("SAVEPOINT work")
                if not job.attempt(transaction):
                    connection.execute("ROLLBACK TO work")
                connection.execute("RELEASE work")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            logger.error("a commit failed", extra={"works": len(group), "error": str(error)})
            for job in group:
                job.error = StoreError(f"the store could not commit: {error}")

    # On the reader's thread

    def _read_group(self, group: list[_Job]) -> None:
        connection = self._read_connection
        assert connection is not None
        transaction = SqliteTransaction(connection)
        for job in group:
            job.attempt(transaction)


def _settle(group: list[_Job]) -> None:
    for job in group:
        job.settle()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def _locked(path: Path) -> int:
    """Hold the data directory for this process; the lock goes with the process, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise DataDirectoryInUse(f"another Lambent uses {path.parent}") from error
    return descriptor
