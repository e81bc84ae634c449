"""CreateFunction."""

from collections.abc import Mapping
from typing import Any

from lambent.core.identity import Scope
from lambent.services.contract import Call, Operation
from lambent.services.lambda_.answers import RuntimeVersion, configuration_answer
from lambent.services.lambda_.code import CheckCodeSigning, check_request_size, inspect_zip
from lambent.services.lambda_.errors import (
    function_exists,
    invalid,
    no_code,
)
from lambent.services.lambda_.lifecycle import created
from lambent.services.lambda_.names import LATEST, resolve_name
from lambent.services.lambda_.publishing import with_published
from lambent.services.lambda_.records import Code, Configuration, Content, Function
from lambent.services.lambda_.state import LambdaState
from lambent.services.lambda_.validation import (
    Rules,
    check_new_name,
    check_tag_count,
    check_total_size,
    new_configuration,
)

STORED = {
    "VpcConfig": "functions run on this host's network; subnets are neither looked up nor used",
    "KMSKeyArn": "environment variables are not encrypted",
    "TracingConfig": "traces come later",
    "DeadLetterConfig": "asynchronous invocation comes later",
    "SnapStart": "published versions start as others do; OptimizationStatus stays Off",
}
REJECTED = {
    "FileSystemConfigs": "file systems come later",
    "ImageConfig": "functions from container images come later",
    "DurableConfig": "durable executions come later",
    "CapacityProviderConfig": "managed instances come later",
    "RuntimeConfig": "runtimes of one's own come later",
    "AcceleratorConfig": "managed instances come later",
}
REJECTED_CODE = {
    "S3Bucket": "code in S3 comes with S3; send a ZipFile",
    "S3Key": "code in S3 comes with S3; send a ZipFile",
    "S3ObjectVersion": "code in S3 comes with S3; send a ZipFile",
    "S3ObjectStorageMode": "code in S3 comes with S3; send a ZipFile",
    "SourceKMSKeyArn": "code is not encrypted",
}


class CreateFunction:
    """Makes functions."""

    def __init__(
        self,
        state: LambdaState,
        rules: Rules,
        runtime_version: RuntimeVersion,
        check_code_signing: CheckCodeSigning,
    ) -> None:
        self._state = state
        self._rules = rules
        self._runtime_version = runtime_version
        self._check_code_signing = check_code_signing

    def operations(self) -> dict[str, Operation]:
        code = {f"Code.{member}": why for member, why in REJECTED_CODE.items()}
        return {
            "CreateFunction": Operation(
                handler=self.create,
                stored={**STORED, "Architectures": "code runs as it is on this host's processor"},
                rejected={
                    **REJECTED,
                    **code,
                    "Code.ImageUri": "functions from container images come later",
                    "TenancyConfig": "tenant isolation comes later",
                    "PublishTo": "managed instances come later",
                },
            )
        }

    async def create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Make a function; its answer is Pending, and it becomes Active right after."""
        check_request_size("CreateFunction", call.headers)
        ref = resolve_name(call, params["FunctionName"], action="CreateFunction")
        check_new_name(ref.name)
        if ref.qualifier not in (None, LATEST):
            raise invalid("A function is created without a version or an alias in its name.")
        configuration = new_configuration(call.scope, ref.name, params, self._rules)
        check_tag_count(params.get("Tags") or {})
        self._check_code_signing(call.scope, params.get("CodeSigningConfigArn"), ref.name)
        if (data := params["Code"].get("ZipFile")) is None:
            raise no_code()
        if self._state.find(call.scope, ref.name) is not None:
            raise function_exists(ref.name)
        code = await self._state.off_loop(lambda: inspect_zip(data))
        check_total_size(code, configuration.layers)
        publish = bool(params.get("Publish"))

        def decide(before: Function | None) -> Function:
            if before is not None:
                raise function_exists(ref.name)
            function = self._new(call.scope, ref.name, params, configuration, code)
            return with_published(function, self._state) if publish else function

        with self._state.pinned(code.digest):
            await self._state.put_blob(data)
            function = await self._state.change(call.scope, ref.name, decide)
        assert function is not None  # decide never returns None
        version = function.versions["1" if publish else LATEST]
        qualifier = "1" if publish else None
        return configuration_answer(function, version, self._runtime_version, qualifier=qualifier)

    def _new(
        self,
        scope: Scope,
        name: str,
        params: Mapping[str, Any],
        configuration: Configuration,
        code: Code,
    ) -> Function:
        ids = self._state.ids
        content = Content(key=ids.uuid(), code=code, configuration=configuration)
        return Function(
            id=ids.uuid(),
            scope=scope,
            name=name,
            versions={LATEST: created(LATEST, content, ids.uuid(), self._state.now_ms())},
            tags=dict(params.get("Tags") or {}),
            code_signing_config_arn=params.get("CodeSigningConfigArn") or None,
        )
