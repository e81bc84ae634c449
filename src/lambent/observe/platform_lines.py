"""What the platform itself says in a function's log, in Text and in JSON.

Sources: AWS Lambda Developer Guide, "Lambda runtime environment", "Telemetry API Event schema
reference" and "System log level event mapping"; lines recorded from real functions, 2024 to 2026.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from lambent.observe.log_levels import LogLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationReport:
    """A finished invocation, as END and REPORT tell it.

    `status` is success, error, failure or timeout. `trace_id`, `segment_id` and `sampled` are set
    when X-Ray traces the invocation; the spans when they were measured.
    """

    request_id: str
    status: str
    error_type: str | None = None
    duration_ms: float
    billed_duration_ms: int
    memory_size_mb: int
    max_memory_used_mb: int
    init_duration_ms: float | None = None
    produced_bytes: int | None = None
    trace_id: str | None = None
    segment_id: str | None = None
    sampled: bool = False
    response_latency_ms: float | None = None
    response_duration_ms: float | None = None
    runtime_overhead_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFacts:
    """What platform lines say of the environment that they come from."""

    function_name: str
    function_arn: str
    version: str
    memory_mb: int
    initialization_type: str
    instance_id: str


class PlatformLines(Protocol):
    """One way of writing platform lines. `at_ms` is the instant; an empty list says nothing."""

    def init_start(self, at_ms: int, version: str, version_arn: str, phase: str) -> list[str]: ...

    def init_report(
        self, at_ms: int, duration_ms: float, phase: str, status: str, error_type: str | None
    ) -> list[str]: ...

    def warning(self, at_ms: int, text: str) -> list[str]: ...

    def start(self, at_ms: int, request_id: str, version: str) -> list[str]: ...

    def end_and_report(self, at_ms: int, report: InvocationReport) -> list[str]: ...


class TextLines:
    """Platform lines of LogFormat Text; the tabs are AWS's."""

    def __init__(self, facts: EnvironmentFacts) -> None:
        self._says_init_success = facts.initialization_type != "on-demand"

    def init_start(self, at_ms: int, version: str, version_arn: str, phase: str) -> list[str]:
        return [f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {version_arn}\n"]

    def init_report(
        self, at_ms: int, duration_ms: float, phase: str, status: str, error_type: str | None
    ) -> list[str]:
        if status == "success" and not self._says_init_success:
            return []
        line = f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}"
        return [f"{line}{_error_type_field(error_type)}\n"]

    def warning(self, at_ms: int, text: str) -> list[str]:
        return [f"LAMBENT_WARNING: {text}\n"]

    def start(self, at_ms: int, request_id: str, version: str) -> list[str]:
        return [f"START RequestId: {request_id} Version: {version}\n"]

    def end_and_report(self, at_ms: int, report: InvocationReport) -> list[str]:
        line = (
            f"REPORT RequestId: {report.request_id}\tDuration: {report.duration_ms:.2f} ms\t"
            f"Billed Duration: {report.billed_duration_ms} ms\t"
            f"Memory Size: {report.memory_size_mb} MB\t"
            f"Max Memory Used: {report.max_memory_used_mb} MB\t"
        )
        if report.init_duration_ms is not None:
            line += f"Init Duration: {report.init_duration_ms:.2f} ms\t"
        if report.status != "success" and report.error_type not in _OF_THE_FUNCTION:
            line += f"Status: {report.status}{_error_type_field(_text_error_type(report))}"
        if report.trace_id is not None:
            sampled = "true" if report.sampled else "false"
            line += (
                f"\nXRAY TraceId: {report.trace_id}\tSegmentId: {report.segment_id}\t"
                f"Sampled: {sampled}\t"
            )
        return [f"END RequestId: {report.request_id}\n", line + "\n"]


class JsonLines:
    """Platform lines of LogFormat JSON: events of the Telemetry API, filtered by system level."""

    def __init__(self, facts: EnvironmentFacts, level: LogLevel) -> None:
        self._facts = facts
        self._level = level
        self._function_arn = json.dumps(facts.function_arn)

    def init_start(self, at_ms: int, version: str, version_arn: str, phase: str) -> list[str]:
        if self._level > LogLevel.INFO:
            return []
        facts = self._facts
        record = {
            "initializationType": facts.initialization_type,
            "phase": phase,
            "runtimeVersion": version,
            "runtimeVersionArn": version_arn,
            "functionName": facts.function_name,
            "functionVersion": facts.version,
            "instanceId": facts.instance_id,
            "instanceMaxMemory": facts.memory_mb * 1_048_576,
        }
        return [_event(at_ms, "platform.initStart", record)]

    def init_report(
        self, at_ms: int, duration_ms: float, phase: str, status: str, error_type: str | None
    ) -> list[str]:
        succeeded = status == "success"
        record: dict[str, Any] = {
            "initializationType": self._facts.initialization_type,
            "phase": phase,
            "status": status,
        }
        if error_type is not None:
            record["errorType"] = error_type
        lines = []
        if self._level <= (LogLevel.DEBUG if succeeded else LogLevel.WARN):
            lines.append(_event(at_ms, "platform.initRuntimeDone", record))
        if self._level <= self._init_report_level(succeeded):
            record["metrics"] = {"durationMs": round(duration_ms, 3)}
            lines.append(_event(at_ms, "platform.initReport", record))
        return lines

    def _init_report_level(self, succeeded: bool) -> LogLevel:
        if not succeeded:
            return LogLevel.WARN
        on_demand = self._facts.initialization_type == "on-demand"
        return LogLevel.DEBUG if on_demand else LogLevel.INFO

    def warning(self, at_ms: int, text: str) -> list[str]:
        return [_json({"timestamp": iso_instant(at_ms), "level": "WARN", "message": text})]

    def start(self, at_ms: int, request_id: str, version: str) -> list[str]:
        if self._level > LogLevel.INFO:
            return []
        line = (
            f'{{"time":"{iso_instant(at_ms)}","type":"platform.start","record":'
            f'{{"requestId":"{request_id}","functionArn":{self._function_arn},'
            f'"version":"{version}"}}}}'
        )
        return [line]

    def end_and_report(self, at_ms: int, report: InvocationReport) -> list[str]:
        succeeded = report.status == "success"
        lines = []
        if self._level <= (LogLevel.DEBUG if succeeded else LogLevel.WARN):
            lines.append(_event(at_ms, "platform.runtimeDone", _runtime_done(report, at_ms)))
        if self._level <= (LogLevel.INFO if succeeded else LogLevel.WARN):
            lines.append(_report_event(at_ms, report))
        return lines


def iso_instant(at_ms: int) -> str:
    """`2024-03-13T18:56:24.046Z`."""
    text = datetime.fromtimestamp(at_ms // 1000, UTC).isoformat()
    return f"{text[:19]}.{at_ms % 1000:03d}Z"


def _report_event(at_ms: int, report: InvocationReport) -> str:
    init = ""
    if report.init_duration_ms is not None:
        init = f',"initDurationMs":{round(report.init_duration_ms, 3)}'
    error = f',"errorType":{json.dumps(report.error_type)}' if report.error_type else ""
    tracing = f',"tracing":{_json(_tracing(report))}' if report.trace_id else ""
    return (
        f'{{"time":"{iso_instant(at_ms)}","type":"platform.report","record":'
        f'{{"requestId":"{report.request_id}",'
        f'"metrics":{{"durationMs":{round(report.duration_ms, 3)},'
        f'"billedDurationMs":{report.billed_duration_ms},'
        f'"memorySizeMB":{report.memory_size_mb},'
        f'"maxMemoryUsedMB":{report.max_memory_used_mb}{init}}},'
        f'"status":"{report.status}"{error}{tracing}}}}}'
    )


def _runtime_done(report: InvocationReport, at_ms: int) -> dict[str, Any]:
    record: dict[str, Any] = {"requestId": report.request_id, "status": report.status}
    if report.error_type is not None:
        record["errorType"] = report.error_type
    metrics: dict[str, Any] = {"durationMs": round(report.duration_ms, 3)}
    if report.produced_bytes is not None:
        metrics["producedBytes"] = report.produced_bytes
    record["metrics"] = metrics
    if spans := _spans(report, at_ms):
        record["spans"] = spans
    if report.trace_id is not None:
        record["tracing"] = _tracing(report)
    return record


def _spans(report: InvocationReport, at_ms: int) -> list[dict[str, Any]]:
    """The phases of the invocation, one after the other, from its start."""
    measured = (
        ("responseLatency", report.response_latency_ms),
        ("responseDuration", report.response_duration_ms),
        ("runtimeOverhead", report.runtime_overhead_ms),
    )
    started_ms = at_ms - report.duration_ms
    spans: list[dict[str, Any]] = []
    for name, duration_ms in measured:
        if duration_ms is None:
            continue
        start = iso_instant(int(started_ms))
        spans.append({"name": name, "start": start, "durationMs": round(duration_ms, 3)})
        started_ms += duration_ms
    return spans


def _tracing(report: InvocationReport) -> dict[str, Any]:
    value = f"Root={report.trace_id};Parent={report.segment_id};Sampled={int(report.sampled)}"
    return {"spanId": report.segment_id, "type": "X-Amzn-Trace-Id", "value": value}


# AWS: an exception that a handler raised is the function's own affair; in Text only what ended the
# runtime, or kept it from answering, is told in REPORT. In JSON both are.
_OF_THE_FUNCTION = ("Runtime.Unknown", "Function.Unknown")


def _text_error_type(report: InvocationReport) -> str | None:
    # AWS: "Status: timeout" stands alone (Developer Guide, recorded 2025).
    return None if report.status == "timeout" else report.error_type


def _error_type_field(error_type: str | None) -> str:
    return "" if error_type is None else f"\tError Type: {error_type}"


def _event(at_ms: int, kind: str, record: dict[str, Any]) -> str:
    return _json({"time": iso_instant(at_ms), "type": kind, "record": record})


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
