"""What requests must keep beyond the model's constraints, in AWS's order."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from lambent.core.arn import parse_arn
from lambent.core.identity import Scope
from lambent.observe.log_writer import LogEvent
from lambent.services.logs.errors import (
    InvalidParameterException,
    name_and_identifier,
    neither_name_nor_identifier,
    no_such_group,
)

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
MAX_TAGS = 50
# API Reference, PutLogEvents: each event counts 26 bytes beside its text.
EVENT_OVERHEAD_BYTES = 26
MAX_BATCH_BYTES = 1_048_576
MAX_EVENT_BYTES = 1_048_576
MAX_BATCH_SPAN_MS = 24 * 3600 * 1000


def group_name_of(scope: Scope, params: Mapping[str, Any]) -> str:
    """The name of the group that a request names by `logGroupName` or `logGroupIdentifier`."""
    name, identifier = params.get("logGroupName"), params.get("logGroupIdentifier")
    if name is not None and identifier is not None:
        raise name_and_identifier()
    if name is not None:
        return str(name)
    if identifier is None:
        raise neither_name_nor_identifier()
    return group_name_in(scope, identifier)


def group_name_in(scope: Scope, identifier: str) -> str:
    """The name of the group that `identifier`, a name or an ARN with or without `:*`, stands for.

    A group of another account or region is not found: there are no linked accounts.
    """
    if not identifier.startswith("arn:"):
        return identifier
    arn = parse_arn(identifier)
    if arn is None or arn.service != "logs" or not arn.resource.startswith("log-group:"):
        raise InvalidParameterException(f"Invalid ARN: {identifier}")
    if arn.scope != scope:
        raise no_such_group()
    return arn.resource.removeprefix("log-group:").removesuffix(":*")


def check_stream_name(name: str) -> None:
    """A name that begins with NUL is empty to the store, whose text ends there."""
    if "\0" in name:
        raise InvalidParameterException(
            f"1 validation error detected: Value '{name}' at 'logStreamName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [^:*]*"
        )


def check_retention(days: int) -> None:
    if days not in RETENTION_DAYS:
        raise InvalidParameterException(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy "
            f"constraint: Member must satisfy enum value set: {list(RETENTION_DAYS)}"
        )


def check_tags(tags: Mapping[str, str]) -> None:
    for key in tags:
        if key.lower().startswith("aws:"):
            raise InvalidParameterException(
                f"Tag key {key} is invalid: the prefix aws: is reserved."
            )


def storable(text: str) -> str:
    """`text` without lone surrogates, which JSON can carry and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def size_of_event(message: str) -> int:
    """What an event counts against sizes of batches and pages."""
    return len(message.encode()) + EVENT_OVERHEAD_BYTES


def check_batch(events: Sequence[LogEvent]) -> None:
    """The rules a PutLogEvents batch must keep as a whole."""
    timestamps = [event.timestamp_ms for event in events]
    if any(later < earlier for earlier, later in pairwise(timestamps)):
        raise InvalidParameterException(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    if timestamps[-1] - timestamps[0] > MAX_BATCH_SPAN_MS:
        raise InvalidParameterException(
            "The batch of log events in a single PutLogEvents request cannot span more than "
            "24 hours."
        )
    sizes = [size_of_event(event.message) for event in events]
    if max(sizes) > MAX_EVENT_BYTES:
        raise InvalidParameterException(
            f"Log event too large: {max(sizes)} bytes exceeds limit of {MAX_EVENT_BYTES}"
        )
    if sum(sizes) > MAX_BATCH_BYTES:
        raise InvalidParameterException(
            f"Upload too large: {sum(sizes)} bytes exceeds limit of {MAX_BATCH_BYTES}"
        )
