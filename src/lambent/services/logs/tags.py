"""Tags of log groups, by AWS's older and newer operations."""

from collections.abc import Mapping, Sequence
from typing import Any

from lambent.core.store.api import Transaction
from lambent.services.contract import Call, Operation
from lambent.services.logs import statements
from lambent.services.logs.errors import InvalidParameterException, no_such_group, too_many_tags
from lambent.services.logs.records import Group, find_group
from lambent.services.logs.state import LogsState
from lambent.services.logs.validation import MAX_TAGS, check_tags, group_name_in, storable


class Tags:
    """The operations on tags."""

    def __init__(self, state: LogsState) -> None:
        self._state = state

    def operations(self) -> dict[str, Operation]:
        return {
            "TagLogGroup": Operation(handler=self.tag_group),
            "UntagLogGroup": Operation(handler=self.untag_group),
            "ListTagsLogGroup": Operation(handler=self.list_of_group),
            "TagResource": Operation(handler=self.tag_resource),
            "UntagResource": Operation(handler=self.untag_resource),
            "ListTagsForResource": Operation(handler=self.list_of_resource),
        }

    async def tag_group(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._tag(call, params["logGroupName"], params["tags"])

    async def tag_resource(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._tag(call, _group_name(call, params), params["tags"])

    async def untag_group(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._untag(call, params["logGroupName"], params["tags"])

    async def untag_resource(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._untag(call, _group_name(call, params), params["tagKeys"])

    async def list_of_group(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._list(call, params["logGroupName"])

    async def list_of_resource(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._list(call, _group_name(call, params))

    async def _tag(self, call: Call, name: str, tags: Mapping[str, str]) -> dict[str, Any]:
        check_tags(tags)
        await self._state.buffer.visible()
        await self._state.store.write(
            lambda tx: write_tags(tx, find_group(tx, call.scope, name), tags)
        )
        return {}

    async def _untag(self, call: Call, name: str, keys: Sequence[str]) -> dict[str, Any]:
        def work(tx: Transaction) -> None:
            group = find_group(tx, call.scope, name)
            tx.execute_many(
                statements.DELETE_TAG,
                [{"group_id": group.id, "key": storable(key)} for key in keys],
            )

        await self._state.buffer.visible()
        await self._state.store.write(work)
        return {}

    async def _list(self, call: Call, name: str) -> dict[str, Any]:
        await self._state.buffer.visible()
        tags = await self._state.store.read(
            lambda tx: tags_of(tx, find_group(tx, call.scope, name))
        )
        return {"tags": tags}


def tags_of(tx: Transaction, group: Group) -> dict[str, str]:
    """A group's tags."""
    rows = tx.all(statements.LIST_TAGS, {"group_id": group.id})
    return {row["key"]: row["value"] for row in rows}


def write_tags(tx: Transaction, group: Group, tags: Mapping[str, str]) -> None:
    """Add tags to a group, over those of the same keys. Raises TooManyTagsException."""
    tx.execute_many(
        statements.SET_TAG,
        [
            {"group_id": group.id, "key": storable(key), "value": storable(value)}
            for key, value in tags.items()
        ],
    )
    if len(tags_of(tx, group)) > MAX_TAGS:
        raise too_many_tags(group.arn)


def _group_name(call: Call, params: Mapping[str, Any]) -> str:
    arn = params["resourceArn"]
    if not arn.startswith("arn:"):
        raise InvalidParameterException(f"Invalid ARN: {arn}")
    if ":log-group:" not in arn:
        # Destinations, the other resource with tags, are not built.
        raise no_such_group()
    return group_name_in(call.scope, arn)
