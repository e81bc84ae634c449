"""What dispatch may know of a function: records, and the Protocols through which it finds them."""

from dataclasses import dataclass
from typing import Literal, Protocol

from lambent.core.identity import Scope
from lambent.fleet.spec import FunctionSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRecord:
    """What all versions of a function share."""

    scope: Scope
    name: str
    arn: str
    reserved_concurrency: int | None = None
    recursive_loop: Literal["Terminate", "Allow"] = "Terminate"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """One version that can be invoked. `state` is Lambda's State; others than Active refuse."""

    function: FunctionRecord
    spec: FunctionSpec
    state: str
    state_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a name and qualifier lead to.

    `invoked_arn` carries the qualifier the caller used. `alternate` is an alias's second version
    and the share of invocations it takes, 0 to 1.
    """

    invoked_arn: str
    version: VersionRecord
    alternate: tuple[VersionRecord, float] | None = None


class FunctionDirectory(Protocol):
    """Finds functions; answers from memory, never waits."""

    def target(self, scope: Scope, function_name: str, qualifier: str | None) -> Target:
        """Raises ResourceNotFoundException (`invoke.errors`) with Lambda's words."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """How far a version's provisioned concurrency has come."""

    requested: int
    allocated: int
    available: int
    status: Literal["IN_PROGRESS", "READY", "FAILED"]
    reason: str | None = None


class Provisioner(Protocol):
    """Keeps environments of a version warm."""

    def provision(self, version: VersionRecord, requested: int) -> None:
        """Keep `requested` environments of `version` initialised from now on; 0 ends it."""
        ...

    def allocation(self, spec_key: str) -> Allocation | None: ...


class Retirer(Protocol):
    """Ends the environments of versions that are gone."""

    def retire(self, spec_key: str) -> None:
        """Let what runs finish, end the rest; nothing new is started for this key."""
        ...
