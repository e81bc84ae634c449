"""PutFunctionConcurrency, GetFunctionConcurrency, DeleteFunctionConcurrency.

Dispatch enforces what is put here: it reads `reserved_concurrency` of the function it admits to.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lambent.core.identity import Scope
from lambent.services.contract import Call, Operation
from lambent.services.lambda_.changes import Changes
from lambent.services.lambda_.names import LATEST, resolve_name
from lambent.services.lambda_.records import Function
from lambent.services.lambda_.settings_errors import (
    below_provisioned,
    functions_only,
    unreserved_too_low,
)
from lambent.services.lambda_.state import LambdaState

ProvisionedTotal = Callable[[Function], int]
"""What all of a function's provisioned concurrency comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """An account's concurrency, and how much of it cannot be reserved."""

    account: int = 1_000
    unreserved_minimum: int = 100


class Reservations:
    """What functions have taken out of their account's concurrency.

    Invariant: `changes` runs whatever takes or gives back concurrency one after another, so that
    two functions together cannot take more than there is.
    """

    def __init__(self, state: LambdaState, limits: Limits, changes: Changes) -> None:
        self.limits = limits
        self.changes = changes
        self._state = state
        self._provisioned: ProvisionedTotal = lambda _function: 0
        # Invariant: by account and region, the sum of the reservations in the state's view.
        self._totals: Counter[Scope] = Counter()
        state.when_changed(self._recount)

    def open(self) -> None:
        """Count what was reserved before this start; once the state is open."""
        self._totals.clear()
        for function in self._state.all_functions():
            self._totals[function.scope] += function.reserved_concurrency or 0

    def reserved_total(self, scope: Scope) -> int:
        """What functions of an account and region have reserved; asked on every invocation."""
        return self._totals[scope]

    def _recount(self, before: Function | None, after: Function | None) -> None:
        if before is not None:
            self._totals[before.scope] -= before.reserved_concurrency or 0
        if after is not None:
            self._totals[after.scope] += after.reserved_concurrency or 0

    def count_provisioned(self, total: ProvisionedTotal) -> None:
        """Count what is provisioned, as `total` says, too."""
        self._provisioned = total

    def provisioned(self, function: Function) -> int:
        return self._provisioned(function)

    def reserved_in(self, scope: Scope) -> int:
        """The sum of what functions of an account and region have reserved."""
        return sum(one.reserved_concurrency or 0 for one in self._state.functions_in(scope))

    def unreserved(self, scope: Scope, *, without: str | None = None) -> int:
        """What is left for functions that have nothing of their own; `without` counts as such."""
        taken = sum(
            self._provisioned(one) if one.reserved_concurrency is None else one.reserved_concurrency
            for one in self._state.functions_in(scope)
            if one.name != without
        )
        return self.limits.account - taken


class FunctionConcurrency:
    """The operations on reserved concurrency."""

    def __init__(self, state: LambdaState, reservations: Reservations) -> None:
        self._state = state
        self._reservations = reservations

    def operations(self) -> dict[str, Operation]:
        return {
            "PutFunctionConcurrency": Operation(handler=self.put),
            "GetFunctionConcurrency": Operation(handler=self.get),
            "DeleteFunctionConcurrency": Operation(handler=self.delete),
        }

    async def put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Reserve concurrency for a function, and limit it to that; 0 stops it."""
        name = _unqualified(call, params, "PutFunctionConcurrency")
        reserved = params["ReservedConcurrentExecutions"]

        def decide(function: Function) -> Function:
            self._check(function, reserved)
            return replace(function, reserved_concurrency=reserved)

        await self._reservations.changes.run(
            lambda: self._state.change_existing(call.scope, name, decide, qualifier=LATEST)
        )
        return {"ReservedConcurrentExecutions": reserved}

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """What is reserved; nothing in the answer if nothing is."""
        name = _unqualified(call, params, "GetFunctionConcurrency")
        reserved = self._state.function(call.scope, name).reserved_concurrency
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    async def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Give back what is reserved; nothing reserved is no error."""
        name = _unqualified(call, params, "DeleteFunctionConcurrency")
        await self._reservations.changes.run(
            lambda: self._state.change_existing(
                call.scope, name, lambda function: replace(function, reserved_concurrency=None)
            )
        )
        return {}

    def _check(self, function: Function, reserved: int) -> None:
        minimum = self._reservations.limits.unreserved_minimum
        left = self._reservations.unreserved(function.scope, without=function.name)
        if left - reserved < minimum:
            raise unreserved_too_low(minimum, asked="ReservedConcurrentExecutions")
        provisioned = self._reservations.provisioned(function)
        if reserved < provisioned:
            raise below_provisioned(reserved, provisioned)


def _unqualified(call: Call, params: dict[str, Any], action: str) -> str:
    ref = resolve_name(call, params["FunctionName"], action=action)
    if ref.qualifier is not None:
        raise functions_only()
    return ref.name
