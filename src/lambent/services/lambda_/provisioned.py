"""Put, Get, Delete and ListProvisionedConcurrencyConfig(s)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambent.core.store.api import Transaction
from lambent.invoke.functions import FunctionDirectory, Provisioner, VersionRecord
from lambent.services.contract import Call, Operation
from lambent.services.lambda_ import settings_statements as statements
from lambent.services.lambda_.concurrency import Reservations
from lambent.services.lambda_.errors import alias_missing, function_not_found
from lambent.services.lambda_.instants import with_seconds
from lambent.services.lambda_.names import (
    LATEST,
    FunctionRef,
    function_arn,
    is_version,
    resolve_name,
)
from lambent.services.lambda_.pages import page
from lambent.services.lambda_.records import Alias, Function, State
from lambent.services.lambda_.settings_errors import (
    above_reserved,
    above_unreserved,
    alias_provisioned,
    not_alias_or_version,
    provisioned_missing,
    provisioned_on_latest,
    unreserved_too_low,
    version_provisioned,
)
from lambent.services.lambda_.state import LambdaState


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """What is asked for one version or alias."""

    requested: int
    modified_ms: int


class Provisions:
    """All provisioned concurrency configurations, and what they ask of the fleet.

    To be made after the directory, which must hear of a function's changes first.
    """

    def __init__(
        self,
        state: LambdaState,
        reservations: Reservations,
        directory: FunctionDirectory,
        provisioner: Provisioner,
    ) -> None:
        self._state = state
        self._reservations = reservations
        self._directory = directory
        self._provisioner = provisioner
        self._by_function: dict[str, dict[str, Provision]] = {}
        self._applied: dict[str, dict[str, tuple[VersionRecord, int]]] = {}
        reservations.count_provisioned(self.total)
        state.when_removed(_delete)
        state.when_changed(self._changed)

    async def open(self) -> None:
        """Read every configuration; the tables are up to date (`settings_statements.SCHEMA`)."""
        for row in await self._state.store.read(lambda tx: tx.all(statements.LIST_PROVISIONED)):
            provision = Provision(requested=row["requested"], modified_ms=row["modified_ms"])
            self._by_function.setdefault(row["function_id"], {})[row["qualifier"]] = provision

    async def restore(self) -> None:
        """Ask the fleet again for all that was provisioned when the last process ended."""
        for function in self._state.all_functions():
            self._apply(function)

    def of(self, function: Function) -> Mapping[str, Provision]:
        """A function's configurations by version or alias."""
        return self._by_function.get(function.id, {})

    def total(self, function: Function) -> int:
        return sum(provision.requested for provision in self.of(function).values())

    async def put(self, ref: FunctionRef, function: Function, requested: int) -> None:
        """Keep `requested` environments of a version or alias initialised."""
        qualifier = ref.qualifier or LATEST
        provision = Provision(requested=requested, modified_ms=self._state.now_ms())

        def decide(function: Function) -> Function:
            _find(function, qualifier)
            self._check_conflicts(function, qualifier)
            self._check_amount(function, qualifier, requested)
            return function

        def also(tx: Transaction, after: Function | None) -> None:
            assert after is not None  # decide never returns None
            row = {"requested": requested, "modified_ms": provision.modified_ms}
            tx.execute(statements.SAVE_PROVISIONED, {**_key(after, qualifier), **row})

        async def change() -> None:
            after = await self._state.change_existing(
                function.scope, function.name, decide, qualifier=qualifier, also=also
            )
            self._by_function.setdefault(after.id, {})[qualifier] = provision
            self._changed(None, self._state.find(function.scope, function.name))

        await self._reservations.changes.run(change)

    async def delete(self, ref: FunctionRef, function: Function) -> None:
        """End what is provisioned for a version or alias; nothing there is no error."""
        qualifier = ref.qualifier or LATEST

        def also(tx: Transaction, after: Function | None) -> None:
            assert after is not None  # the decision changes nothing
            tx.execute(statements.DELETE_PROVISIONED, _key(after, qualifier))

        async def change() -> None:
            after = await self._state.change_existing(
                function.scope, function.name, lambda same: same, qualifier=qualifier, also=also
            )
            self._by_function.get(after.id, {}).pop(qualifier, None)
            self._changed(None, self._state.find(function.scope, function.name))

        await self._reservations.changes.run(change)

    def answer(self, function: Function, qualifier: str) -> dict[str, Any]:
        """A configuration and how far the fleet has come with it.

        Raises ProvisionedConcurrencyConfigNotFoundException.
        """
        if (provision := self.of(function).get(qualifier)) is None:
            raise provisioned_missing()
        parts = [
            self._provisioner.allocation(record.spec.key)
            for record, _ in self._wanted(function, qualifier, provision)
        ]
        known = [part for part in parts if part is not None]
        statuses = {part.status for part in known}
        if "FAILED" in statuses:
            status = "FAILED"
        elif not known or len(known) < len(parts) or "IN_PROGRESS" in statuses:
            status = "IN_PROGRESS"
        else:
            status = "READY"
        answer: dict[str, Any] = {
            "RequestedProvisionedConcurrentExecutions": provision.requested,
            "AllocatedProvisionedConcurrentExecutions": sum(part.allocated for part in known),
            "AvailableProvisionedConcurrentExecutions": sum(part.available for part in known),
            "Status": status,
            "LastModified": with_seconds(provision.modified_ms),
        }
        if reasons := [part.reason for part in known if part.reason]:
            answer["StatusReason"] = reasons[0]
        return answer

    def _check_conflicts(self, function: Function, qualifier: str) -> None:
        provisions = self.of(function)
        if (alias := function.aliases.get(qualifier)) is not None:
            if alias.version == LATEST:
                raise provisioned_on_latest()
            if alias.version in provisions:
                raise version_provisioned()
        elif any(
            one.refers_to(qualifier) for name, one in function.aliases.items() if name in provisions
        ):
            raise alias_provisioned()

    def _check_amount(self, function: Function, qualifier: str, requested: int) -> None:
        current = self.of(function).get(qualifier)
        total = self.total(function) - (current.requested if current else 0) + requested
        if function.reserved_concurrency is not None:
            if total > function.reserved_concurrency:
                raise above_reserved()
            return
        left = self._reservations.unreserved(function.scope, without=function.name)
        if total > left:
            raise above_unreserved(left)
        minimum = self._reservations.limits.unreserved_minimum
        if left - total < minimum:
            raise unreserved_too_low(minimum, asked="ConcurrentExecutions")

    def _changed(self, before: Function | None, after: Function | None) -> None:
        if before is not None and (after is None or after.id != before.id):
            self._by_function.pop(before.id, None)
            self._end(before.id, {})
        if after is not None:
            self._apply(after)

    def _apply(self, function: Function) -> None:
        """Ask the fleet for what a function's configurations come to now."""
        provisions = self._by_function.get(function.id)
        if provisions is None:
            return
        for qualifier in list(provisions):
            if qualifier not in function.versions and qualifier not in function.aliases:
                del provisions[qualifier]
        wanted: dict[str, tuple[VersionRecord, int]] = {}
        for qualifier, provision in provisions.items():
            for record, number in self._wanted(function, qualifier, provision):
                before = wanted.get(record.spec.key, (record, 0))[1]
                wanted[record.spec.key] = (record, before + number)
        self._end(function.id, wanted)
        if not provisions:
            del self._by_function[function.id]

    def _wanted(
        self, function: Function, qualifier: str, provision: Provision
    ) -> list[tuple[VersionRecord, int]]:
        """The versions that a configuration keeps warm. AWS: an alias shares by its weights."""
        target = self._directory.target(function.scope, function.name, qualifier)
        shares = [(target.version, provision.requested)]
        if target.alternate is not None:
            record, weight = target.alternate
            other = round(provision.requested * weight)
            shares = [(target.version, provision.requested - other), (record, other)]
        return [
            (record, number)
            for record, number in shares
            if number and record.state == State.ACTIVE and record.spec.version != LATEST
        ]

    def _end(self, function_id: str, wanted: dict[str, tuple[VersionRecord, int]]) -> None:
        """Ask the fleet for `wanted`, and for an end of what is applied beside it."""
        applied = self._applied.pop(function_id, {})
        for key, (record, _) in applied.items():
            if key not in wanted:
                self._provisioner.provision(record, 0)
        for key, entry in wanted.items():
            if applied.get(key) != entry:
                self._provisioner.provision(*entry)
        if wanted:
            self._applied[function_id] = wanted


class ProvisionedConcurrency:
    """The operations on provisioned concurrency."""

    def __init__(self, state: LambdaState, provisions: Provisions) -> None:
        self._state = state
        self._provisions = provisions

    def operations(self) -> dict[str, Operation]:
        return {
            "PutProvisionedConcurrencyConfig": Operation(handler=self.put),
            "GetProvisionedConcurrencyConfig": Operation(handler=self.get),
            "DeleteProvisionedConcurrencyConfig": Operation(handler=self.delete),
            "ListProvisionedConcurrencyConfigs": Operation(handler=self.list_),
        }

    async def put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Keep environments warm; the answer is how it begins, with nothing allocated."""
        ref = _ref(call, params, "PutProvisionedConcurrencyConfig")
        if ref.qualifier == LATEST:
            raise provisioned_on_latest()
        function = self._state.function(call.scope, ref.name, ref.qualifier)
        requested = params["ProvisionedConcurrentExecutions"]
        await self._provisions.put(ref, function, requested)
        # AWS: recorded so, however quickly it gets ready.
        return {
            "RequestedProvisionedConcurrentExecutions": requested,
            "AllocatedProvisionedConcurrentExecutions": 0,
            "AvailableProvisionedConcurrentExecutions": 0,
            "Status": "IN_PROGRESS",
            "LastModified": with_seconds(self._state.now_ms()),
        }

    async def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        ref, function = self._existing(call, params, "GetProvisionedConcurrencyConfig")
        return self._provisions.answer(function, ref.qualifier or LATEST)

    async def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        ref, function = self._existing(call, params, "DeleteProvisionedConcurrencyConfig")
        await self._provisions.delete(ref, function)
        return {}

    async def list_(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """A function's configurations, by version or alias."""
        ref = resolve_name(call, params["FunctionName"], action="ListProvisionedConcurrencyConfigs")
        function = self._state.function(call.scope, ref.name)
        shown, more = page(self._provisions.of(function), lambda qualifier: (qualifier,), params)
        configs = [
            {
                "FunctionArn": function_arn(call.scope, ref.name, qualifier),
                **self._provisions.answer(function, qualifier),
            }
            for qualifier in shown
        ]
        return {"ProvisionedConcurrencyConfigs": configs, **more}

    def _existing(
        self, call: Call, params: dict[str, Any], action: str
    ) -> tuple[FunctionRef, Function]:
        ref = _ref(call, params, action)
        if ref.qualifier == LATEST:
            raise not_alias_or_version()
        function = self._state.function(call.scope, ref.name, ref.qualifier)
        _find(function, ref.qualifier or LATEST)
        return ref, function


def _ref(call: Call, params: dict[str, Any], action: str) -> FunctionRef:
    ref = resolve_name(call, params["FunctionName"], params["Qualifier"], action=action)
    if ref.qualifier is not None and ref.qualifier.isascii() and ref.qualifier.isdigit():
        return replace(ref, qualifier=str(int(ref.qualifier)))
    return ref


def _find(function: Function, qualifier: str) -> Alias | None:
    """The alias that a qualifier is, or None for a version. Raises ResourceNotFoundException."""
    arn = function_arn(function.scope, function.name, qualifier)
    if not is_version(qualifier):
        if (alias := function.aliases.get(qualifier)) is None:
            raise alias_missing(arn)
        return alias
    if qualifier not in function.versions:
        raise function_not_found(arn)
    return None


def _delete(tx: Transaction, function: Function, qualifier: str | None) -> None:
    if qualifier is None:
        tx.execute(statements.DELETE_ALL_PROVISIONED, {"function_id": function.id})
    else:
        tx.execute(statements.DELETE_PROVISIONED, _key(function, qualifier))


def _key(function: Function, qualifier: str) -> dict[str, str]:
    return {"function_id": function.id, "qualifier": qualifier}
