"""Log levels of functions with LogFormat JSON, and what each filters.

Source: AWS Lambda Developer Guide, "Log-level filtering"; awslambdaric, frame types.
"""

import json
from datetime import datetime
from enum import IntEnum


class LogLevel(IntEnum):
    """Levels in rising order. The numbers are those in the frame types of AWS's runtimes."""

    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5
    FATAL = 6


def level_named(name: str | None) -> LogLevel | None:
    """The level with AWS's name in a LoggingConfig, or None when there is none."""
    return None if name is None else LogLevel[name]


def level_of_frame(frame_type: int) -> LogLevel | None:
    """The level of a framed log record, or None when its frame type names none.

    0xa55a0003 + 4 × level frames text, 0xa55a0002 + 4 × level frames JSON.
    """
    level = (frame_type & 0xFF) >> 2
    return LogLevel(level) if LogLevel.TRACE <= level <= LogLevel.FATAL else None


def level_of_line(line: str) -> LogLevel | None:
    """The level of a line of output; None for one that is no JSON object, as it is never filtered.

    AWS: an object without a known level and an RFC 3339 timestamp counts as INFO.
    """
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    level = _LEVEL_BY_WORD.get(str(record.get("level")).upper())
    if level is None or not _is_timestamp(record.get("timestamp")):
        return LogLevel.INFO
    return level


def _is_timestamp(value: object) -> bool:
    if not isinstance(value, str) or "T" not in value:
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


# The spellings of logging libraries beside AWS's own.
_LEVEL_BY_WORD = {
    **{level.name: level for level in LogLevel},
    "WARNING": LogLevel.WARN,
    "CRITICAL": LogLevel.FATAL,
}
