"""What every operation of CloudWatch Logs works on."""

from dataclasses import dataclass

from lambent.core.clock import Clock
from lambent.core.ids import IdSource
from lambent.core.store.api import Store
from lambent.services.logs.buffer import LogBuffer


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsState:
    """The store, and what functions have logged but is not in it yet."""

    store: Store
    clock: Clock
    ids: IdSource
    buffer: LogBuffer

    def now_ms(self) -> int:
        return int(self.clock.now() * 1000)
