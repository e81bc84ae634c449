"""What functions log, on its way into the database: one transaction for many invocations."""

import asyncio
import logging
from collections.abc import Sequence

from lambent.core.clock import Clock, Timer
from lambent.core.identity import Scope
from lambent.core.store.api import Store, Transaction
from lambent.observe.log_writer import LogEvent
from lambent.services.logs.ingestion import store_on_first_use

logger = logging.getLogger(__name__)

FLUSH_AFTER_S = 0.05
FLUSH_AT_EVENTS = 5_000
# More than this waits only when the disk cannot keep up; what comes then is dropped and counted.
MAX_PENDING_EVENTS = 100_000
MAX_PENDING_CHARACTERS = 64 * 1024 * 1024

_Key = tuple[Scope, str, str]


class LogBuffer:
    """The LogWriter over the store.

    Invariant: everything appended before `visible` was called can be read once it returns.
    One task writes (`run`), so that batches of a stream reach the store in order.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self.started = asyncio.Event()
        self._store = store
        self._clock = clock
        self._pending: dict[_Key, list[LogEvent]] = {}
        self._events = 0
        self._characters = 0
        self._dropped = 0
        self._timer: Timer | None = None
        self._wanted = asyncio.Event()
        # Batches begun and ended, and who waits for an end.
        self._begun = 0
        self._ended = 0
        self._end = asyncio.Condition()
        self._running = False

    def append(self, scope: Scope, group: str, stream: str, events: Sequence[LogEvent]) -> None:
        """See LogWriter."""
        if self._events >= MAX_PENDING_EVENTS or self._characters >= MAX_PENDING_CHARACTERS:
            self._dropped += len(events)
            return
        key = (scope, group, stream)
        pending = self._pending.get(key)
        if pending is None:
            self._pending[key] = list(events)
        else:
            pending.extend(events)
        self._events += len(events)
        self._characters += sum([len(message) for _, message in events])
        if self._events >= FLUSH_AT_EVENTS:
            self._wanted.set()
        elif self._timer is None:
            self._timer = self._clock.call_at(self._clock.now() + FLUSH_AFTER_S, self._wanted.set)

    async def run(self) -> None:
        """Write what is appended, until cancelled. A second run beside the first does nothing."""
        if self._running:
            return
        self._running = True
        self.started.set()
        try:
            while True:
                await self._wanted.wait()
                await self._flush()
        finally:
            self._running = False
            async with self._end:
                self._end.notify_all()

    async def visible(self) -> None:
        """Return once everything appended so far can be read."""
        goal = self._begun + bool(self._pending)
        if goal == self._ended:
            return
        self._wanted.set()
        async with self._end:
            await self._end.wait_for(lambda: self._ended >= goal or not self._running)
        if not self._running:
            await self._flush()

    async def close(self) -> None:
        """Write what is left; only after `run` has ended."""
        await self._flush()

    async def _flush(self) -> None:
        self._wanted.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        batch, self._pending = self._pending, {}
        self._events = self._characters = 0
        dropped, self._dropped = self._dropped, 0
        self._begun += 1
        try:
            with self._clock.busy():
                await self._write(batch)
        finally:
            self._ended = self._begun
            async with self._end:
                self._end.notify_all()
        if dropped:
            logger.error("log events dropped: the store is slow", extra={"dropped": dropped})

    async def _write(self, batch: dict[_Key, list[LogEvent]]) -> None:
        now_ms = int(self._clock.now() * 1000)

        def work(tx: Transaction) -> None:
            for (scope, group, stream), events in batch.items():
                store_on_first_use(tx, scope, group, stream, events, now_ms)

        try:
            await self._store.write(work)
        except Exception:
            # A log that cannot be kept (a full disk) must not stop the functions that write it.
            logger.exception("log events lost", extra={"streams": len(batch)})
