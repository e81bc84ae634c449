"""TagResource, UntagResource, ListTags: functions here, other resources by their holders."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from lambent.core.arn import Arn, parse_arn
from lambent.core.identity import Scope
from lambent.services.contract import Call, Operation
from lambent.services.lambda_.errors import (
    function_not_found,
    no_tags,
    other_account,
    other_region,
    resource_not_found,
    tags_on_qualified,
)
from lambent.services.lambda_.records import Function
from lambent.services.lambda_.state import LambdaState
from lambent.services.lambda_.validation import check_tag_count


class TagHolder(Protocol):
    """The tags of one kind of resource. Each method raises ResourceNotFoundException."""

    async def tags(self, scope: Scope, arn: str) -> Mapping[str, str]: ...

    async def tag(self, scope: Scope, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags, over those of the same keys."""
        ...

    async def untag(self, scope: Scope, arn: str, keys: Sequence[str]) -> None:
        """Take tags away; a key that is not there is no error."""
        ...


class FunctionTags:
    """Tags of functions."""

    def __init__(self, state: LambdaState) -> None:
        self._state = state

    async def tags(self, scope: Scope, arn: str) -> Mapping[str, str]:
        function = self._state.find(scope, _name(arn))
        if function is None:
            raise function_not_found(arn)
        return function.tags

    async def tag(self, scope: Scope, arn: str, tags: Mapping[str, str]) -> None:
        def decide(before: Function | None) -> Function:
            if before is None:
                raise function_not_found(arn)
            after = {**before.tags, **tags}
            check_tag_count(after)
            return replace(before, tags=after)

        await self._state.change(scope, _name(arn), decide)

    async def untag(self, scope: Scope, arn: str, keys: Sequence[str]) -> None:
        def decide(before: Function | None) -> Function:
            if before is None:
                raise function_not_found(arn)
            kept = {key: value for key, value in before.tags.items() if key not in keys}
            return replace(before, tags=kept)

        await self._state.change(scope, _name(arn), decide)


class Tags:
    """The operations on tags. `holders` are by kind: the ARN's word before the resource's name."""

    def __init__(self, holders: Mapping[str, TagHolder]) -> None:
        self._holders = holders

    def operations(self) -> dict[str, Operation]:
        return {
            "TagResource": Operation(handler=self.tag),
            "UntagResource": Operation(handler=self.untag),
            "ListTags": Operation(handler=self.list_),
        }

    async def tag(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        holder, arn = self._holder(call, params["Resource"], "TagResource")
        if not params["Tags"]:
            raise no_tags()
        await holder.tag(call.scope, arn, params["Tags"])
        return {}

    async def untag(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        holder, arn = self._holder(call, params["Resource"], "UntagResource")
        await holder.untag(call.scope, arn, params["TagKeys"])
        return {}

    async def list_(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        holder, arn = self._holder(call, params["Resource"], "ListTags")
        return {"Tags": dict(await holder.tags(call.scope, arn))}

    def _holder(self, call: Call, text: str, action: str) -> tuple[TagHolder, str]:
        """Who holds the tags of the resource. Raises for one that is not here or has no tags."""
        arn = parse_arn(text)
        assert arn is not None  # the model's pattern has been checked
        kind = arn.resource.partition(":")[0]
        if kind == "function" and arn.resource.count(":") > 1:
            raise tags_on_qualified()
        _check_place(call, arn, action)
        holder = self._holders.get(kind)
        if holder is None:
            raise resource_not_found(kind.replace("-", " ").capitalize(), text)
        return holder, text


def _check_place(call: Call, arn: Arn, action: str) -> None:
    if arn.region != call.scope.region:
        raise other_region(arn.region, call.scope.region)
    if arn.account != call.scope.account:
        raise other_account(call.caller.scope.account, str(arn), action)


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]
