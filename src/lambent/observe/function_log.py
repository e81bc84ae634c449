"""What one execution environment writes to its log stream: its program's output and our lines."""

from collections.abc import Sequence
from typing import Literal, Protocol

from lambent.core.clock import Clock
from lambent.core.identity import Scope
from lambent.observe.log_levels import LogLevel, level_named, level_of_frame, level_of_line
from lambent.observe.log_writer import LogEvent, LogWriter
from lambent.observe.output_lines import MAX_MESSAGE_BYTES, OutputLines, split_oversized
from lambent.observe.platform_lines import (
    EnvironmentFacts,
    InvocationReport,
    JsonLines,
    PlatformLines,
    TextLines,
)

__all__ = ["TAIL_BYTES", "FunctionLog", "InvocationReport", "LoggingChoice"]

# AWS: X-Amz-Log-Result holds the last 4 KB of the execution log (API Reference, Invoke).
TAIL_BYTES = 4096

# A framed record says when it was made. One that is further off than this was stamped by another
# clock than ours (a function lives in real time, also where the platform's time is virtual).
_TRUSTED_SKEW_MS = 60_000


class LoggingChoice(Protocol):
    """A function's LoggingConfig, defaults filled in."""

    @property
    def group(self) -> str: ...

    @property
    def format(self) -> Literal["Text", "JSON"]: ...

    @property
    def application_level(self) -> str | None: ...

    @property
    def system_level(self) -> str | None: ...


class FunctionLog:
    """The log of one environment, and the tail of its current invocation.

    Invariant: timestamps never fall, so that a reader sees events in the order they came.
    Nothing here waits; the writer batches.
    """

    def __init__(
        self,
        *,
        writer: LogWriter,
        clock: Clock,
        scope: Scope,
        logging: LoggingChoice,
        stream: str,
        function_name: str,
        function_arn: str,
        version: str,
        memory_mb: int,
        initialization_type: str,
        instance_id: str,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._scope = scope
        self._group = logging.group
        self._stream = stream
        self._lines = _platform_lines(
            logging,
            EnvironmentFacts(
                function_name=function_name,
                function_arn=function_arn,
                version=version,
                memory_mb=memory_mb,
                initialization_type=initialization_type,
                instance_id=instance_id,
            ),
        )
        self._application_level = (
            level_named(logging.application_level) if logging.format == "JSON" else None
        )
        self._output = OutputLines()
        self._last_ms = 0
        self._tail: _Tail | None = None

    # What the program writes: the runtime seam's Output.

    def written(self, data: bytes) -> None:
        """Log each line of `data` as one event, once its newline has come."""
        messages = self._output.feed(data)
        if messages:
            self._log_output(messages)

    def framed(self, frame_type: int, timestamp_us: int, message: bytes) -> None:
        """Log one record of a runtime that frames them, unless its level is filtered out."""
        level = level_of_frame(frame_type)
        threshold = self._application_level
        if threshold is not None and level is not None and level < threshold:
            return
        parts = [message] if len(message) <= MAX_MESSAGE_BYTES else split_oversized(message)
        texts = [part.decode("utf-8", "replace") for part in parts]
        self._append(texts, self._instant(timestamp_us // 1000))

    def flush_partial(self) -> None:
        """Log what has been written of a line that has no newline yet."""
        messages = self._output.flush()
        if messages:
            self._log_output(messages)

    # What the platform writes.

    def init_start(
        self, *, runtime_version: str, runtime_version_arn: str, phase: str = "init"
    ) -> None:
        """INIT_START: a runtime is about to be started."""
        at_ms = self._instant()
        self._append(
            self._lines.init_start(at_ms, runtime_version, runtime_version_arn, phase), at_ms
        )

    def init_report(
        self, *, duration_ms: float, phase: str, status: str, error_type: str | None = None
    ) -> None:
        """INIT_REPORT: how an init phase ended. Said only where AWS says it, so call it always.

        AWS: success is silent in Text for on-demand environments, and below INFO in JSON.
        """
        self.flush_partial()
        at_ms = self._instant()
        self._append(self._lines.init_report(at_ms, duration_ms, phase, status, error_type), at_ms)

    def warning(self, text: str) -> None:
        """A note of ours that AWS would not have, such as a stand-in for an absent runtime."""
        at_ms = self._instant()
        self._append(self._lines.warning(at_ms, text), at_ms)

    def start(self, *, request_id: str, version: str) -> None:
        """START: the invocation begins, and with it its tail."""
        self.flush_partial()
        at_ms = self._instant()
        if self._tail is not None:
            self._tail.open()
        self._append(self._lines.start(at_ms, request_id, version), at_ms)

    def end_and_report(self, report: InvocationReport) -> None:
        """END and REPORT: the invocation is over; ends its tail."""
        self.flush_partial()
        at_ms = self._instant()
        self._append(self._lines.end_and_report(at_ms, report), at_ms)
        if self._tail is not None:
            self._tail.close()

    # The tail of the current invocation.

    def begin_tail(self) -> None:
        """Keep the log of the next invocation, from its START on."""
        self._tail = _Tail()

    def tail(self) -> bytes:
        """The last 4,096 bytes of the log since START, once; empty when none was asked for."""
        tail, self._tail = self._tail, None
        return b"" if tail is None else tail.taken()

    def _log_output(self, messages: list[str]) -> None:
        threshold = self._application_level
        if threshold is not None:
            messages = [line for line in messages if _passes(line, threshold)]
        self._append(messages, self._instant())

    def _append(self, messages: Sequence[str], at_ms: int) -> None:
        if not messages:
            return
        self._writer.append(
            self._scope,
            self._group,
            self._stream,
            [LogEvent(at_ms, message) for message in messages if message],
        )
        if self._tail is not None:
            self._tail.add(messages)

    def _instant(self, at_ms: int | None = None) -> int:
        """The timestamp of what is logged now: `at_ms` if it can be trusted, never falling."""
        now_ms = int(self._clock.now() * 1000)
        if at_ms is not None and abs(at_ms - now_ms) <= _TRUSTED_SKEW_MS:
            now_ms = at_ms
        if now_ms > self._last_ms:
            self._last_ms = now_ms
        return self._last_ms


class _Tail:
    """The end of what an invocation logged; holds at most a few times what it gives."""

    def __init__(self) -> None:
        self._open = False
        self._text = b""

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False

    def add(self, messages: Sequence[str]) -> None:
        if not self._open:
            return
        # AWS: events that bring no newline of their own (JSON) stand on lines of their own.
        text = "".join(m if m.endswith("\n") else m + "\n" for m in messages)
        self._text = (self._text + text.encode())[-TAIL_BYTES:]

    def taken(self) -> bytes:
        return self._text


def _platform_lines(logging: LoggingChoice, facts: EnvironmentFacts) -> PlatformLines:
    if logging.format == "Text":
        return TextLines(facts)
    return JsonLines(facts, level_named(logging.system_level) or LogLevel.INFO)


def _passes(line: str, threshold: LogLevel) -> bool:
    level = level_of_line(line)
    return level is None or level >= threshold
