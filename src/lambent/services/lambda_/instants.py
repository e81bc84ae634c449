"""Instants as Lambda's answers write them, from milliseconds since 1970."""

from datetime import UTC, datetime


def with_millis(instant_ms: int) -> str:
    """AWS: `2025-11-25T02:26:50.123+0000`."""
    second = datetime.fromtimestamp(instant_ms // 1000, UTC)
    return f"{second:%Y-%m-%dT%H:%M:%S}.{instant_ms % 1000:03d}+0000"


def with_seconds(instant_ms: int) -> str:
    """AWS: `2025-11-25T02:26:50+0000`, as provisioned concurrency has it."""
    return f"{datetime.fromtimestamp(instant_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}+0000"
