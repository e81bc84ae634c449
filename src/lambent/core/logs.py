"""Lambent's own log: one fact per line, with stable keys given as `extra=`."""

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_COLOURS = {"WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[31m"}


def configure_logging(level: str, form: str, stream: TextIO) -> None:
    """Send the log of everything under `lambent` to `stream`, as text or as JSON lines."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_JsonLines() if form == "json" else _Text(stream.isatty()))
    root = logging.getLogger("lambent")
    root.handlers = [handler]
    root.setLevel(level.upper())
    root.propagate = False
    # The HTTP server warns of every request that is not HTTP; only its errors are ours to know.
    server = logging.getLogger("uvicorn.error")
    server.handlers = [handler]
    server.setLevel(logging.ERROR)
    server.propagate = False


def _facts(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in record.__dict__.items() if key not in _STANDARD}


class _Text(logging.Formatter):
    def __init__(self, colours: bool) -> None:
        super().__init__()
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        facts = "".join(f" {key}={value}" for key, value in _facts(record).items())
        line = f"{at} {record.levelname.lower():<7} {record.getMessage()}{facts}"
        if self._colours and (colour := _COLOURS.get(record.levelname)):
            line = f"{colour}{line}\x1b[0m"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
