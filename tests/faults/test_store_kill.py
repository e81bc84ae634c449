"""kill -9 of a process that writes: every acknowledged row is there, and the database is whole."""

import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

ROUNDS = 12
SEED = 7

WRITER = """
import asyncio, sys
from pathlib import Path
from lambent.core.store.api import Schema
from lambent.core.store.sqlite import SqliteStore

SCHEMA = Schema("rows", ("CREATE TABLE rows (name TEXT PRIMARY KEY);\\n",))

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    await store.migrate(SCHEMA)

    async def write(writer):
        number = 0
        while True:
            name = f"{sys.argv[2]}-{writer}-{number}"
            await store.write(lambda tx: tx.execute("INSERT INTO rows VALUES (:n)", {"n": name}))
            print(name, flush=True)
            number += 1

    await asyncio.gather(*(write(writer) for writer in range(8)))

asyncio.run(main())
"""


def test_every_acknowledged_row_survives(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    path = tmp_path / "store.db"
    acknowledged: list[str] = []
    for number in range(ROUNDS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(number)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        for _ in range(chance.randrange(1, 400)):
            acknowledged.append(writer.stdout.readline().strip())
        writer.send_signal(signal.SIGKILL)
        # What it had said before it died counts as well; a line cut short does not.
        rest = writer.stdout.read()
        acknowledged += rest.splitlines() if rest.endswith("\n") else rest.splitlines()[:-1]
        writer.stdout.close()
        writer.wait()
    database = sqlite3.connect(path)
    kept = {row[0] for row in database.execute("SELECT name FROM rows")}
    whole = database.execute("PRAGMA integrity_check").fetchone()
    database.close()
    assert set(acknowledged) <= kept
    assert whole == ("ok",)
