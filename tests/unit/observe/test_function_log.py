"""What an environment's log says, line by line."""

import json
from collections.abc import Sequence
from typing import Any

from lambent.core.clock import VirtualClock
from lambent.core.identity import Scope
from lambent.fleet.spec import LoggingSpec
from lambent.observe.function_log import FunctionLog, InvocationReport
from lambent.observe.log_writer import LogEvent

ID = "8f5e0a31-0000-4000-8000-444455556666"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
JSON_INFO_FRAME, JSON_DEBUG_FRAME, TEXT_FRAME = 0xA55A000E, 0xA55A000A, 0xA55A0003


class Written:
    """A LogWriter that keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []
        self.appends = 0

    def append(self, scope: Scope, group: str, stream: str, events: Sequence[LogEvent]) -> None:
        assert (group, stream) == ("/aws/lambda/f", "2026/01/01/[$LATEST]ab")
        self.appends += 1
        self.events.extend(events)

    @property
    def messages(self) -> list[str]:
        return [event.message for event in self.events]


def make_log(
    *, logging: LoggingSpec | None = None, initialization_type: str = "on-demand"
) -> tuple[FunctionLog, Written, VirtualClock]:
    written, clock = Written(), VirtualClock()
    log = FunctionLog(
        writer=written,
        clock=clock,
        scope=Scope(),
        logging=logging or LoggingSpec(group="/aws/lambda/f"),
        stream="2026/01/01/[$LATEST]ab",
        function_name="f",
        function_arn=ARN,
        version="$LATEST",
        memory_mb=128,
        initialization_type=initialization_type,
        instance_id="2026/01/01/[$LATEST]ab",
    )
    return log, written, clock


def json_logging(system: str = "INFO", application: str = "INFO") -> LoggingSpec:
    return LoggingSpec(
        group="/aws/lambda/f",
        format="JSON",
        application_level=application,
        system_level=system,
    )


def report(**changes: Any) -> InvocationReport:
    values: dict[str, Any] = {
        "request_id": ID,
        "status": "success",
        "duration_ms": 2.9,
        "billed_duration_ms": 3,
        "memory_size_mb": 128,
        "max_memory_used_mb": 36,
    }
    return InvocationReport(**(values | changes))


# Text


async def test_a_warm_invocation_is_start_end_and_report_as_recorded_from_aws() -> None:
    log, written, _ = make_log()
    log.start(request_id=ID, version="$LATEST")
    log.end_and_report(report())
    assert written.messages == [
        f"START RequestId: {ID} Version: $LATEST\n",
        f"END RequestId: {ID}\n",
        (
            f"REPORT RequestId: {ID}\tDuration: 2.90 ms\tBilled Duration: 3 ms\t"
            "Memory Size: 128 MB\tMax Memory Used: 36 MB\t\n"
        ),
    ]


async def test_a_cold_invocation_reports_its_init_duration() -> None:
    log, written, _ = make_log()
    log.end_and_report(report(init_duration_ms=110.1))
    assert written.messages[-1].endswith("36 MB\tInit Duration: 110.10 ms\t\n")


async def test_a_failure_is_told_at_the_end_of_the_report_line() -> None:
    log, written, _ = make_log()
    log.end_and_report(report(status="error", error_type="Runtime.ExitError"))
    assert written.messages[-1].endswith("36 MB\tStatus: error\tError Type: Runtime.ExitError\n")


async def test_a_timeout_names_no_error_type() -> None:
    log, written, _ = make_log()
    log.end_and_report(
        report(status="timeout", error_type="Sandbox.Timedout", init_duration_ms=84.0)
    )
    assert written.messages[-1].endswith("\tInit Duration: 84.00 ms\tStatus: timeout\n")


async def test_a_traced_invocation_reports_its_trace() -> None:
    log, written, _ = make_log()
    log.end_and_report(report(trace_id="1-a-b", segment_id="cd", sampled=True))
    assert written.messages[-1].endswith(
        "36 MB\t\nXRAY TraceId: 1-a-b\tSegmentId: cd\tSampled: true\t\n"
    )


async def test_init_start_and_a_failed_init() -> None:
    log, written, _ = make_log()
    log.init_start(runtime_version="python:3.12.v1", runtime_version_arn="arn:r")
    log.init_report(duration_ms=9999.79, phase="init", status="timeout")
    log.init_report(
        duration_ms=1236.04, phase="invoke", status="error", error_type="Runtime.ExitError"
    )
    assert written.messages == [
        "INIT_START Runtime Version: python:3.12.v1\tRuntime Version ARN: arn:r\n",
        "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout\n",
        (
            "INIT_REPORT Init Duration: 1236.04 ms\tPhase: invoke\tStatus: error"
            "\tError Type: Runtime.ExitError\n"
        ),
    ]


async def test_a_successful_init_is_silent_on_demand_only() -> None:
    log, written, _ = make_log()
    log.init_report(duration_ms=1.0, phase="init", status="success")
    assert written.messages == []
    log, written, _ = make_log(initialization_type="provisioned-concurrency")
    log.init_report(duration_ms=1.0, phase="init", status="success")
    assert len(written.messages) == 1


# Output


async def test_output_becomes_one_event_a_line_however_it_is_cut() -> None:
    log, written, _ = make_log()
    for piece in (b"one\ntw", b"o\n", b"\xc3", b"\xa9\nthree"):
        log.written(piece)
    assert written.messages == ["one\n", "two\n", "é\n"]
    log.flush_partial()
    assert written.messages[-1] == "three"


async def test_a_partial_line_is_logged_before_end() -> None:
    log, written, _ = make_log()
    log.written(b"no newline")
    log.end_and_report(report())
    assert written.messages[0] == "no newline"
    assert written.messages[1].startswith("END")


async def test_invalid_utf_8_is_replaced() -> None:
    log, written, _ = make_log()
    log.written(b"a\xffb\n")
    assert written.messages == ["a\ufffdb\n"]


async def test_a_frame_is_one_event_and_keeps_its_own_time() -> None:
    log, written, clock = make_log()
    now_ms = int(clock.now() * 1000)
    log.framed(TEXT_FRAME, (now_ms - 5) * 1000, b"two\nlines")
    assert written.events == [LogEvent(now_ms - 5, "two\nlines")]


async def test_time_never_falls_within_a_stream() -> None:
    log, written, clock = make_log()
    now_ms = int(clock.now() * 1000)
    log.start(request_id=ID, version="1")
    log.framed(TEXT_FRAME, (now_ms - 5) * 1000, b"early")
    assert [event.timestamp_ms for event in written.events] == [now_ms, now_ms]


async def test_a_frame_stamped_by_another_clock_gets_our_time() -> None:
    log, written, clock = make_log()
    log.framed(TEXT_FRAME, 5, b"1970")
    assert written.events[0].timestamp_ms == int(clock.now() * 1000)


# JSON


async def test_json_system_events_have_the_form_recorded_from_aws() -> None:
    log, written, _ = make_log(logging=json_logging())
    log.start(request_id=ID, version="$LATEST")
    log.end_and_report(report(duration_ms=766.4051, init_duration_ms=463.512))
    assert written.messages == [
        (
            '{"time":"2026-01-01T00:00:00.000Z","type":"platform.start","record":'
            f'{{"requestId":"{ID}","functionArn":"{ARN}","version":"$LATEST"}}}}'
        ),
        (
            '{"time":"2026-01-01T00:00:00.000Z","type":"platform.report","record":'
            f'{{"requestId":"{ID}","metrics":{{"durationMs":766.405,"billedDurationMs":3,'
            '"memorySizeMB":128,"maxMemoryUsedMB":36,"initDurationMs":463.512},"status":"success"}}'
        ),
    ]


async def test_json_init_start_describes_the_environment() -> None:
    log, written, _ = make_log(logging=json_logging())
    log.init_start(runtime_version="python:3.12.v1", runtime_version_arn="arn:r")
    event = json.loads(written.messages[0])
    assert event["type"] == "platform.initStart"
    assert event["record"] == {
        "initializationType": "on-demand",
        "phase": "init",
        "runtimeVersion": "python:3.12.v1",
        "runtimeVersionArn": "arn:r",
        "functionName": "f",
        "functionVersion": "$LATEST",
        "instanceId": "2026/01/01/[$LATEST]ab",
        "instanceMaxMemory": 134217728,
    }


def kinds(written: Written) -> list[str]:
    return [json.loads(message)["type"] for message in written.messages]


async def test_system_level_filters_platform_events() -> None:
    expected = {
        "DEBUG": ["platform.start", "platform.runtimeDone", "platform.report"],
        "INFO": ["platform.start", "platform.report"],
        "WARN": [],
    }
    for level, kinds_expected in expected.items():
        log, written, _ = make_log(logging=json_logging(system=level))
        log.start(request_id=ID, version="1")
        log.end_and_report(report())
        assert kinds(written) == kinds_expected, level


async def test_a_failure_passes_the_warn_level() -> None:
    log, written, _ = make_log(logging=json_logging(system="WARN"))
    log.init_report(duration_ms=1, phase="init", status="error", error_type="Runtime.ExitError")
    log.end_and_report(report(status="timeout", error_type="Sandbox.Timedout"))
    assert kinds(written) == [
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.runtimeDone",
        "platform.report",
    ]
    assert json.loads(written.messages[-1])["record"]["errorType"] == "Sandbox.Timedout"


async def test_spans_follow_one_another_in_runtime_done() -> None:
    log, written, _ = make_log(logging=json_logging(system="DEBUG"))
    log.end_and_report(
        report(
            duration_ms=10.0,
            produced_bytes=50,
            response_latency_ms=8.0,
            runtime_overhead_ms=1.5,
            trace_id="1-a-b",
            segment_id="cd",
            sampled=True,
        )
    )
    done = json.loads(written.messages[0])["record"]
    assert done["metrics"] == {"durationMs": 10.0, "producedBytes": 50}
    assert [(span["name"], span["start"]) for span in done["spans"]] == [
        ("responseLatency", "2025-12-31T23:59:59.990Z"),
        ("runtimeOverhead", "2025-12-31T23:59:59.998Z"),
    ]
    assert done["tracing"]["value"] == "Root=1-a-b;Parent=cd;Sampled=1"


async def test_application_level_filters_json_lines_and_frames_but_not_plain_text() -> None:
    log, written, _ = make_log(logging=json_logging(application="WARN"))
    log.written(b'plain\n{"no":"level"}\n')
    log.written(b'{"timestamp":"2026-01-01T00:00:00Z","level":"ERROR"}\n')
    log.written(b'{"timestamp":"nonsense","level":"ERROR"}\n')
    log.framed(JSON_INFO_FRAME, 0, b"{}")
    log.framed(0xA55A0012, 0, b"{}")
    assert written.messages == [
        "plain\n",
        '{"timestamp":"2026-01-01T00:00:00Z","level":"ERROR"}\n',
        "{}",
    ]


async def test_text_format_filters_nothing() -> None:
    log, written, _ = make_log()
    log.framed(JSON_DEBUG_FRAME, 0, b"debug")
    assert written.messages == ["debug"]


async def test_a_json_warning_has_a_level() -> None:
    log, written, _ = make_log(logging=json_logging(system="WARN"))
    log.warning("nearest")
    assert json.loads(written.messages[0])["level"] == "WARN"


# Tail


async def test_the_tail_runs_from_start_to_report() -> None:
    log, _, _ = make_log()
    log.begin_tail()
    log.written(b"init output\n")
    log.start(request_id=ID, version="$LATEST")
    log.written(b"hello\n")
    log.end_and_report(report())
    log.written(b"afterwards\n")
    lines = log.tail().decode().splitlines()
    assert lines[0].startswith("START")
    assert lines[1] == "hello"
    assert lines[-1].startswith("REPORT")
    assert log.tail() == b""


async def test_the_tail_is_the_last_4096_bytes() -> None:
    log, _, _ = make_log()
    log.begin_tail()
    log.start(request_id=ID, version="1")
    log.written(b"x" * 10_000 + b"\n")
    log.end_and_report(report())
    tail = log.tail()
    assert len(tail) == 4096
    assert tail.endswith(b"36 MB\t\n")


async def test_nothing_is_kept_when_no_tail_is_asked_for() -> None:
    log, _, _ = make_log()
    log.start(request_id=ID, version="1")
    log.end_and_report(report())
    assert log.tail() == b""
