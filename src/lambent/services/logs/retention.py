"""Expiry: what retention policies say, removed by the clock."""

import asyncio
import logging

from lambent.core.store.api import Row, Transaction
from lambent.services.logs import statements
from lambent.services.logs.records import DAY_MS
from lambent.services.logs.state import LogsState

logger = logging.getLogger(__name__)

# Readers never see an expired event; this only frees its space. AWS takes up to 72 hours.
SWEEP_EVERY_S = 3600.0
# Rows a transaction, so that a sweep never keeps other writers waiting for long.
SWEEP_ROWS = 5_000


class Retention:
    """Removes expired events, for as long as it runs."""

    def __init__(self, state: LogsState) -> None:
        self.started = asyncio.Event()
        self._state = state

    async def run(self) -> None:
        """Sweep every hour, until cancelled. A second run beside the first does nothing."""
        if self.started.is_set():
            return
        self.started.set()
        try:
            while True:
                await self._state.clock.sleep(SWEEP_EVERY_S)
                await self._sweep_once()
        finally:
            self.started.clear()

    async def _sweep_once(self) -> None:
        try:
            with self._state.clock.busy():
                await self.sweep()
        except Exception:
            logger.exception("expired log events could not be removed")

    async def sweep(self) -> None:
        """Remove what has expired by now."""
        now_ms = self._state.now_ms()
        groups = await self._state.store.read(
            lambda tx: [
                (row["id"], now_ms - row["retention_days"] * DAY_MS)
                for row in tx.all(statements.LIST_EXPIRING_GROUPS)
            ]
        )
        for group_id, before_ms in groups:
            while await self._remove_some(group_id, before_ms) == SWEEP_ROWS:
                pass

    async def _remove_some(self, group_id: int, before_ms: int) -> int:
        def work(tx: Transaction) -> int:
            rows: list[Row] = tx.all(
                statements.EXPIRED_EVENTS,
                {"group_id": group_id, "before_ms": before_ms, "limit": SWEEP_ROWS},
            )
            tx.execute_many(statements.DELETE_EVENT, [{"id": row["id"]} for row in rows])
            freed = sum(row["size_bytes"] for row in rows)
            tx.execute(statements.ADD_STORED_BYTES, {"group_id": group_id, "bytes": -freed})
            return len(rows)

        return await self._state.store.write(work)
