"""What every store promises: order, atomic works, durability, migrations, one owner."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lambent.core.store.api import Schema, Transaction
from lambent.core.store.blobs import BlobStore
from lambent.core.store.migrate import NewerDatabase
from lambent.core.store.sqlite import DataDirectoryInUse, SqliteStore, StoreError

SCHEMA = Schema(
    "things",
    ("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);\n",),
)
INSERT = "INSERT INTO things (name) VALUES (:name)"
NAMES = "SELECT name FROM things ORDER BY id"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "store.db")
    await made.open()
    await made.migrate(SCHEMA)
    yield made
    await made.close()


async def add(store: SqliteStore, name: str) -> None:
    await store.write(lambda tx: tx.execute(INSERT, {"name": name}))


async def names(store: SqliteStore) -> list[str]:
    return [row["name"] for row in await store.read(lambda tx: tx.all(NAMES))]


async def test_a_write_is_read_once_it_is_acknowledged(store: SqliteStore) -> None:
    await add(store, "a")
    assert await names(store) == ["a"]
    assert await store.read(lambda tx: tx.one("SELECT 1 AS one WHERE 0")) is None


async def test_works_are_done_in_the_order_they_are_handed_in(store: SqliteStore) -> None:
    await asyncio.gather(*(add(store, f"{number:03}") for number in range(300)))
    assert await names(store) == [f"{number:03}" for number in range(300)]


async def test_a_work_that_fails_is_undone_alone(store: SqliteStore) -> None:
    def half(tx: Transaction) -> None:
        tx.execute(INSERT, {"name": "half"})
        raise ValueError("no")

    outcomes = await asyncio.gather(
        add(store, "before"),
        store.write(half),
        add(store, "before"),
        add(store, "after"),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], ValueError)
    assert isinstance(outcomes[2], sqlite3.IntegrityError)
    assert await names(store) == ["before", "after"]


async def test_who_stops_waiting_does_not_undo_the_work(store: SqliteStore) -> None:
    waiting = asyncio.ensure_future(add(store, "a"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    await add(store, "b")
    assert await names(store) == ["a", "b"]


async def test_a_commit_that_cannot_be_is_told_and_the_store_goes_on(store: SqliteStore) -> None:
    await store.write(lambda tx: tx.execute("PRAGMA max_page_count = 20"))
    with pytest.raises((StoreError, sqlite3.OperationalError)):
        await add(store, "x" * 1_000_000)
    await add(store, "small")
    assert await names(store) == ["small"]


async def test_a_reader_cannot_write(store: SqliteStore) -> None:
    with pytest.raises(sqlite3.OperationalError):
        await store.read(lambda tx: tx.execute(INSERT, {"name": "a"}))


async def test_a_second_owner_is_refused(store: SqliteStore, tmp_path: Path) -> None:
    second = SqliteStore(tmp_path / "store.db")
    with pytest.raises(DataDirectoryInUse):
        await second.open()
    await second.close()


async def test_what_was_written_is_there_after_closing(tmp_path: Path) -> None:
    for expected in ([], ["kept"]):
        store = SqliteStore(tmp_path / "store.db")
        await store.open()
        await store.migrate(SCHEMA)
        assert await names(store) == expected
        if not expected:
            await add(store, "kept")
        await store.close()
        await store.close()
    with pytest.raises(StoreError):
        await add(store, "late")


async def test_migrations_run_once_and_only_forward(store: SqliteStore) -> None:
    await add(store, "a")
    longer = Schema("things", (*SCHEMA.versions, "ALTER TABLE things ADD COLUMN size INTEGER;\n"))
    await store.migrate(longer)
    await store.migrate(longer)
    row = await store.read(lambda tx: tx.one("SELECT name, size FROM things"))
    assert row is not None
    assert (row["name"], row["size"]) == ("a", None)
    with pytest.raises(NewerDatabase):
        await store.migrate(SCHEMA)


async def test_a_migration_that_fails_leaves_nothing_of_itself(store: SqliteStore) -> None:
    broken = Schema("more", ("CREATE TABLE more (id INTEGER);\nNONSENSE;\n",))
    with pytest.raises(sqlite3.OperationalError):
        await store.migrate(broken)
    await store.migrate(Schema("more", ("CREATE TABLE more (id INTEGER);\n",)))


async def test_blobs_are_kept_by_what_they_hold(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    await blobs.open()
    (tmp_path / "blobs" / "partial" / "leftover").write_bytes(b"half")
    digest = await blobs.put(b"data")
    assert await blobs.put(b"data") == digest
    assert await blobs.read(digest) == b"data"
    assert await blobs.digests() == {digest}
    await blobs.close()
    await blobs.open()
    assert list((tmp_path / "blobs" / "partial").iterdir()) == []
    await blobs.delete(digest)
    await blobs.delete(digest)
    with pytest.raises(FileNotFoundError):
        await blobs.read(digest)
    await blobs.close()
    await blobs.close()
