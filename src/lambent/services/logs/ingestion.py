"""Events into the database."""

from collections.abc import Sequence

from lambent.core.identity import Scope
from lambent.core.store.api import Transaction
from lambent.observe.log_writer import LogEvent
from lambent.services.logs import statements
from lambent.services.logs.records import (
    Group,
    Stream,
    find_group,
    find_stream,
    scope_params,
)
from lambent.services.logs.validation import size_of_event


def create_group(
    tx: Transaction,
    scope: Scope,
    name: str,
    now_ms: int,
    *,
    class_: str = "STANDARD",
    kms_key_id: str | None = None,
    protected: bool = False,
) -> bool:
    """Make a group; False when there is one of that name."""
    return bool(
        tx.execute(
            statements.INSERT_GROUP,
            {
                **scope_params(scope),
                "name": name,
                "created_ms": now_ms,
                "class": class_,
                "kms_key_id": kms_key_id,
                "deletion_protected": int(protected),
            },
        )
    )


def create_stream(tx: Transaction, group: Group, name: str, now_ms: int) -> bool:
    """Make a stream; False when there is one of that name."""
    return bool(
        tx.execute(
            statements.INSERT_STREAM, {"group_id": group.id, "name": name, "created_ms": now_ms}
        )
    )


def store_events(
    tx: Transaction, group: Group, stream: Stream, events: Sequence[LogEvent], now_ms: int
) -> None:
    """Add events to a stream, in their order."""
    sizes = [size_of_event(message) for _, message in events]
    rows = [
        {
            "group_id": group.id,
            "stream_id": stream.id,
            "timestamp_ms": at_ms,
            "ingestion_ms": now_ms,
            "size_bytes": size,
            "message": message,
        }
        for (at_ms, message), size in zip(events, sizes, strict=True)
    ]
    tx.execute_many(statements.INSERT_EVENT, rows)
    timestamps = [at_ms for at_ms, _ in events]
    tx.execute(
        statements.TOUCH_STREAM,
        {
            "stream_id": stream.id,
            "first_ms": min(timestamps),
            "last_ms": max(timestamps),
            "ingestion_ms": now_ms,
        },
    )
    tx.execute(statements.ADD_STORED_BYTES, {"group_id": group.id, "bytes": sum(sizes)})


def store_on_first_use(
    tx: Transaction,
    scope: Scope,
    group_name: str,
    stream_name: str,
    events: Sequence[LogEvent],
    now_ms: int,
) -> None:
    """Add events to a stream that comes into being, with its group, if it is not there."""
    create_group(tx, scope, group_name, now_ms)
    group = find_group(tx, scope, group_name)
    create_stream(tx, group, stream_name, now_ms)
    store_events(tx, group, find_stream(tx, group, stream_name), events, now_ms)
