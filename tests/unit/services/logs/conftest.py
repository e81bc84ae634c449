"""CloudWatch Logs over a store that runs inline, so that virtual time can move."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeVar

import pytest

from lambent.core.clock import VirtualClock
from lambent.core.identity import Caller, Scope
from lambent.core.ids import IdSource
from lambent.core.store.api import Params, Row, Schema, Transaction
from lambent.services.contract import Call
from lambent.services.logs import LogsService

T = TypeVar("T")


class InlineTransaction:
    """A Transaction on one connection."""

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


class InlineStore:
    """A Store in memory, without threads: its work is done when it is asked for."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self.writes = 0
        self.fault: Exception | None = None

    async def migrate(self, schema: Schema) -> None:
        for script in schema.versions:
            self._connection.executescript(script)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        self.writes += 1
        self._connection.execute("BEGIN")
        try:
            value = work(InlineTransaction(self._connection))
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return value

    async def read(self, work: Callable[[Transaction], T]) -> T:
        await asyncio.sleep(0)
        return work(InlineTransaction(self._connection))

    def close(self) -> None:
        self._connection.close()


class Logs:
    """The service as a test calls it: `await logs("CreateLogGroup", logGroupName="g")`."""

    def __init__(
        self,
        service: LogsService,
        store: InlineStore,
        clock: VirtualClock,
        running: asyncio.Future[None],
    ) -> None:
        self.service = service
        self.running = running
        self.store = store
        self.clock = clock
        self.scope = Scope()

    async def __call__(self, operation: str, **params: Any) -> dict[str, Any]:
        call = Call(
            scope=self.scope,
            caller=Caller(scope=self.scope),
            request_id="r",
            endpoint="http://127.0.0.1",
            headers={},
        )
        return await self.service.service.operations[operation].handler(call, params)

    @property
    def now_ms(self) -> int:
        return int(self.clock.now() * 1000)

    async def put(self, *messages: str, group: str = "g", stream: str = "s") -> None:
        """Events one millisecond apart, ending now, in a group and stream made if need be."""
        existing = await self("DescribeLogGroups", logGroupNamePrefix=group)
        if not existing["logGroups"]:
            await self("CreateLogGroup", logGroupName=group)
        streams = await self("DescribeLogStreams", logGroupName=group, logStreamNamePrefix=stream)
        if not streams["logStreams"]:
            await self("CreateLogStream", logGroupName=group, logStreamName=stream)
        first = self.now_ms - len(messages) + 1
        await self(
            "PutLogEvents",
            logGroupName=group,
            logStreamName=stream,
            logEvents=[
                {"timestamp": first + number, "message": message}
                for number, message in enumerate(messages)
            ],
        )

    async def filtered(self, **params: Any) -> list[str]:
        """The messages of every page of a search of group g."""
        messages: list[str] = []
        while True:
            page = await self("FilterLogEvents", logGroupName="g", **params)
            messages += [event["message"] for event in page["events"]]
            if "nextToken" not in page:
                return messages
            params["nextToken"] = page["nextToken"]


@pytest.fixture
async def logs() -> AsyncIterator[Logs]:
    store, clock = InlineStore(), VirtualClock()
    service = LogsService(store, clock, IdSource(seed=1))
    await service.open()
    running = asyncio.ensure_future(service.run())
    await service.started.wait()
    yield Logs(service, store, clock, running)
    running.cancel()
    await asyncio.wait([running])
    await service.close()
    store.close()
