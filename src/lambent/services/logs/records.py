"""Groups and streams as the database holds them."""

from dataclasses import dataclass

from lambent.core.arn import arn_in
from lambent.core.identity import Scope
from lambent.core.store.api import Row, Transaction
from lambent.services.logs import statements
from lambent.services.logs.errors import no_such_group, no_such_stream

DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A log group."""

    id: int
    scope: Scope
    name: str
    created_ms: int
    class_: str
    retention_days: int | None
    kms_key_id: str | None
    deletion_protected: bool
    stored_bytes: int

    @property
    def arn(self) -> str:
        """Its ARN without the `:*` that some members of AWS's answers carry."""
        return arn_in(self.scope, "logs", f"log-group:{self.name}")

    def retained_from_ms(self, now_ms: int) -> int:
        """The timestamp before which events have expired."""
        if self.retention_days is None:
            return 0
        return now_ms - self.retention_days * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A log stream."""

    id: int
    name: str
    created_ms: int
    first_event_ms: int | None
    last_event_ms: int | None
    last_ingestion_ms: int | None


def scope_params(scope: Scope) -> dict[str, str]:
    """The columns that a scope is kept in."""
    return {"partition": scope.partition, "account": scope.account, "region": scope.region}


def group_from(row: Row, scope: Scope) -> Group:
    return Group(
        id=row["id"],
        scope=scope,
        name=row["name"],
        created_ms=row["created_ms"],
        class_=row["class"],
        retention_days=row["retention_days"],
        kms_key_id=row["kms_key_id"],
        deletion_protected=bool(row["deletion_protected"]),
        stored_bytes=row["stored_bytes"],
    )


def stream_from(row: Row) -> Stream:
    return Stream(
        id=row["id"],
        name=row["name"],
        created_ms=row["created_ms"],
        first_event_ms=row["first_event_ms"],
        last_event_ms=row["last_event_ms"],
        last_ingestion_ms=row["last_ingestion_ms"],
    )


def find_group(tx: Transaction, scope: Scope, name: str) -> Group:
    """The group of this name. Raises ResourceNotFoundException."""
    row = tx.one(statements.FIND_GROUP, {**scope_params(scope), "name": name})
    if row is None:
        raise no_such_group()
    return group_from(row, scope)


def find_stream(tx: Transaction, group: Group, name: str) -> Stream:
    """The stream of this name in a group. Raises ResourceNotFoundException."""
    row = tx.one(statements.FIND_STREAM, {"group_id": group.id, "name": name})
    if row is None:
        raise no_such_stream()
    return stream_from(row)
