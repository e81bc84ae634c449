"""A runtime that speaks the Runtime API, as an environment sees it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from lambent.core.clock import Clock
from lambent.fleet.failures import exit_failure
from lambent.fleet.runtime_api.pipes import OutputPipe
from lambent.fleet.runtime_api.reports import (
    platform_failure,
    reported_failure,
    trailing_failure,
)
from lambent.fleet.runtime_api.server import RESPONSE_LIMIT_BYTES, Connection
from lambent.fleet.runtime_api.states import RuntimeCall, RuntimeState, next_state
from lambent.fleet.runtime_api.streams import ResponseStream
from lambent.fleet.runtimes.api import (
    Answer,
    Event,
    FunctionFailure,
    Response,
    ResponseTooLarge,
    StreamedResponse,
    StreamFailure,
)
from lambent.fleet.sandbox.api import Exit, Process

# A runtime needs one or two; user code may open more, and each takes a descriptor of ours.
CONNECTION_LIMIT = 64


class ApiProcess:
    """See `runtimes.api.RuntimeProcess`; the `Sink` of its own Runtime API.

    Invariant: `_answer` is a future exactly while an event is with the runtime.
    """

    def __init__(self, pipes: list[OutputPipe], server: asyncio.Server, clock: Clock) -> None:
        self._pipes = pipes
        self._server = server
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._state = RuntimeState.STARTED
        self._connections: set[Connection] = set()
        self._waiting: Connection | None = None
        self._ready: asyncio.Future[FunctionFailure | None] = self._loop.create_future()
        self._answer: asyncio.Future[Answer | None] | None = None
        self._rested: asyncio.Future[None] = self._loop.create_future()
        self._request_id = ""
        self._stream: ResponseStream | None = None
        self._buffered = bytearray()
        self._process: Process | None = None
        self._exit: asyncio.Future[Exit] = self._loop.create_future()

    def attend(self, process: Process) -> None:
        """The process that polls us has been started."""
        self._process = process
        self._watching = self._loop.create_task(process.exited())
        self._watching.add_done_callback(self._ended)

    # RuntimeProcess

    @property
    def alive(self) -> bool:
        return not self._exit.done()

    @property
    def at_rest(self) -> bool:
        return self.alive and self._state is RuntimeState.READY

    async def initialised(self) -> FunctionFailure | Exit | None:
        await _first(self._ready, self._exit)
        if self._ready.done():
            failure = self._ready.result()
            if failure is not None:
                return failure
            return None
        return await self.exited()

    async def invoke(self, event: Event) -> Answer:
        if self._exit.done():
            return await self.exited()
        answer = self._answer = self._loop.create_future()
        self._request_id = event.request_id
        try:
            await self._deliver(event)
            result = await answer
        finally:
            self._answer = None
        return result if result is not None else await self.exited()

    async def idle(self) -> Exit | None:
        if self._state is not RuntimeState.READY:
            await _first(self._rested, self._exit)
        if self._exit.done():
            return await self.exited()
        return None

    async def exited(self) -> Exit:
        ended = await asyncio.shield(self._exit)
        self._drain()
        return ended

    async def stop(self, grace_s: float) -> Exit:
        assert self._process is not None
        if grace_s > 0 and self.alive:
            self._process.signal(15)
            await self._wait_for_exit(grace_s)
        ended = await self._process.kill()
        self._drain()
        self.close()
        return ended

    def close(self) -> None:
        """Listen no more. Idempotent."""
        self._server.close()
        for connection in list(self._connections):
            connection.close()
        for pipe in self._pipes:
            pipe.close()

    # Sink

    def opened(self, connection: Connection) -> bool:
        if len(self._connections) >= CONNECTION_LIMIT:
            return False
        self._connections.add(connection)
        return True

    def lost(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def next(self, connection: Connection) -> None:
        if not self._may(RuntimeCall.NEXT, connection):
            return
        self._waiting = connection
        self._drain()
        if not self._ready.done():
            self._ready.set_result(None)
        if not self._rested.done():
            self._rested.set_result(None)

    def response_begins(self, connection: Connection, request_id: str, streams: bool) -> bool:
        if not self._is_current(connection, request_id):
            return False
        if not self._may(RuntimeCall.BEGIN_RESPONSE, connection):
            return False
        self._buffered.clear()
        if streams:
            self._stream = ResponseStream(connection, request_id)
            stream = self._stream
            self._answered(
                StreamedResponse(
                    chunks=stream.pieces(),
                    content_type=connection.headers.get("content-type", "application/octet-stream"),
                    failure=lambda: stream.failure,
                )
            )
        return True

    def response_mode_invalid(self, connection: Connection, request_id: str) -> None:
        if not self._is_current(connection, request_id):
            return
        if not self._may(RuntimeCall.BEGIN_RESPONSE, connection):
            return
        self._may(RuntimeCall.END_RESPONSE, connection)
        text = "Invalid function response mode"
        connection.answer_error(400, "InvalidFunctionResponseMode", text)
        self._answered_by_us("Runtime.InvalidResponseModeHeader", text)

    def response_piece(self, connection: Connection, data: bytes) -> None:
        if self._stream is not None:
            self._stream.put(data)
        else:
            self._buffered += data

    def response_ends(self, connection: Connection, trailers: Mapping[str, str]) -> None:
        self._may(RuntimeCall.END_RESPONSE, connection)
        if self._stream is not None:
            self._stream.end(trailing_failure(trailers))
            self._stream = None
            connection.accepted()
            return
        payload = bytes(self._buffered)
        self._buffered.clear()
        if self._is_too_large(connection, payload):
            return
        connection.accepted()
        content_type = connection.headers.get("content-type", "application/json")
        self._answered(Response(payload=payload, content_type=content_type))

    def response_breaks(self, connection: Connection) -> None:
        self._may(RuntimeCall.END_RESPONSE, connection)
        kind, text = "Runtime.TruncatedResponse", "The runtime's response was cut short"
        if self._stream is not None:
            self._stream.end(platform_failure(kind, text, self._request_id))
            self._stream = None
        else:
            self._answered_by_us(kind, text)

    def error(self, connection: Connection, request_id: str, body: bytes) -> None:
        if not self._is_current(connection, request_id):
            return
        if not self._may(RuntimeCall.BEGIN_RESPONSE, connection):
            return
        self._may(RuntimeCall.END_RESPONSE, connection)
        if self._is_too_large(connection, body):
            return
        connection.accepted()
        self._answered(reported_failure(connection.headers, body))

    def init_error(self, connection: Connection, body: bytes) -> None:
        if not self._may(RuntimeCall.INIT_ERROR, connection):
            return
        connection.accepted()
        self._drain()
        if not self._ready.done():
            self._ready.set_result(reported_failure(connection.headers, body))

    # Inside

    def _may(self, call: RuntimeCall, connection: Connection) -> bool:
        """Move on, or tell the runtime that it may not do that now."""
        after = next_state(self._state, call)
        if after is None:
            connection.answer_error(
                403,
                "InvalidStateTransition",
                f"State transition from {self._state} to {call} failed for runtime. "
                "Error: State transition is not allowed",
            )
            return False
        self._state = after
        return True

    def _is_current(self, connection: Connection, request_id: str) -> bool:
        if self._answer is None or request_id != self._request_id:
            connection.answer_error(400, "InvalidRequestID", "Invalid request ID")
            return False
        return True

    def _is_too_large(self, connection: Connection, payload: bytes) -> bool:
        if len(payload) <= RESPONSE_LIMIT_BYTES:
            return False
        connection.answer_error(
            413,
            "RequestEntityTooLarge",
            f"Exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes).",
        )
        self._answered(ResponseTooLarge(limit_bytes=RESPONSE_LIMIT_BYTES))
        return True

    async def _deliver(self, event: Event) -> None:
        while self._waiting is None or not self._waiting.is_open:
            # It hung up on its `next`, and will ask again or end.
            self._waiting = None
            self._rested = self._loop.create_future()
            await _first(self._rested, self._exit)
            if self._exit.done():
                return
        connection, self._waiting = self._waiting, None
        self._rested = self._loop.create_future()
        # Invariant: whoever waits for an event has called `next`, so that the state is READY.
        after = next_state(self._state, RuntimeCall.DELIVER)
        assert after is not None
        self._state = after
        connection.answer(200, event.payload, headers=_event_headers(event))

    def _answered(self, answer: Answer) -> None:
        self._drain()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _answered_by_us(self, error_type: str, text: str) -> None:
        failure = platform_failure(error_type, text, self._request_id)
        self._answered(FunctionFailure(error_type=failure.error_type, payload=failure.body))

    def _ended(self, watching: "asyncio.Task[Exit]") -> None:
        if watching.cancelled():
            return
        ended = watching.result()
        if not self._exit.done():
            self._exit.set_result(ended)
        self._drain()
        if self._stream is not None:
            failure = exit_failure(ended, self._request_id)
            self._stream.end(StreamFailure(error_type=failure.error_type, body=failure.payload))
            self._stream = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    async def _wait_for_exit(self, seconds: float) -> None:
        patience = self._loop.create_task(self._clock.sleep(seconds))
        await _first(patience, self._exit)
        patience.cancel()

    def _drain(self) -> None:
        for pipe in self._pipes:
            pipe.drain()


async def _first(*futures: "asyncio.Future[Any]") -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


def _event_headers(event: Event) -> dict[str, str]:
    headers = {
        "Lambda-Runtime-Aws-Request-Id": event.request_id,
        "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": event.invoked_function_arn,
        "Lambda-Runtime-Trace-Id": event.trace_header,
        "Lambda-Runtime-Client-Context": event.client_context or "",
        "Lambda-Runtime-Cognito-Identity": event.cognito_identity or "",
    }
    # AWS: headers without a value are left out. A line break would begin another header.
    return {
        name: value.replace("\r", " ").replace("\n", " ")
        for name, value in headers.items()
        if value
    }
