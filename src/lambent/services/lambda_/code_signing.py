"""The operations on code signing configurations, and on which functions they hold for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambent.core.arn import arn_in
from lambent.services.contract import Call, Operation
from lambent.services.lambda_.code_signing_shelf import SigningConfig, SigningShelf
from lambent.services.lambda_.errors import code_signing_config_missing
from lambent.services.lambda_.instants import with_millis
from lambent.services.lambda_.names import resolve_name
from lambent.services.lambda_.pages import page
from lambent.services.lambda_.records import Function
from lambent.services.lambda_.state import LambdaState
from lambent.services.lambda_.validation import check_tag_count

_PUBLISHERS = {
    "AllowedPublishers": "no upload is ever signed here, so that every publisher is untrusted"
}


class CodeSigning:
    """The operations on code signing."""

    def __init__(self, state: LambdaState, shelf: SigningShelf) -> None:
        self._state = state
        self._shelf = shelf

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateCodeSigningConfig": Operation(handler=self.create, stored=_PUBLISHERS),
            "GetCodeSigningConfig": Operation(handler=self.get),
            "UpdateCodeSigningConfig": Operation(handler=self.update, stored=_PUBLISHERS),
            "DeleteCodeSigningConfig": Operation(handler=self.delete),
            "ListCodeSigningConfigs": Operation(handler=self.list_),
            "ListFunctionsByCodeSigningConfig": Operation(handler=self.list_functions),
            "PutFunctionCodeSigningConfig": Operation(handler=self.put_for_function),
            "GetFunctionCodeSigningConfig": Operation(handler=self.get_for_function),
            "DeleteFunctionCodeSigningConfig": Operation(handler=self.delete_for_function),
        }

    async def create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        check_tag_count(params.get("Tags") or {})
        config_id = f"csc-{self._state.ids.hex(17)}"
        config = SigningConfig(
            arn=arn_in(call.scope, "lambda", f"code-signing-config:{config_id}"),
            publishers=_publishers(params["AllowedPublishers"]),
            untrusted=_untrusted(params) or "Warn",
            description=params.get("Description", ""),
            modified_ms=self._state.now_ms(),
            tags=dict(params.get("Tags") or {}),
        )
        await self._shelf.save(config)
        return {"CodeSigningConfig": _answer(config)}

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        config = self._shelf.get(call.scope, params["CodeSigningConfigArn"])
        return {"CodeSigningConfig": _answer(config)}

    async def update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Change a configuration; what is not named stays. It holds for the next upload."""
        changes: dict[str, Any] = {"modified_ms": self._state.now_ms()}
        if "Description" in params:
            changes["description"] = params["Description"]
        if "AllowedPublishers" in params:
            changes["publishers"] = _publishers(params["AllowedPublishers"])
        if policy := _untrusted(params):
            changes["untrusted"] = policy
        arn = params["CodeSigningConfigArn"]
        return {"CodeSigningConfig": _answer(await self._shelf.change(call.scope, arn, **changes))}

    async def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a configuration that holds for no function."""
        await self._shelf.delete(call.scope, params["CodeSigningConfigArn"])
        return {}

    async def list_(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        shown, more = page(self._shelf.configs_in(call.scope), lambda config: (config.arn,), params)
        return {"CodeSigningConfigs": [_answer(config) for config in shown], **more}

    async def list_functions(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """The ARNs of the functions that a configuration holds for."""
        config = self._shelf.get(call.scope, params["CodeSigningConfigArn"])
        arns = self._shelf.functions_with(call.scope, config.arn)
        shown, more = page(arns, lambda arn: (arn,), params)
        return {"FunctionArns": shown, **more}

    async def put_for_function(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Have a configuration hold for a function's next upload."""
        ref = resolve_name(call, params["FunctionName"], action="PutFunctionCodeSigningConfig")
        arn = params["CodeSigningConfigArn"]

        def decide(function: Function) -> Function:
            if not self._shelf.has(call.scope, arn):
                raise code_signing_config_missing(arn)
            return replace(function, code_signing_config_arn=arn)

        # In turn with the shelf's changes, so that what is being deleted gains no function.
        await self._shelf.in_turn(lambda: self._state.change_existing(call.scope, ref.name, decide))
        return {"CodeSigningConfigArn": arn, "FunctionName": ref.name}

    async def get_for_function(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """The function's configuration; only its name if it has none."""
        ref = resolve_name(call, params["FunctionName"], action="GetFunctionCodeSigningConfig")
        arn = self._state.function(call.scope, ref.name).code_signing_config_arn
        answer = {"FunctionName": ref.name}
        return answer if arn is None else {**answer, "CodeSigningConfigArn": arn}

    async def delete_for_function(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        ref = resolve_name(call, params["FunctionName"], action="DeleteFunctionCodeSigningConfig")
        await self._state.change_existing(
            call.scope,
            ref.name,
            lambda function: replace(function, code_signing_config_arn=None),
        )
        return {}


def _publishers(allowed: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(allowed["SigningProfileVersionArns"])


def _untrusted(params: Mapping[str, Any]) -> Any:
    return (params.get("CodeSigningPolicies") or {}).get("UntrustedArtifactOnDeployment")


def _answer(config: SigningConfig) -> dict[str, Any]:
    answer = {
        "CodeSigningConfigId": config.id,
        "CodeSigningConfigArn": config.arn,
        "AllowedPublishers": {"SigningProfileVersionArns": list(config.publishers)},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": config.untrusted},
        "LastModified": with_millis(config.modified_ms),
    }
    return {**answer, "Description": config.description} if config.description else answer
