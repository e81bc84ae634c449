"""CreateAlias, GetAlias, UpdateAlias, DeleteAlias, ListAliases."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambent.services.contract import Call, Operation
from lambent.services.lambda_.answers import alias_answer
from lambent.services.lambda_.errors import (
    alias_exists,
    alias_missing,
    alias_not_found,
    too_many_weights,
    version_in_weights,
    weights_on_latest,
    wrong_revision,
)
from lambent.services.lambda_.names import LATEST, function_arn, resolve_name
from lambent.services.lambda_.pages import page
from lambent.services.lambda_.records import Alias, Function
from lambent.services.lambda_.state import LambdaState


class Aliases:
    """The operations on aliases."""

    def __init__(self, state: LambdaState) -> None:
        self._state = state

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateAlias": Operation(handler=self.create),
            "GetAlias": Operation(handler=self.get),
            "UpdateAlias": Operation(handler=self.update),
            "DeleteAlias": Operation(handler=self.delete),
            "ListAliases": Operation(handler=self.list_),
        }

    async def create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Give a version a name."""
        ref = resolve_name(call, params["FunctionName"], action="CreateAlias")
        name, number = params["Name"], params["FunctionVersion"]

        def decide(function: Function) -> Function:
            weights = _weights(function, number, params.get("RoutingConfig"))
            function.version_of(number)
            if name in function.aliases:
                raise alias_exists(function_arn(call.scope, ref.name, name))
            alias = Alias(
                name=name,
                version=number,
                description=params.get("Description", ""),
                revision_id=self._state.ids.uuid(),
                weights=weights,
            )
            return function.with_alias(alias)

        function = await self._state.change_existing(call.scope, ref.name, decide, qualifier=number)
        return alias_answer(function, function.aliases[name])

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        ref = resolve_name(call, params["FunctionName"], action="GetAlias")
        function = self._state.function(call.scope, ref.name)
        if (alias := function.aliases.get(params["Name"])) is None:
            raise alias_missing(function_arn(call.scope, ref.name, params["Name"]))
        return alias_answer(function, alias)

    async def update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Change an alias; what is not named stays, an empty RoutingConfig ends the weights."""
        ref = resolve_name(call, params["FunctionName"], action="UpdateAlias")
        name = params["Name"]

        def decide(function: Function) -> Function:
            if (alias := function.aliases.get(name)) is None:
                raise alias_not_found(function_arn(call.scope, ref.name, name))
            if params.get("RevisionId") not in (None, alias.revision_id):
                raise wrong_revision()
            number = params.get("FunctionVersion", alias.version)
            function.version_of(number)
            routing = params.get("RoutingConfig", {"AdditionalVersionWeights": alias.weights})
            return function.with_alias(
                replace(
                    alias,
                    version=number,
                    description=params.get("Description", alias.description),
                    weights=_weights(function, number, routing),
                    revision_id=self._state.ids.uuid(),
                )
            )

        function = await self._state.change_existing(call.scope, ref.name, decide)
        return alias_answer(function, function.aliases[name])

    async def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Delete an alias; one that is not there is no error."""
        ref = resolve_name(call, params["FunctionName"], action="DeleteAlias")
        await self._state.change_existing(
            call.scope, ref.name, lambda function: function.without_alias(params["Name"])
        )
        return {}

    async def list_(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """A function's aliases, or those that lead to one version."""
        ref = resolve_name(call, params["FunctionName"], action="ListAliases")
        function = self._state.function(call.scope, ref.name)
        number = params.get("FunctionVersion")
        aliases = [
            alias
            for alias in function.aliases.values()
            if number is None or alias.refers_to(number)
        ]
        shown, more = page(aliases, lambda alias: (alias.name,), params)
        return {"Aliases": [alias_answer(function, alias) for alias in shown], **more}


def _weights(
    function: Function, number: str, routing: Mapping[str, Any] | None
) -> dict[str, float]:
    """The weights of an alias to version `number`, checked in AWS's order."""
    weights: Mapping[str, float] = (routing or {}).get("AdditionalVersionWeights") or {}
    if len(weights) > 1:
        raise too_many_weights()
    for other in weights:
        if other == number:
            raise version_in_weights(other)
        if number == LATEST:
            raise weights_on_latest()
        function.version_of(other)
    return dict(weights)
