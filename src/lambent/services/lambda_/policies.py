"""AddPermission, RemovePermission, GetPolicy: a resource policy statement by statement."""

from typing import Any

from lambent.services.contract import Call, Operation
from lambent.services.lambda_.names import LATEST, FunctionRef, function_arn, resolve_name
from lambent.services.lambda_.policy_documents import (
    as_text,
    checked_length,
    empty_document,
    statement_of,
    statements_in,
)
from lambent.services.lambda_.policy_table import Document, PolicyTable, revision_of
from lambent.services.lambda_.settings_errors import (
    no_policy,
    no_policy_for,
    policy_on_latest,
    resource_missing,
    statement_exists,
    statement_missing,
)
from lambent.services.lambda_.state import LambdaState

_NOT_ENFORCED = "policies are kept and given back; permissions come later"


class Policies:
    """The operations on single statements of a function's, version's or alias's policy."""

    def __init__(self, state: LambdaState, table: PolicyTable) -> None:
        self._state = state
        self._table = table

    def operations(self) -> dict[str, Operation]:
        members = ("Action", "Principal", "SourceArn", "SourceAccount", "EventSourceToken")
        later = ("PrincipalOrgID", "FunctionUrlAuthType", "InvokedViaFunctionUrl")
        return {
            "AddPermission": Operation(
                handler=self.add,
                stored=dict.fromkeys((*members, *later), _NOT_ENFORCED),
            ),
            "RemovePermission": Operation(handler=self.remove),
            "GetPolicy": Operation(handler=self.get),
        }

    async def add(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Add a statement; the policy's revision id, which is the function's, changes with it."""
        ref = _ref(call, params, "AddPermission")
        resource = function_arn(call.scope, ref.name, ref.qualifier)
        statement = statement_of(params, resource, call.scope.partition)
        if ref.qualifier == LATEST:
            raise policy_on_latest()

        def revise(document: Document | None) -> Document:
            document = document or empty_document()
            statements = statements_in(document)
            if any(one.get("Sid") == params["StatementId"] for one in statements):
                raise statement_exists(params["StatementId"])
            revised = {**document, "Statement": [*statements, statement]}
            checked_length(revised)
            return revised

        await self._table.change(
            call.scope, ref.name, ref.qualifier, revise, revision_id=params.get("RevisionId")
        )
        return {"Statement": as_text(statement)}

    async def remove(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Take a statement out; with the last one the policy goes."""
        ref = _ref(call, params, "RemovePermission")
        if self._state.find(call.scope, ref.name) is None:
            raise no_policy_for(function_arn(call.scope, ref.name))
        statement_id = params["StatementId"]

        def revise(document: Document | None) -> Document | None:
            if document is None:
                raise no_policy()
            statements = statements_in(document)
            kept = [one for one in statements if one.get("Sid") != statement_id]
            if len(kept) == len(statements):
                raise statement_missing(statement_id)
            return {**document, "Statement": kept} if kept else None

        await self._table.change(
            call.scope, ref.name, ref.qualifier, revise, revision_id=params.get("RevisionId")
        )
        return {}

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """The policy as JSON text, with its revision id."""
        ref = _ref(call, params, "GetPolicy")
        function = self._state.function(call.scope, ref.name)
        revision_of(function, ref.qualifier)
        document = await self._table.get(function, ref.qualifier)
        if document is None:
            raise resource_missing()
        # Read again: it may have changed while the store was asked.
        function = self._state.function(call.scope, ref.name)
        return {
            "Policy": as_text(document),
            "RevisionId": revision_of(function, ref.qualifier),
        }


def _ref(call: Call, params: dict[str, Any], action: str) -> FunctionRef:
    return resolve_name(call, params["FunctionName"], params.get("Qualifier"), action=action)
