"""Lambda as the gateway mounts it: every operation, from where it comes; and what is not built."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambent.invoke.functions import FunctionDirectory
from lambent.services.contract import Operation, RawRoute, Service
from lambent.services.lambda_.aliases import Aliases
from lambent.services.lambda_.answers import RuntimeVersion
from lambent.services.lambda_.code import CheckCodeSigning, CodeLinks, refuse_every_config
from lambent.services.lambda_.create_function import CreateFunction
from lambent.services.lambda_.directory import Directory
from lambent.services.lambda_.functions import Functions
from lambent.services.lambda_.lifecycle import Lifecycle, Prepare
from lambent.services.lambda_.state import LambdaState, Spawn
from lambent.services.lambda_.tags import FunctionTags, TagHolder, Tags
from lambent.services.lambda_.update_function import UpdateFunction
from lambent.services.lambda_.validation import Rules
from lambent.services.lambda_.versions import Versions

_MAPPINGS = "event source mappings come later"
_ASYNC = "asynchronous invocation comes later"
_URLS = "function URLs come later"
_DURABLE = "durable executions come later"
_MANAGED = "managed instances come later"

NOT_BUILT = {
    "InvokeAsync": "AWS has deprecated it; asynchronous invocation comes later, with Invoke",
    "CreateEventSourceMapping": _MAPPINGS,
    "GetEventSourceMapping": _MAPPINGS,
    "UpdateEventSourceMapping": _MAPPINGS,
    "DeleteEventSourceMapping": _MAPPINGS,
    "ListEventSourceMappings": _MAPPINGS,
    "PutFunctionEventInvokeConfig": _ASYNC,
    "GetFunctionEventInvokeConfig": _ASYNC,
    "UpdateFunctionEventInvokeConfig": _ASYNC,
    "DeleteFunctionEventInvokeConfig": _ASYNC,
    "ListFunctionEventInvokeConfigs": _ASYNC,
    "CreateFunctionUrlConfig": _URLS,
    "GetFunctionUrlConfig": _URLS,
    "UpdateFunctionUrlConfig": _URLS,
    "DeleteFunctionUrlConfig": _URLS,
    "ListFunctionUrlConfigs": _URLS,
    "CheckpointDurableExecution": _DURABLE,
    "DeleteDurableExecution": _DURABLE,
    "GetDurableExecution": _DURABLE,
    "GetDurableExecutionHistory": _DURABLE,
    "GetDurableExecutionState": _DURABLE,
    "ListDurableExecutionsByFunction": _DURABLE,
    "PauseDurableExecution": _DURABLE,
    "ResumeDurableExecution": _DURABLE,
    "SendDurableExecutionCallbackFailure": _DURABLE,
    "SendDurableExecutionCallbackHeartbeat": _DURABLE,
    "SendDurableExecutionCallbackSuccess": _DURABLE,
    "StopDurableExecution": _DURABLE,
    "CreateCapacityProvider": _MANAGED,
    "DeleteCapacityProvider": _MANAGED,
    "GetCapacityProvider": _MANAGED,
    "ListCapacityProviders": _MANAGED,
    "ListFunctionVersionsByCapacityProvider": _MANAGED,
    "UpdateCapacityProvider": _MANAGED,
    "PutFunctionScalingConfig": _MANAGED,
    "GetFunctionScalingConfig": _MANAGED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the service is made from, beside the state.

    `tag_holders` are by the ARN's word, such as `code-signing-config`; functions are known.
    """

    rules: Rules
    prepare: Prepare
    spawn: Spawn
    runtime_version: RuntimeVersion = str
    check_code_signing: CheckCodeSigning = refuse_every_config
    tag_holders: Mapping[str, TagHolder] = field(default_factory=dict)


class LambdaService:
    """The Lambda API over a state: `open` once, then `service` for the gateway.

    `directory` is what dispatch finds functions with, `lifecycle.active` what it waits for, and
    `links.allows` what guards the route that serves a function's zip.
    """

    def __init__(self, state: LambdaState, parts: Parts) -> None:
        self.state = state
        self.directory: FunctionDirectory = Directory(state)
        self.lifecycle = Lifecycle(state, parts.prepare, parts.spawn)
        self.links = CodeLinks(state.clock, state.ids.token_bytes(32))
        self._parts = parts

    async def open(self) -> None:
        """Read all functions, and take up what an earlier process left unfinished."""
        await self.state.open()
        self.lifecycle.resume()

    def service(
        self,
        *others: Mapping[str, Operation],
        raw_routes: tuple[RawRoute, ...] = (),
    ) -> Service:
        """The whole service; `others` are the operations of the modules made elsewhere."""
        return Service(
            name="lambda",
            operations={**self._operations(), **{k: v for more in others for k, v in more.items()}},
            raw_routes=raw_routes,
            not_built=NOT_BUILT,
        )

    def _operations(self) -> dict[str, Operation]:
        state, parts = self.state, self._parts
        create = CreateFunction(state, parts.rules, parts.runtime_version, parts.check_code_signing)
        holders = {"function": FunctionTags(state), **parts.tag_holders}
        return {
            **create.operations(),
            **Functions(state, self.links, parts.runtime_version).operations(),
            **UpdateFunction(
                state, parts.rules, parts.runtime_version, parts.check_code_signing
            ).operations(),
            **Versions(state, parts.runtime_version).operations(),
            **Aliases(state).operations(),
            **Tags(holders).operations(),
        }
