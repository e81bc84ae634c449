"""One execution environment: init, invoke after invoke, reset after a failure, shutdown.

The deadlines here are the machine's, not the platform clock's: a function lives in real time, and
so does its `get_remaining_time_in_millis`.
"""

import math
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from lambent.core.clock import Clock
from lambent.fleet.deadlines import Deadlines
from lambent.fleet.failures import (
    Failure,
    exit_failure,
    platform_failure,
    recorded_type,
    timeout_failure,
    too_large_failure,
)
from lambent.fleet.runtime_versions import runtime_version_arn
from lambent.fleet.runtimes.api import (
    Answer,
    Event,
    FunctionFailure,
    Response,
    ResponseTooLarge,
    RuntimeChoice,
    RuntimeHost,
    RuntimeProcess,
    StreamedResponse,
)
from lambent.fleet.sandbox.api import Exit
from lambent.fleet.spec import Boot
from lambent.fleet.states import EnvironmentEvent, EnvironmentState, next_state
from lambent.observe.function_log import FunctionLog, InvocationReport

INIT_LIMIT_S = 10.0
# AWS: with provisioned concurrency init may take as long as the function's timeout, 130 s at least.
PROVISIONED_INIT_LIMIT_S = 130.0

Spawn = Callable[[Coroutine[Any, Any, None]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One event on its way into an environment."""

    request_id: str
    payload: bytes
    invoked_arn: str
    trace_header: str = ""
    client_context: str | None = None
    cognito_identity: str | None = None
    log_tail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A finished invocation. `error_type` is set when the function failed; `payload` says how."""

    payload: bytes
    content_type: str = "application/json"
    error_type: str | None = None
    log_tail: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOutcome:
    """An invocation whose response has begun. `outcome` is there once `chunks` is exhausted."""

    chunks: AsyncIterator[bytes]
    content_type: str
    outcome: Callable[[], Outcome]


class Environment:
    """Runs one version's code, one event at a time.

    Invariant: between `invoke` and `rest` nobody else uses the environment; the pool sees to that.
    A failed init is tried again inside the next invocation, in the same sandbox with the same
    /tmp, as on AWS ("suppressed init").
    """

    def __init__(
        self,
        *,
        boot: Boot,
        host: RuntimeHost,
        choice: RuntimeChoice,
        log: FunctionLog,
        machine: Clock,
        deadlines: Deadlines,
        spawn: Spawn,
    ) -> None:
        self.boot = boot
        self.id = boot.environment_id
        self.state = EnvironmentState.CREATED
        self.idle_since = 0.0
        self.invocations = 0
        self._host = host
        self._choice = choice
        self._log = log
        self._machine = machine
        self._deadlines = deadlines
        self._spawn = spawn
        self._process: RuntimeProcess | None = None
        self._overtime = False
        self._init_ms: float | None = None

    @property
    def usable(self) -> bool:
        """Whether an invocation may be handed to it (also when it must first init again)."""
        return self.state is not EnvironmentState.CLOSED

    @property
    def busy(self) -> bool:
        return self.state is EnvironmentState.INVOKING

    @property
    def failed_to_initialise(self) -> bool:
        return self.state is EnvironmentState.RESET

    def describe(self) -> dict[str, Any]:
        """One line for status pages and failing tests."""
        return {
            "id": self.id,
            "function": self.boot.spec.function_name,
            "version": self.boot.spec.version,
            "state": str(self.state),
            "type": self.boot.initialization_type,
            "invocations": self.invocations,
        }

    async def initialise(self) -> bool:
        """The INIT phase ahead of an invocation; whether it succeeded."""
        limit_s = INIT_LIMIT_S
        if self.boot.initialization_type == "provisioned-concurrency":
            limit_s = max(PROVISIONED_INIT_LIMIT_S, float(self.boot.spec.timeout_s))
        began = self._machine.monotonic()
        self._overtime = False
        self._deadlines.set(self, self._machine.now() + limit_s)
        try:
            failure = await self._start("init")
        finally:
            self._deadlines.clear(self)
        duration_ms = (self._machine.monotonic() - began) * 1000
        if failure is None:
            self._init_ms = duration_ms
            self._log.init_report(duration_ms=duration_ms, phase="init", status="success")
            return True
        self._report_init(failure, duration_ms, "init")
        return False

    async def invoke(self, invocation: Invocation) -> Outcome | StreamOutcome:
        """Run one event. Must be followed by `rest` once the outcome (and its stream) is done."""
        if self.state is EnvironmentState.FROZEN:
            self._thaw()
        timeout_s = self.boot.spec.timeout_s
        began = self._machine.monotonic()
        deadline = self._machine.now() + timeout_s
        self._overtime = False
        self.invocations += 1
        self._deadlines.set(self, deadline)
        running = _Running(invocation, began, invocation.request_id)
        if invocation.log_tail:
            self._log.begin_tail()
        try:
            failed = await self._ready(running)
            self._log.start(request_id=invocation.request_id, version=self.boot.spec.version)
            if failed is not None:
                self._deadlines.clear(self)
                return self._concluded(running, failed)
            self._become(EnvironmentEvent.INVOKE)
            assert self._process is not None
            answer = await self._process.invoke(_event(invocation, deadline))
        except BaseException:
            self._deadlines.clear(self)
            raise
        if isinstance(answer, StreamedResponse):
            return self._stream(running, answer)
        self._deadlines.clear(self)
        return self._conclude(running, answer)

    @property
    def at_rest(self) -> bool:
        """Whether the runtime asks for its next event already, so that `settle` is enough."""
        return (
            self.state is EnvironmentState.INVOKING
            and self._process is not None
            and self._process.at_rest
        )

    def settle(self) -> None:
        """End an invocation of an environment that is `at_rest`."""
        self._become(EnvironmentEvent.FINISH)

    async def rest(self) -> None:
        """Wait until the runtime can take its next event (or has to be started again)."""
        if self.state is not EnvironmentState.INVOKING or self._process is None:
            await self._discard_process()
            return
        deadline = self._machine.now() + self.boot.spec.timeout_s
        self._deadlines.set(self, deadline)
        try:
            ended = await self._process.idle()
        finally:
            self._deadlines.clear(self)
        if ended is None:
            self._become(EnvironmentEvent.FINISH)
        else:
            self._become(EnvironmentEvent.FAIL)
            await self._discard_process()

    def freeze(self) -> None:
        """Stop every thread of the environment until its next invocation."""
        if self.state is EnvironmentState.IDLE:
            self._host.freeze()
            self._become(EnvironmentEvent.FREEZE)

    async def close(self) -> None:
        """The SHUTDOWN phase: end the runtime and remove the sandbox. Idempotent."""
        if self.state is EnvironmentState.CLOSED:
            return
        if self.state is EnvironmentState.FROZEN:
            self._thaw()
        self._become(EnvironmentEvent.CLOSE)
        await self._discard_process()
        await self._host.close()

    # Init

    async def _start(self, phase: str) -> FunctionFailure | Exit | None:
        self._become(EnvironmentEvent.BOOT)
        self._log.init_start(
            runtime_version=self._choice.version,
            runtime_version_arn=runtime_version_arn(
                self.boot.spec.scope.region, self._choice.version
            ),
            phase=phase,
        )
        if self._choice.warning is not None and phase == "init":
            self._log.warning(self._choice.warning)
        self._process = await self._host.boot(self._log)
        if self._overtime:
            await self._process.stop(0)
        failure = await self._process.initialised()
        self._become(EnvironmentEvent.FAIL if failure else EnvironmentEvent.READY)
        if failure is not None:
            await self._discard_process()
        return failure

    async def _ready(self, running: "_Running") -> FunctionFailure | Exit | None:
        """Init again, within this invocation, if the environment needs it."""
        if self._process is not None and not self._process.alive:
            self._become(EnvironmentEvent.FAIL)
            await self._discard_process()
        if self.state is not EnvironmentState.RESET:
            running.init_ms, self._init_ms = self._init_ms, None
            return None
        failure = await self._start("invoke")
        if failure is not None:
            elapsed_ms = (self._machine.monotonic() - running.began) * 1000
            self._report_init(failure, elapsed_ms, "invoke")
        return failure

    def _report_init(self, failure: FunctionFailure | Exit, duration_ms: float, phase: str) -> None:
        if self._overtime:
            self._log.init_report(duration_ms=duration_ms, phase=phase, status="timeout")
            return
        error_type = (
            exit_failure(failure, "").error_type
            if isinstance(failure, Exit)
            else recorded_type(failure.error_type)
        )
        self._log.init_report(
            duration_ms=duration_ms, phase=phase, status="error", error_type=error_type
        )

    # Invoke

    def _conclude(self, running: "_Running", answer: Answer) -> Outcome:
        # A platform that stops closes environments under the invocations that are left.
        if isinstance(answer, Exit) and self.usable:
            self._become(EnvironmentEvent.FAIL)
        return self._concluded(running, answer)

    def _concluded(self, running: "_Running", answer: Answer) -> Outcome:
        """Write END and REPORT and say what the caller gets."""
        match answer:
            case Response():
                self._report(running, "success", None, len(answer.payload))
                return Outcome(
                    payload=answer.payload,
                    content_type=answer.content_type,
                    log_tail=self._tail(running),
                )
            case FunctionFailure():
                failure = _function_failure(answer, running.request_id)
                recorded: str = recorded_type(answer.error_type)
            case ResponseTooLarge():
                failure = too_large_failure(answer.limit_bytes)
                recorded = failure.error_type
            case Exit():
                failure = self._exit_failure(answer, running.request_id)
                recorded = failure.error_type
            case StreamedResponse():
                raise RuntimeError("a stream is concluded by its own iterator")
        self._report(running, failure.status, recorded, len(failure.payload))
        return Outcome(
            payload=failure.payload,
            error_type=failure.error_type,
            log_tail=self._tail(running),
        )

    def _exit_failure(self, ended: Exit, request_id: str) -> Failure:
        if self._overtime:
            return timeout_failure(self.boot.spec.timeout_s, request_id)
        return exit_failure(ended, request_id)

    def _stream(self, running: "_Running", answer: StreamedResponse) -> StreamOutcome:
        concluded: list[Outcome] = []

        async def chunks() -> AsyncIterator[bytes]:
            size = 0
            try:
                async for chunk in answer.chunks:
                    size += len(chunk)
                    yield chunk
            finally:
                self._deadlines.clear(self)
                concluded.append(self._conclude_stream(running, answer, size))

        return StreamOutcome(
            chunks=chunks(), content_type=answer.content_type, outcome=lambda: concluded[0]
        )

    def _conclude_stream(self, running: "_Running", answer: StreamedResponse, size: int) -> Outcome:
        failure = answer.failure()
        if self._overtime:
            timed_out = timeout_failure(self.boot.spec.timeout_s, running.request_id)
            self._report(running, "timeout", timed_out.error_type, size)
            return Outcome(
                payload=timed_out.payload,
                error_type=timed_out.error_type,
                log_tail=self._tail(running),
            )
        if failure is not None:
            self._report(running, "error", recorded_type(failure.error_type), size)
            return Outcome(
                payload=failure.body,
                error_type=failure.error_type,
                log_tail=self._tail(running),
            )
        self._report(running, "success", None, size)
        return Outcome(payload=b"", log_tail=self._tail(running))

    def _report(
        self, running: "_Running", status: str, error_type: str | None, produced_bytes: int
    ) -> None:
        duration_ms = (self._machine.monotonic() - running.began) * 1000
        memory_mb = self.boot.spec.memory_mb
        peak_mb = math.ceil(self._host.memory_peak_bytes() / 1_048_576)
        self._log.end_and_report(
            InvocationReport(
                request_id=running.request_id,
                status=status,
                error_type=error_type,
                duration_ms=duration_ms,
                billed_duration_ms=math.ceil(duration_ms + (running.init_ms or 0.0)),
                memory_size_mb=memory_mb,
                max_memory_used_mb=min(peak_mb, memory_mb),
                init_duration_ms=running.init_ms,
                produced_bytes=produced_bytes,
            )
        )

    def _tail(self, running: "_Running") -> bytes:
        return self._log.tail() if running.invocation.log_tail else b""

    # Ending

    def end_overtime(self) -> None:
        """The deadline has come: end the runtime; whoever waits for it sees its Exit."""
        self._overtime = True
        if self._process is not None:
            self._spawn(self._stop(self._process))

    async def _discard_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.stop(0)

    def _thaw(self) -> None:
        self._host.thaw()
        self._become(EnvironmentEvent.THAW)

    def _become(self, event: EnvironmentEvent) -> None:
        self.state = next_state(self.state, event)

    @staticmethod
    async def _stop(process: RuntimeProcess) -> None:
        await process.stop(0)


class _Running:
    """The invocation under way."""

    __slots__ = ("began", "init_ms", "invocation", "request_id")

    def __init__(self, invocation: Invocation, began: float, request_id: str) -> None:
        self.invocation = invocation
        self.began = began
        self.request_id = request_id
        self.init_ms: float | None = None


def _function_failure(answer: FunctionFailure, request_id: str) -> Failure:
    if answer.platform_text is not None:
        return platform_failure(answer.error_type, request_id, answer.platform_text)
    return Failure(error_type=answer.error_type, payload=answer.payload)


def _event(invocation: Invocation, deadline: float) -> Event:
    return Event(
        request_id=invocation.request_id,
        payload=invocation.payload,
        deadline_ms=int(deadline * 1000),
        invoked_function_arn=invocation.invoked_arn,
        trace_header=invocation.trace_header,
        client_context=invocation.client_context,
        cognito_identity=invocation.cognito_identity,
    )
