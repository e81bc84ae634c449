"""The right to run: account, reserved and provisioned concurrency.

`decide_admission` is the rule; `Concurrency` counts. Sources: Lambda Developer Guide,
"Understanding Lambda function scaling"; reasons: `ThrottleReason` in the lambda model.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from lambent.core.identity import Scope
from lambent.invoke.errors import TooManyRequestsException
from lambent.invoke.functions import FunctionRecord, VersionRecord


class ThrottleReason(StrEnum):
    """Why an invocation was refused, in the model's words."""

    ACCOUNT = "ConcurrentInvocationLimitExceeded"
    RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What is in use when an invocation asks to run.

    `provisioned_free` counts the version's provisioned environments that nobody uses.
    `function_running` and `function_provisioned` are the function's in all, `function_running`
    without what runs on provisioned concurrency; the `account_…` figures are those of functions
    without a reservation.
    """

    reserved: int | None
    provisioned_free: int
    function_running: int
    function_provisioned: int
    account_running: int
    account_limit: int


class Admission(StrEnum):
    """What an invocation runs on."""

    PROVISIONED = "provisioned"
    RESERVED = "reserved"
    UNRESERVED = "unreserved"


def decide_admission(usage: Usage) -> Admission | ThrottleReason:
    """Provisioned concurrency first; beyond it the function's reservation, or the account's rest.

    A function's reservation is its ceiling too, and includes its provisioned concurrency: with
    both equal, only the provisioned version runs.
    """
    if usage.provisioned_free > 0:
        return Admission.PROVISIONED
    if usage.reserved is not None:
        if usage.function_running < usage.reserved - usage.function_provisioned:
            return Admission.RESERVED
        return ThrottleReason.RESERVED
    if usage.account_running < usage.account_limit:
        return Admission.UNRESERVED
    return ThrottleReason.ACCOUNT


@dataclass(slots=True)
class _Function:
    running: int = 0
    has_reservation: bool = False
    # By spec key: provisioned in all, and in use.
    provisioned: dict[str, int] = field(default_factory=dict)
    provisioned_running: dict[str, int] = field(default_factory=dict)

    @property
    def provisioned_total(self) -> int:
        return sum(self.provisioned.values()) if self.provisioned else 0


@dataclass(slots=True)
class _Account:
    unreserved_running: int = 0
    # Provisioned concurrency of functions without a reservation comes out of the account's pool.
    unreserved_provisioned: int = 0
    functions: dict[str, _Function] = field(default_factory=dict)

    def recount(self) -> None:
        self.unreserved_provisioned = sum(
            function.provisioned_total
            for function in self.functions.values()
            if not function.has_reservation
        )


class Ticket:
    """An admission, given back once by `release`."""

    __slots__ = ("_account", "_admission", "_function", "_key", "_released")

    def __init__(
        self, account: _Account, function: _Function, key: str, admission: Admission
    ) -> None:
        self._account = account
        self._function = function
        self._key = key
        self._admission = admission
        self._released = False

    def release(self) -> None:
        """Free the place. Idempotent."""
        if self._released:
            return
        self._released = True
        match self._admission:
            case Admission.PROVISIONED:
                self._function.provisioned_running[self._key] -= 1
            case Admission.RESERVED:
                self._function.running -= 1
            case Admission.UNRESERVED:
                self._function.running -= 1
                self._account.unreserved_running -= 1


class Concurrency:
    """Counts what runs in each account and region. Mutable state with this one owner.

    `reserved_total` gives the sum of all reservations of an account and region; it is asked on
    every unreserved invocation and must not have to count.
    """

    def __init__(self, account_limit: int, reserved_total: Callable[[Scope], int]) -> None:
        self._account_limit = account_limit
        self._reserved_total = reserved_total
        self._accounts: dict[Scope, _Account] = {}

    def provision(self, function: FunctionRecord, spec_key: str, allocated: int) -> None:
        """Note how many provisioned environments of a version are ready."""
        account = self._account(function.scope)
        counted = self._function(account, function)
        if allocated:
            counted.provisioned[spec_key] = allocated
            counted.provisioned_running.setdefault(spec_key, 0)
        else:
            counted.provisioned.pop(spec_key, None)
        account.recount()

    def running(self, scope: Scope, function_name: str) -> int:
        """How many invocations of a function are under way."""
        counted = self._account(scope).functions.get(function_name)
        if counted is None:
            return 0
        return counted.running + sum(counted.provisioned_running.values())

    def admit(self, version: VersionRecord) -> Ticket:
        """The right to run one invocation now. Raises TooManyRequestsException with its Reason."""
        function = version.function
        account = self._account(function.scope)
        counted = self._function(account, function)
        key = version.spec.key
        decision = decide_admission(
            Usage(
                reserved=function.reserved_concurrency,
                provisioned_free=counted.provisioned.get(key, 0)
                - counted.provisioned_running.get(key, 0),
                function_running=counted.running,
                function_provisioned=counted.provisioned_total,
                account_running=account.unreserved_running,
                account_limit=self._account_limit
                - self._reserved_total(function.scope)
                - account.unreserved_provisioned,
            )
        )
        if isinstance(decision, ThrottleReason):
            raise TooManyRequestsException("Rate Exceeded.", Reason=str(decision))
        match decision:
            case Admission.PROVISIONED:
                counted.provisioned_running[key] += 1
            case Admission.RESERVED:
                counted.running += 1
            case Admission.UNRESERVED:
                counted.running += 1
                account.unreserved_running += 1
        return Ticket(account, counted, key, decision)

    def _account(self, scope: Scope) -> _Account:
        account = self._accounts.get(scope)
        if account is None:
            account = self._accounts[scope] = _Account()
        return account

    @staticmethod
    def _function(account: _Account, function: FunctionRecord) -> _Function:
        counted = account.functions.get(function.name)
        if counted is None:
            counted = account.functions[function.name] = _Function()
        reserved = function.reserved_concurrency is not None
        if counted.has_reservation is not reserved:
            counted.has_reservation = reserved
            account.recount()
        return counted
