"""GetFunction, GetFunctionConfiguration, ListFunctions, DeleteFunction."""

from typing import Any

from lambent.services.contract import Call, Operation
from lambent.services.lambda_.answers import (
    RuntimeVersion,
    configuration_answer,
    listed_answer,
    version_order,
)
from lambent.services.lambda_.code import CodeLinks
from lambent.services.lambda_.errors import (
    alias_not_deletable,
    function_not_found,
    latest_not_deletable,
    version_referenced,
)
from lambent.services.lambda_.names import (
    LATEST,
    FunctionRef,
    function_arn,
    is_version,
    resolve_name,
)
from lambent.services.lambda_.pages import page
from lambent.services.lambda_.records import Function
from lambent.services.lambda_.state import LambdaState


class Functions:
    """The operations on functions that are there."""

    def __init__(
        self, state: LambdaState, links: CodeLinks, runtime_version: RuntimeVersion
    ) -> None:
        self._state = state
        self._links = links
        self._runtime_version = runtime_version

    def operations(self) -> dict[str, Operation]:
        return {
            "GetFunction": Operation(handler=self.get),
            "GetFunctionConfiguration": Operation(handler=self.get_configuration),
            "ListFunctions": Operation(
                handler=self.list_, rejected={"MasterRegion": "Lambda@Edge is not built"}
            ),
            "DeleteFunction": Operation(handler=self.delete),
        }

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """A function's configuration, a link to its code, its tags and reserved concurrency."""
        ref = _ref(call, params, "GetFunction")
        function = self._state.function(call.scope, ref.name, ref.qualifier)
        version = function.version_of(ref.qualifier)
        location = self._links.location(call, version.content.code.digest)
        answer: dict[str, Any] = {
            "Configuration": configuration_answer(
                function, version, self._runtime_version, qualifier=ref.qualifier
            ),
            "Code": {"RepositoryType": "S3", "Location": location},
        }
        if function.tags:
            answer["Tags"] = dict(function.tags)
        if function.reserved_concurrency is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
        return answer

    async def get_configuration(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """A function's configuration, with its state."""
        ref = _ref(call, params, "GetFunctionConfiguration")
        function = self._state.function(call.scope, ref.name, ref.qualifier)
        version = function.version_of(ref.qualifier)
        return configuration_answer(
            function, version, self._runtime_version, qualifier=ref.qualifier
        )

    async def list_(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """$LATEST of every function, or with FunctionVersion ALL every version."""
        functions = self._state.functions_in(call.scope)
        if params.get("FunctionVersion") != "ALL":
            shown, more = page(functions, lambda function: (function.name,), params)
            listed = [listed_answer(function, function.latest) for function in shown]
            return {"Functions": listed, **more}
        every = [
            (function, version) for function in functions for version in function.versions.values()
        ]
        versions, more = page(
            every, lambda entry: (entry[0].name, *version_order(entry[1])), params
        )
        return {
            "Functions": [
                listed_answer(function, version, qualifier=version.version)
                for function, version in versions
            ],
            **more,
        }

    async def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a function, or one published version that no alias refers to.

        What is running ends as it would have. Deleting a version that is not there is no error.
        """
        ref = _ref(call, params, "DeleteFunction")
        if ref.qualifier == LATEST:
            raise latest_not_deletable()
        if ref.qualifier is not None and not is_version(ref.qualifier):
            raise alias_not_deletable()

        def decide(function: Function | None) -> Function | None:
            if function is None:
                raise function_not_found(function_arn(call.scope, ref.name))
            return None if ref.qualifier is None else _without(function, ref.qualifier)

        await self._state.change(call.scope, ref.name, decide)
        # AWS: recorded as 204, although the model says 200.
        return {"StatusCode": 204}


def _without(function: Function, number: str) -> Function:
    number = str(int(number))
    aliases = [alias.name for alias in function.aliases.values() if alias.refers_to(number)]
    if aliases:
        raise version_referenced(sorted(aliases))
    return function.without_version(number)


def _ref(call: Call, params: dict[str, Any], action: str) -> FunctionRef:
    return resolve_name(call, params["FunctionName"], params.get("Qualifier"), action=action)
