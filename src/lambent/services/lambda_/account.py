"""GetAccountSettings: an account's limits in a region, and what is used of them."""

from typing import Any

from lambent.services.contract import Call, Operation
from lambent.services.lambda_.concurrency import Reservations
from lambent.services.lambda_.errors import UNZIPPED_LIMIT_BYTES, ZIPPED_LIMIT_BYTES
from lambent.services.lambda_.layer_shelf import LayerShelf
from lambent.services.lambda_.state import LambdaState

# AWS: 75 GiB, as accounts have long had it; told, not enforced: a disk has its own limit.
CODE_STORAGE_BYTES = 80_530_636_800


class Account:
    """The operation on the account itself."""

    def __init__(self, state: LambdaState, shelf: LayerShelf, reservations: Reservations) -> None:
        self._state = state
        self._shelf = shelf
        self._reservations = reservations

    def operations(self) -> dict[str, Operation]:
        return {"GetAccountSettings": Operation(handler=self.get)}

    async def get(self, call: Call, _params: dict[str, Any]) -> dict[str, Any]:
        """Limits and usage; code of all versions and layers counts."""
        functions = self._state.functions_in(call.scope)
        code_size = sum(
            version.content.code.size
            for function in functions
            for version in function.versions.values()
        )
        return {
            "AccountLimit": {
                "TotalCodeSize": CODE_STORAGE_BYTES,
                "CodeSizeUnzipped": UNZIPPED_LIMIT_BYTES,
                "CodeSizeZipped": ZIPPED_LIMIT_BYTES,
                "ConcurrentExecutions": self._reservations.limits.account,
                "UnreservedConcurrentExecutions": self._reservations.unreserved(call.scope),
            },
            "AccountUsage": {
                "TotalCodeSize": code_size + self._shelf.code_size_in(call.scope),
                "FunctionCount": len(functions),
            },
        }
