"""CloudWatch Logs: groups, streams and events, kept in the store.

groups.py streams.py tags.py      resources
events.py filtering.py            putting, reading and searching events
patterns/                         the filter-pattern language
live_tail.py retention.py         what goes on by the clock
buffer.py ingestion.py            what functions log, on its way in
"""

import asyncio

from lambent.core.clock import Clock
from lambent.core.ids import IdSource
from lambent.core.store.api import Store
from lambent.observe.log_writer import LogWriter
from lambent.services.contract import Service
from lambent.services.logs.buffer import LogBuffer
from lambent.services.logs.events import Events
from lambent.services.logs.filtering import Filtering
from lambent.services.logs.groups import Groups
from lambent.services.logs.live_tail import LiveTail
from lambent.services.logs.not_built import NOT_BUILT
from lambent.services.logs.retention import Retention
from lambent.services.logs.state import LogsState
from lambent.services.logs.statements import SCHEMA
from lambent.services.logs.streams import Streams
from lambent.services.logs.tags import Tags

__all__ = ["LogsService"]


class LogsService:
    """CloudWatch Logs, and the LogWriter that functions' logs go through.

    Order: `open`, then `run` in a task for as long as anything logs or reads, `close` after it
    has ended.
    """

    def __init__(self, store: Store, clock: Clock, ids: IdSource) -> None:
        self.started = asyncio.Event()
        self._store = store
        self._buffer = LogBuffer(store, clock)
        state = LogsState(store=store, clock=clock, ids=ids, buffer=self._buffer)
        self._retention = Retention(state)
        resources = (
            *(Groups(state), Streams(state), Tags(state)),
            *(Events(state), Filtering(state), LiveTail(state)),
        )
        self.service = Service(
            name="logs",
            operations={
                name: operation
                for resource in resources
                for name, operation in resource.operations().items()
            },
            not_built=NOT_BUILT,
        )

    @property
    def writer(self) -> LogWriter:
        """Where functions log; call it on the loop."""
        return self._buffer

    async def open(self) -> None:
        """Bring the tables up to date."""
        await self._store.migrate(SCHEMA)

    async def run(self) -> None:
        """Write what functions log and remove what expires, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._buffer.run())
            tasks.create_task(self._retention.run())
            await self._buffer.started.wait()
            await self._retention.started.wait()
            self.started.set()

    async def close(self) -> None:
        """Make durable what was logged last. Idempotent."""
        await self._buffer.close()
