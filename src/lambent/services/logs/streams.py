"""Log streams."""

from typing import Any

from lambent.core.store.api import Transaction
from lambent.services.contract import Call, Operation
from lambent.services.logs import statements
from lambent.services.logs.errors import InvalidParameterException, protected, stream_exists
from lambent.services.logs.ingestion import create_stream
from lambent.services.logs.positions import END, Position, page_token, place_of
from lambent.services.logs.records import Group, Stream, find_group, find_stream, stream_from
from lambent.services.logs.state import LogsState
from lambent.services.logs.validation import check_stream_name, group_name_of, storable


class Streams:
    """The operations on log streams."""

    def __init__(self, state: LogsState) -> None:
        self._state = state

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateLogStream": Operation(handler=self.create),
            "DeleteLogStream": Operation(handler=self.delete),
            "DescribeLogStreams": Operation(handler=self.describe),
        }

    async def create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        now_ms = self._state.now_ms()
        name = storable(params["logStreamName"])
        check_stream_name(name)

        def work(tx: Transaction) -> None:
            group = find_group(tx, call.scope, params["logGroupName"])
            if not create_stream(tx, group, name, now_ms):
                raise stream_exists()

        await self._state.buffer.visible()
        await self._state.store.write(work)
        return {}

    async def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Remove a stream and its events, at once."""
        name = storable(params["logStreamName"])

        def work(tx: Transaction) -> None:
            group = find_group(tx, call.scope, params["logGroupName"])
            stream = find_stream(tx, group, name)
            # AWS: protection of a group blocks all deletions in it (API Reference).
            if group.deletion_protected:
                raise protected(group.name)
            row = tx.one(statements.BYTES_OF_STREAM, {"stream_id": stream.id})
            tx.execute(
                statements.ADD_STORED_BYTES,
                {"group_id": group.id, "bytes": -row["bytes"] if row else 0},
            )
            tx.execute(statements.DELETE_EVENTS_OF_STREAM, {"stream_id": stream.id})
            tx.execute(statements.DELETE_STREAM, {"stream_id": stream.id})

        await self._state.buffer.visible()
        await self._state.store.write(work)
        return {}

    async def describe(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        name = group_name_of(call.scope, params)
        by_time = params.get("orderBy", "LogStreamName") == "LastEventTime"
        if by_time and "logStreamNamePrefix" in params:
            raise InvalidParameterException(
                "Cannot order by LastEventTime with a logStreamNamePrefix."
            )
        limit = params.get("limit", 50)
        descending = params.get("descending", False)
        if by_time:
            statement, values = _by_time(params, descending=descending)
        else:
            statement, values = _by_name(params, descending=descending)

        def work(tx: Transaction) -> tuple[Group, list[Stream]]:
            group = find_group(tx, call.scope, name)
            rows = tx.all(statement, {"group_id": group.id, "limit": limit + 1, **values})
            return group, [stream_from(row) for row in rows]

        await self._state.buffer.visible()
        group, streams = await self._state.store.read(work)
        page = streams[:limit]
        answer: dict[str, Any] = {"logStreams": [_description(group, each) for each in page]}
        if len(streams) > limit:
            last = page[-1]
            place = (last.last_event_ms or 0, last.name) if by_time else (last.name,)
            answer["nextToken"] = page_token(*place)
        return answer


def _by_name(params: dict[str, Any], *, descending: bool) -> tuple[str, dict[str, Any]]:
    after = storable(place_of(params["nextToken"], str)[0]) if "nextToken" in params else ""
    statement = statements.LIST_STREAMS_DESCENDING if descending else statements.LIST_STREAMS
    return statement, {
        "after": after,
        "prefix": storable(params.get("logStreamNamePrefix", "")),
    }


def _by_time(params: dict[str, Any], *, descending: bool) -> tuple[str, dict[str, Any]]:
    after_ms, after = (END.timestamp_ms, "") if descending else (-1, "")
    if "nextToken" in params:
        after_ms, after = place_of(params["nextToken"], int, str)
    return (
        statements.LIST_STREAMS_BY_TIME_DESCENDING
        if descending
        else statements.LIST_STREAMS_BY_TIME
    ), {"after_ms": min(after_ms, END.timestamp_ms), "after": storable(after)}


def _description(group: Group, stream: Stream) -> dict[str, Any]:
    item: dict[str, Any] = {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        "arn": f"{group.arn}:log-stream:{stream.name}",
        # AWS: always 0 since June 2019 (API Reference, LogStream).
        "storedBytes": 0,
    }
    if stream.last_ingestion_ms is not None:
        item["firstEventTimestamp"] = stream.first_event_ms
        item["lastEventTimestamp"] = stream.last_event_ms
        item["lastIngestionTime"] = stream.last_ingestion_ms
        item["uploadSequenceToken"] = Position(stream.last_ingestion_ms, stream.id).digits()
    return item
