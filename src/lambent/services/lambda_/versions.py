"""PublishVersion and ListVersionsByFunction."""

from collections.abc import Mapping
from typing import Any

from lambent.services.contract import Call, Operation
from lambent.services.lambda_.answers import (
    RuntimeVersion,
    configuration_answer,
    listed_answer,
    version_order,
)
from lambent.services.lambda_.errors import code_sha_differs, invalid, wrong_revision
from lambent.services.lambda_.lifecycle import check_settled
from lambent.services.lambda_.names import LATEST, resolve_name
from lambent.services.lambda_.pages import page
from lambent.services.lambda_.publishing import published_number, with_published
from lambent.services.lambda_.records import Function
from lambent.services.lambda_.state import LambdaState


class Versions:
    """The operations on published versions."""

    def __init__(self, state: LambdaState, runtime_version: RuntimeVersion) -> None:
        self._state = state
        self._runtime_version = runtime_version

    def operations(self) -> dict[str, Operation]:
        return {
            "PublishVersion": Operation(
                handler=self.publish, rejected={"PublishTo": "managed instances come later"}
            ),
            "ListVersionsByFunction": Operation(handler=self.list_),
        }

    async def publish(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Freeze $LATEST as the next version; the last one again if nothing has changed since."""
        ref = resolve_name(call, params["FunctionName"], action="PublishVersion")
        if ref.qualifier not in (None, LATEST):
            # Words of ours: none recorded.
            raise invalid("Only $LATEST can be published.")
        number = LATEST

        def decide(function: Function) -> Function:
            nonlocal number
            check_settled(function)
            _check_expected(function, params)
            after = with_published(function, self._state, params.get("Description") or None)
            number = published_number(function, after)
            return after

        function = await self._state.change_existing(call.scope, ref.name, decide)
        return configuration_answer(
            function, function.versions[number], self._runtime_version, qualifier=number
        )

    async def list_(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """$LATEST and every published version, in order of their numbers."""
        ref = resolve_name(call, params["FunctionName"], action="ListVersionsByFunction")
        function = self._state.function(call.scope, ref.name)
        shown, more = page(function.versions.values(), version_order, params)
        versions = [
            listed_answer(function, version, qualifier=version.version) for version in shown
        ]
        return {"Versions": versions, **more}


def _check_expected(function: Function, params: Mapping[str, Any]) -> None:
    """Raises for a RevisionId or CodeSha256 that is not $LATEST's."""
    latest = function.latest
    if params.get("RevisionId") not in (None, latest.revision_id):
        raise wrong_revision()
    current = latest.content.code.sha256
    if params.get("CodeSha256") not in (None, "", current):
        raise code_sha_differs(params["CodeSha256"], current)
