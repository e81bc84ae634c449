"""StartLiveTail: a group's events as they come in."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.core.store.api import Row, Transaction
from lambent.services.contract import Call, Operation
from lambent.services.logs import statements
from lambent.services.logs.errors import InvalidParameterException, SessionTimeoutException
from lambent.services.logs.patterns import Pattern, compile_pattern
from lambent.services.logs.records import Group, find_group
from lambent.services.logs.state import LogsState
from lambent.services.logs.validation import group_name_in, storable

# API Reference, StartLiveTail.
SESSION_S = 3 * 3600
UPDATE_EVERY_S = 1.0
UPDATE_EVENTS = 500
# How many new events, of whatever group, one update looks at.
_UPDATE_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a session wants to see. Without names and prefixes, every stream."""

    groups: Mapping[int, Group]
    streams: frozenset[str]
    prefixes: tuple[str, ...]
    pattern: Pattern

    def __contains__(self, row: Row) -> bool:
        if row["group_id"] not in self.groups:
            return False
        if (self.streams or self.prefixes) and not (
            row["stream"] in self.streams or row["stream"].startswith(self.prefixes)
        ):
            return False
        return self.pattern.matches(row["message"])


class LiveTail:
    """The operation that tails."""

    def __init__(self, state: LogsState) -> None:
        self._state = state

    def operations(self) -> dict[str, Operation]:
        return {"StartLiveTail": Operation(handler=self.start)}

    async def start(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        names = [group_name_in(call.scope, each) for each in params["logGroupIdentifiers"]]
        streams = params.get("logStreamNames", ())
        prefixes = params.get("logStreamNamePrefixes", ())
        if streams and prefixes:
            raise InvalidParameterException(
                "logStreamNames and logStreamNamePrefixes are mutually exclusive parameters."
            )
        if (streams or prefixes) and len(names) > 1:
            raise InvalidParameterException(
                "Log streams can be chosen only when there is one log group."
            )
        pattern = compile_pattern(storable(params.get("logEventFilterPattern", "")))

        def work(tx: Transaction) -> tuple[_Wanted, int]:
            groups = [find_group(tx, call.scope, name) for name in names]
            last = tx.one(statements.LAST_EVENT_ID)
            wanted = _Wanted(
                groups={group.id: group for group in groups},
                streams=frozenset(streams),
                prefixes=tuple(prefixes),
                pattern=pattern,
            )
            return wanted, last["id"] if last is not None else 0

        await self._state.buffer.visible()
        wanted, after_id = await self._state.store.read(work)
        return {"responseStream": self._session(call, params, wanted, after_id)}

    async def _session(
        self, call: Call, params: dict[str, Any], wanted: _Wanted, after_id: int
    ) -> AsyncIterator[dict[str, Any]]:
        """An update each second, empty ones too, until the three hours are over."""
        yield {
            "sessionStart": {
                "requestId": call.request_id,
                "sessionId": self._state.ids.uuid(),
                "logGroupIdentifiers": [group.arn for group in wanted.groups.values()],
                "logStreamNames": list(params.get("logStreamNames", ())),
                "logStreamNamePrefixes": list(params.get("logStreamNamePrefixes", ())),
                "logEventFilterPattern": params.get("logEventFilterPattern", ""),
            }
        }
        until = self._state.clock.now() + SESSION_S
        while self._state.clock.now() < until:
            await self._state.clock.sleep(UPDATE_EVERY_S)
            await self._state.buffer.visible()
            rows, after_id = await self._since(after_id)
            yield {"sessionUpdate": _update(wanted, [row for row in rows if row in wanted])}
        raise SessionTimeoutException("The live tail session has reached its limit of 3 hours.")

    async def _since(self, after_id: int) -> tuple[list[Row], int]:
        rows = await self._state.store.read(
            lambda tx: tx.all(
                statements.EVENTS_SINCE, {"after_id": after_id, "limit": _UPDATE_ROWS}
            )
        )
        return rows, rows[-1]["id"] if rows else after_id


def _update(wanted: _Wanted, rows: Sequence[Row]) -> dict[str, Any]:
    """An update; of more events than fit, some evenly spread."""
    sampled = len(rows) > UPDATE_EVENTS
    if sampled:
        rows = [rows[number * len(rows) // UPDATE_EVENTS] for number in range(UPDATE_EVENTS)]
    return {
        "sessionMetadata": {"sampled": sampled},
        "sessionResults": [
            {
                "logStreamName": row["stream"],
                "logGroupIdentifier": _identifier(wanted.groups[row["group_id"]]),
                "message": row["message"],
                "timestamp": row["timestamp_ms"],
                "ingestionTime": row["ingestion_ms"],
            }
            for row in rows
        ],
    }


def _identifier(group: Group) -> str:
    # AWS: account and name here, where the session's start has ARNs (User Guide, Live Tail).
    return f"{group.scope.account}:{group.name}"
