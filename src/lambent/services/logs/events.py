"""Putting events into a stream, and reading one stream."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambent.core.store.api import Row, Transaction
from lambent.observe.log_writer import LogEvent
from lambent.services.contract import Call, Operation
from lambent.services.logs import statements
from lambent.services.logs.errors import InvalidParameterException, bad_token
from lambent.services.logs.ingestion import store_events
from lambent.services.logs.positions import BEGINNING, END, Position, position_of
from lambent.services.logs.records import DAY_MS, find_group, find_stream
from lambent.services.logs.state import LogsState
from lambent.services.logs.validation import check_batch, group_name_of, storable

# API Reference, PutLogEvents and GetLogEvents.
OLDEST_MS = 14 * DAY_MS
NEWEST_MS = 2 * 3600 * 1000
PAGE_EVENTS = 10_000
PAGE_BYTES = 1_048_576
# Rows are fetched this many at a time, so that a page of long messages stays small in memory.
CHUNK_ROWS = 500


class Events:
    """PutLogEvents and GetLogEvents."""

    def __init__(self, state: LogsState) -> None:
        self._state = state

    def operations(self) -> dict[str, Operation]:
        return {
            "PutLogEvents": Operation(
                handler=self.put,
                stored={"entity": "related telemetry is not built; no operation gives it back"},
            ),
            "GetLogEvents": Operation(handler=self.get),
        }

    async def put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Store a batch; events out of their time are told of, and left out.

        `sequenceToken` is taken and not looked at, as AWS does since 2023.
        """
        events = [
            LogEvent(event["timestamp"], storable(event["message"]))
            for event in params["logEvents"]
        ]
        check_batch(events)
        now_ms = self._state.now_ms()

        def work(tx: Transaction) -> tuple[Position, Rejection]:
            group = find_group(tx, call.scope, params["logGroupName"])
            stream = find_stream(tx, group, storable(params["logStreamName"]))
            rejection = decide_rejection(
                [event.timestamp_ms for event in events],
                now_ms=now_ms,
                retained_from_ms=group.retained_from_ms(now_ms),
            )
            accepted = events[rejection.first : rejection.end]
            if accepted:
                store_events(tx, group, stream, accepted, now_ms)
            return Position(now_ms, stream.id), rejection

        await self._state.buffer.visible()
        position, rejection = await self._state.store.write(work)
        answer: dict[str, Any] = {"nextSequenceToken": position.digits()}
        if rejection.info:
            answer["rejectedLogEventsInfo"] = dict(rejection.info)
        return answer

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """One page of a stream; tokens lead on in both directions and never end."""
        name = group_name_of(call.scope, params)
        from_ms, to_ms = params.get("startTime", 0), params.get("endTime", END.timestamp_ms)
        if from_ms > to_ms:
            raise InvalidParameterException("startTime must not be greater than endTime.")
        forward, place = _start(params)
        now_ms = self._state.now_ms()

        def work(tx: Transaction) -> list[Row]:
            group = find_group(tx, call.scope, name)
            stream = find_stream(tx, group, storable(params["logStreamName"]))
            query = _PageQuery(
                stream_id=stream.id,
                from_ms=max(min(from_ms, END.timestamp_ms), group.retained_from_ms(now_ms)),
                to_ms=min(to_ms, END.timestamp_ms),
                forward=forward,
                limit=params.get("limit", PAGE_EVENTS),
            )
            return query.run(tx, place)

        await self._state.buffer.visible()
        rows = await self._state.store.read(work)
        first, last = _around(rows, place)
        return {
            "events": [
                {
                    "timestamp": row["timestamp_ms"],
                    "message": row["message"],
                    "ingestionTime": row["ingestion_ms"],
                }
                for row in rows
            ],
            "nextForwardToken": f"f/{last.digits()}/s",
            "nextBackwardToken": f"b/{first.digits()}/s",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Which part of a batch is kept (`first` up to `end`), and what the answer says of the rest."""

    first: int
    end: int
    info: Mapping[str, int]


def decide_rejection(timestamps: Sequence[int], *, now_ms: int, retained_from_ms: int) -> Rejection:
    """Which of a batch's events, in order of time, are too old, expired, or too new.

    AWS: the two end indexes are exclusive (API Reference, RejectedLogEventsInfo).
    """
    too_old = bisect_left(timestamps, now_ms - OLDEST_MS)
    expired = bisect_left(timestamps, retained_from_ms)
    too_new = bisect_right(timestamps, now_ms + NEWEST_MS)
    info = {}
    if too_new < len(timestamps):
        info["tooNewLogEventStartIndex"] = too_new
    if too_old:
        info["tooOldLogEventEndIndex"] = too_old
    if expired:
        info["expiredLogEventEndIndex"] = expired
    return Rejection(first=max(too_old, expired), end=too_new, info=info)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PageQuery:
    """One page of a stream, read from a place forwards or backwards."""

    stream_id: int
    from_ms: int
    to_ms: int
    forward: bool
    limit: int

    def run(self, tx: Transaction, place: Position) -> list[Row]:
        """The page's rows in order of time, however it is read."""
        rows: list[Row] = []
        size = 0
        while len(rows) < self.limit:
            chunk = self._chunk(tx, place, min(CHUNK_ROWS, self.limit - len(rows)))
            for row in chunk:
                size += row["size_bytes"]
                if size > PAGE_BYTES and rows:
                    return rows if self.forward else rows[::-1]
                rows.append(row)
            if len(chunk) < CHUNK_ROWS:
                break
            last = Position(chunk[-1]["timestamp_ms"], chunk[-1]["id"])
            place = last if self.forward else last.before()
        return rows if self.forward else rows[::-1]

    def _chunk(self, tx: Transaction, place: Position, limit: int) -> list[Row]:
        return tx.all(
            statements.EVENTS_AFTER if self.forward else statements.EVENTS_BEFORE,
            {
                "stream_id": self.stream_id,
                "from_ms": self.from_ms,
                "to_ms": self.to_ms,
                "at_ms": place.timestamp_ms,
                "at_id": place.id,
                "limit": limit,
            },
        )


def _start(params: Mapping[str, Any]) -> tuple[bool, Position]:
    """The direction and the place of a request. A token's own direction comes first."""
    token = params.get("nextToken")
    if token is None:
        forward = params.get("startFromHead", False)
        return forward, BEGINNING if forward else END
    parts = token.split("/")
    if len(parts) != 3 or parts[0] not in ("f", "b") or parts[2] != "s":
        raise bad_token()
    return parts[0] == "f", position_of(parts[1])


def _around(rows: Sequence[Row], place: Position) -> tuple[Position, Position]:
    """The places before and after a page; both are where it was read from when it is empty."""
    if not rows:
        # Of an empty stream read from its end, what is to come lies ahead.
        at = BEGINNING if place == END else place
        return at, at
    first, last = rows[0], rows[-1]
    return (
        Position(first["timestamp_ms"], first["id"]).before(),
        Position(last["timestamp_ms"], last["id"]),
    )
