"""UpdateFunctionCode and UpdateFunctionConfiguration.

The old content serves until the new one is ready; what is running is not disturbed.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lambent.services.contract import Call, Operation
from lambent.services.lambda_.answers import RuntimeVersion, configuration_answer
from lambent.services.lambda_.code import CheckCodeSigning, check_request_size, inspect_zip
from lambent.services.lambda_.create_function import REJECTED, REJECTED_CODE, STORED
from lambent.services.lambda_.directory import rekeyed
from lambent.services.lambda_.errors import (
    image_uri_for_zip,
    invalid,
    no_code,
    wrong_revision,
)
from lambent.services.lambda_.lifecycle import check_settled, updated
from lambent.services.lambda_.names import LATEST, FunctionRef, resolve_name
from lambent.services.lambda_.publishing import published_number, with_published
from lambent.services.lambda_.records import Code, Content, Function
from lambent.services.lambda_.state import LambdaState
from lambent.services.lambda_.validation import Rules, changed_configuration, check_total_size


class UpdateFunction:
    """Changes functions."""

    def __init__(
        self,
        state: LambdaState,
        rules: Rules,
        runtime_version: RuntimeVersion,
        check_code_signing: CheckCodeSigning,
    ) -> None:
        self._check_code_signing = check_code_signing
        self._state = state
        self._rules = rules
        self._runtime_version = runtime_version

    def operations(self) -> dict[str, Operation]:
        return {
            "UpdateFunctionCode": Operation(
                handler=self.update_code,
                stored={"Architectures": "code runs as it is on this host's processor"},
                rejected={**REJECTED_CODE, "PublishTo": "managed instances come later"},
            ),
            "UpdateFunctionConfiguration": Operation(
                handler=self.update_configuration, stored=STORED, rejected=REJECTED
            ),
        }

    async def update_code(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Give $LATEST other code. With DryRun nothing changes; with Publish a version follows."""
        check_request_size("UpdateFunctionCode", call.headers)
        ref = _latest_only(resolve_name(call, params["FunctionName"], action="UpdateFunctionCode"))
        before = self._state.function(call.scope, ref.name)
        if params.get("ImageUri"):
            raise image_uri_for_zip()
        if (data := params.get("ZipFile")) is None:
            raise no_code()
        check_settled(before)
        _check_revision(before, params)
        code = await self._state.off_loop(lambda: inspect_zip(data))

        def decide(function: Function) -> Function:
            return self._with_code(function, code, params)

        if params.get("DryRun"):
            function = decide(self._state.function(call.scope, ref.name))
            return configuration_answer(function, function.latest, self._runtime_version)
        with self._state.pinned(code.digest):
            await self._state.put_blob(data)
            return await self._changed(call, ref, decide, publish=bool(params.get("Publish")))

    async def update_configuration(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Give $LATEST another configuration; what is not named stays."""
        ref = resolve_name(call, params["FunctionName"], action="UpdateFunctionConfiguration")

        def decide(function: Function) -> Function:
            latest = function.latest
            configuration = changed_configuration(
                latest.configuration, function.scope, function.name, params, self._rules
            )
            check_total_size(latest.content.code, configuration.layers)
            check_settled(function)
            _check_revision(function, params)
            return self._updated(function, replace(latest.content, configuration=configuration))

        return await self._changed(call, _latest_only(ref), decide, publish=False)

    async def _changed(
        self,
        call: Call,
        ref: FunctionRef,
        decide: Callable[[Function], Function],
        *,
        publish: bool,
    ) -> dict[str, Any]:
        number = LATEST

        def decide_all(before: Function) -> Function:
            nonlocal number
            after = decide(before)
            if publish:
                before, after = after, with_published(after, self._state)
                number = published_number(before, after)
            return after

        function = await self._state.change_existing(call.scope, ref.name, decide_all)
        return configuration_answer(
            function,
            function.versions[number],
            self._runtime_version,
            qualifier=number if publish else None,
        )

    def _with_code(self, function: Function, code: Code, params: Mapping[str, Any]) -> Function:
        check_settled(function)
        _check_revision(function, params)
        self._check_code_signing(function.scope, function.code_signing_config_arn, function.name)
        configuration = function.latest.configuration
        check_total_size(code, configuration.layers)
        if "Architectures" in params:
            configuration = replace(configuration, architecture=params["Architectures"][0])
        content = replace(function.latest.content, code=code, configuration=configuration)
        return self._updated(function, content)

    def _updated(self, function: Function, content: Content) -> Function:
        ids, latest = self._state.ids, function.latest
        # What serves is what environments exist for; after a failed update that is the older one.
        content = rekeyed(content, latest.content, ids.uuid())
        now_ms = self._state.now_ms()
        return function.with_version(updated(latest, content, ids.uuid(), now_ms))


def _latest_only(ref: FunctionRef) -> FunctionRef:
    if ref.qualifier not in (None, LATEST):
        # Words of ours: none recorded.
        raise invalid("Only $LATEST can be updated: a published version never changes.")
    return ref


def _check_revision(function: Function, params: Mapping[str, Any]) -> None:
    asked = params.get("RevisionId")
    if asked is not None and asked != function.latest.revision_id:
        raise wrong_revision()
