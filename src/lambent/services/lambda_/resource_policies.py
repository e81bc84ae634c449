"""PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: a policy as one document.

It is the policy that AddPermission adds statements to, seen whole.
"""

from typing import Any

from lambent.core.arn import parse_arn
from lambent.core.errors import NotImplementedException
from lambent.services.contract import Call, Operation
from lambent.services.lambda_.names import LATEST, FunctionRef, resolve_name
from lambent.services.lambda_.policy_documents import as_text, checked_length, parse_document
from lambent.services.lambda_.policy_table import Document, PolicyTable, revision_of
from lambent.services.lambda_.settings_errors import (
    no_policy,
    policy_on_latest,
    resource_missing,
)
from lambent.services.lambda_.state import LambdaState


class ResourcePolicies:
    """The operations on whole policies."""

    def __init__(self, state: LambdaState, table: PolicyTable) -> None:
        self._state = state
        self._table = table

    def operations(self) -> dict[str, Operation]:
        return {
            "PutResourcePolicy": Operation(
                handler=self.put,
                stored={"Policy": "policies are kept and given back; permissions come later"},
            ),
            "GetResourcePolicy": Operation(handler=self.get),
            "DeleteResourcePolicy": Operation(handler=self.delete),
        }

    async def put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Put a policy in the place of the one that is there, if there is one."""
        ref = _ref(call, params, "PutResourcePolicy")
        if ref.qualifier == LATEST:
            raise policy_on_latest()
        document = parse_document(params["Policy"])
        text = checked_length(document)
        function = await self._table.change(
            call.scope,
            ref.name,
            ref.qualifier,
            lambda _before: document,
            revision_id=params.get("RevisionId"),
        )
        return {"Policy": text, "RevisionId": revision_of(function, ref.qualifier)}

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """The policy as JSON text, with its revision id."""
        ref = _ref(call, params, "GetResourcePolicy")
        function = self._state.function(call.scope, ref.name)
        revision_of(function, ref.qualifier)
        document = await self._table.get(function, ref.qualifier)
        if document is None:
            raise resource_missing()
        # Read again: it may have changed while the store was asked.
        function = self._state.function(call.scope, ref.name)
        return {"Policy": as_text(document), "RevisionId": revision_of(function, ref.qualifier)}

    async def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Delete the policy with all its statements."""
        ref = _ref(call, params, "DeleteResourcePolicy")

        def revise(document: Document | None) -> None:
            if document is None:
                raise no_policy()

        await self._table.change(
            call.scope, ref.name, ref.qualifier, revise, revision_id=params.get("RevisionId")
        )
        return {}


def _ref(call: Call, params: dict[str, Any], action: str) -> FunctionRef:
    arn = params["ResourceArn"]
    parsed = parse_arn(arn)
    if parsed is not None and parsed.resource.startswith("runtime/"):
        raise NotImplementedException(
            f"Lambent does not implement lambda:{action} of runtimes yet: runtimes of one's own "
            "come later."
        )
    return resolve_name(call, arn, action=action)
