"""AddLayerVersionPermission, RemoveLayerVersionPermission, GetLayerVersionPolicy."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lambent.services.contract import Call, Operation
from lambent.services.lambda_.errors import wrong_revision
from lambent.services.lambda_.layer_shelf import LayerShelf, LayerVersionRecord, layer_arn
from lambent.services.lambda_.layers import layer_name
from lambent.services.lambda_.policy_documents import (
    as_text,
    checked_length,
    empty_document,
    principal_of,
)
from lambent.services.lambda_.settings_errors import (
    layer_version_missing,
    layer_version_too_low,
    no_policy,
    statement_exists,
    statement_missing,
)

_STORED = {"Principal": "layers of other accounts come with permissions"}

Statements = Sequence[Mapping[str, Any]]


class LayerPermissions:
    """The operations on the policies of layer versions."""

    def __init__(self, shelf: LayerShelf) -> None:
        self._shelf = shelf

    def operations(self) -> dict[str, Operation]:
        return {
            "AddLayerVersionPermission": Operation(
                handler=self.add,
                stored={
                    **_STORED,
                    "OrganizationId": "layers of other accounts come with permissions",
                },
            ),
            "RemoveLayerVersionPermission": Operation(handler=self.remove),
            "GetLayerVersionPolicy": Operation(handler=self.get),
        }

    async def add(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Add a statement to a version's policy."""

        def decide(version: LayerVersionRecord) -> Statements:
            if any(one["Sid"] == params["StatementId"] for one in version.policy):
                raise statement_exists(params["StatementId"])
            added = [*version.policy, _statement(version, params)]
            checked_length(_document(added))
            return added

        changed = await self._change(call, params, "AddLayerVersionPermission", decide)
        return {
            "Statement": as_text(changed.policy[-1]),
            "RevisionId": changed.policy_revision,
        }

    async def remove(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Take a statement out of a version's policy."""

        def decide(version: LayerVersionRecord) -> Statements:
            if not version.policy:
                raise no_policy()
            kept = [one for one in version.policy if one["Sid"] != params["StatementId"]]
            if len(kept) == len(version.policy):
                raise statement_missing(params["StatementId"])
            return kept

        await self._change(call, params, "RemoveLayerVersionPermission", decide)
        return {}

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """A version's policy."""
        version = self._version(call, params, "GetLayerVersionPolicy")
        if not version.policy:
            raise no_policy()
        return {
            "Policy": as_text(_document(version.policy)),
            "RevisionId": version.policy_revision,
        }

    async def _change(
        self,
        call: Call,
        params: Mapping[str, Any],
        action: str,
        decide: Callable[[LayerVersionRecord], Statements],
    ) -> LayerVersionRecord:
        # Decided again if another change of this version came first.
        while True:
            version = self._version(call, params, action)
            if params.get("RevisionId") not in (None, version.policy_revision):
                raise wrong_revision("GetLayerPolicy")
            changed = await self._shelf.set_policy(version, decide(version))
            if changed is not None:
                return changed

    def _version(self, call: Call, params: Mapping[str, Any], action: str) -> LayerVersionRecord:
        name, number = layer_name(call, params["LayerName"], action), params["VersionNumber"]
        if number < 1:
            raise layer_version_too_low()
        if (version := self._shelf.find(call.scope, name, number)) is None:
            raise layer_version_missing(layer_arn(call.scope, name, number))
        return version


def _statement(version: LayerVersionRecord, params: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": principal_of(params["Principal"], version.scope.partition),
        "Action": params["Action"],
        "Resource": version.arn,
    }
    if organisation := params.get("OrganizationId"):
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organisation}}
    return statement


def _document(statements: Statements) -> dict[str, Any]:
    return {**empty_document(), "Statement": list(statements)}
