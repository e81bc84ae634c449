"""PutRuntimeManagementConfig and GetRuntimeManagementConfig."""

from typing import Any

from lambent.core.store.api import Transaction
from lambent.services.contract import Call, Operation
from lambent.services.lambda_ import settings_statements as statements
from lambent.services.lambda_.names import (
    LATEST,
    FunctionRef,
    function_arn,
    is_version,
    resolve_name,
)
from lambent.services.lambda_.records import Function
from lambent.services.lambda_.settings_errors import (
    runtime_of_alias,
    runtime_version_needed,
    runtime_version_unwanted,
)
from lambent.services.lambda_.state import LambdaState

_WHY = "runtimes are this host's own; they are not updated for a function"


class RuntimeManagement:
    """The operations on when a function takes a new version of its runtime; stored only."""

    def __init__(self, state: LambdaState) -> None:
        self._state = state
        state.when_removed(_delete)

    def operations(self) -> dict[str, Operation]:
        return {
            "PutRuntimeManagementConfig": Operation(
                handler=self.put, stored={"UpdateRuntimeOn": _WHY, "RuntimeVersionArn": _WHY}
            ),
            "GetRuntimeManagementConfig": Operation(handler=self.get),
        }

    async def put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        ref = _ref(call, params, "PutRuntimeManagementConfig")
        update_on, arn = params["UpdateRuntimeOn"], params.get("RuntimeVersionArn")
        if update_on == "Manual" and arn is None:
            raise runtime_version_needed()
        if update_on != "Manual" and arn is not None:
            raise runtime_version_unwanted()

        def decide(function: Function) -> Function:
            function.version_of(ref.qualifier)
            return function

        def also(tx: Transaction, after: Function | None) -> None:
            assert after is not None  # decide never returns None
            row = {"update_on": update_on, "runtime_version_arn": arn}
            key = _key(after, ref.qualifier)
            tx.execute(statements.SAVE_RUNTIME_MANAGEMENT, {**key, **row})

        await self._state.change_existing(
            call.scope, ref.name, decide, qualifier=ref.qualifier, also=also
        )
        return _answer(call, ref, update_on, arn)

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """What was put, or Auto."""
        ref = _ref(call, params, "GetRuntimeManagementConfig")
        function = self._state.function(call.scope, ref.name, ref.qualifier)
        function.version_of(ref.qualifier)
        key = _key(function, ref.qualifier)
        row = await self._state.store.read(
            lambda tx: tx.one(statements.GET_RUNTIME_MANAGEMENT, key)
        )
        if row is None:
            return _answer(call, ref, "Auto", None)
        return _answer(call, ref, row["update_on"], row["runtime_version_arn"])


def _ref(call: Call, params: dict[str, Any], action: str) -> FunctionRef:
    ref = resolve_name(call, params["FunctionName"], params.get("Qualifier"), action=action)
    if ref.qualifier is not None and not is_version(ref.qualifier):
        raise runtime_of_alias()
    return ref


def _answer(call: Call, ref: FunctionRef, update_on: str, arn: str | None) -> dict[str, Any]:
    answer = {
        "UpdateRuntimeOn": update_on,
        "FunctionArn": function_arn(call.scope, ref.name, ref.qualifier),
    }
    return answer if arn is None else {**answer, "RuntimeVersionArn": arn}


def _delete(tx: Transaction, function: Function, qualifier: str | None) -> None:
    if qualifier is None:
        tx.execute(statements.DELETE_RUNTIME_MANAGEMENTS, {"function_id": function.id})
    else:
        tx.execute(statements.DELETE_RUNTIME_MANAGEMENT, _key(function, qualifier))


def _key(function: Function, qualifier: str | None) -> dict[str, str]:
    return {"function_id": function.id, "qualifier": qualifier or LATEST}
