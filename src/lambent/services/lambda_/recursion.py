"""PutFunctionRecursionConfig and GetFunctionRecursionConfig; dispatch acts on what is put."""

from dataclasses import replace
from typing import Any

from lambent.services.contract import Call, Operation
from lambent.services.lambda_.names import resolve_name
from lambent.services.lambda_.state import LambdaState


class RecursionConfig:
    """The operations on what happens to a function that invokes itself in a loop."""

    def __init__(self, state: LambdaState) -> None:
        self._state = state

    def operations(self) -> dict[str, Operation]:
        return {
            "PutFunctionRecursionConfig": Operation(handler=self.put),
            "GetFunctionRecursionConfig": Operation(handler=self.get),
        }

    async def put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Terminate a loop, or Allow it."""
        ref = resolve_name(call, params["FunctionName"], action="PutFunctionRecursionConfig")
        loop = params["RecursiveLoop"]
        await self._state.change_existing(
            call.scope, ref.name, lambda function: replace(function, recursive_loop=loop)
        )
        return {"RecursiveLoop": loop}

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        ref = resolve_name(call, params["FunctionName"], action="GetFunctionRecursionConfig")
        return {"RecursiveLoop": self._state.function(call.scope, ref.name).recursive_loop}
