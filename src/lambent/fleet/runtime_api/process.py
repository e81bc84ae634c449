"""A runtime that speaks the Runtime API, as an environment sees it."""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from lambent.core.clock import Clock
from lambent.fleet.runtime_api.pipes import OutputPipe
from lambent.fleet.runtime_api.server import RESPONSE_LIMIT_BYTES, Connection
from lambent.fleet.runtime_api.states import RuntimeCall, RuntimeState, next_state
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

STREAM_LIMIT_BYTES = 200 * 1024 * 1024
# Pieces that wait for a slow reader before the runtime has to wait.
_WAITING_PIECES = 16


class _Stream:
    """A streamed response under way: pieces from the connection, taken by the environment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._size = 0
        self.failure: StreamFailure | None = None
        self.ended = False

    def put(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > STREAM_LIMIT_BYTES:
            self.end(
                _failure("Function.ResponseSizeTooLarge", "The streamed response is too large")
            )
            return
        if not self.ended:
            self._pieces.put_nowait(data)
            if self._pieces.qsize() >= _WAITING_PIECES:
                self._connection.pause()

    def end(self, failure: StreamFailure | None) -> None:
        if not self.ended:
            self.ended = True
            self.failure = failure
            self._pieces.put_nowait(None)

    async def pieces(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            if self._pieces.qsize() < _WAITING_PIECES:
                self._connection.resume()
            yield piece


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
        self._waiting: Connection | None = None
        self._ready: asyncio.Future[FunctionFailure | None] = self._loop.create_future()
        self._answer: asyncio.Future[Answer | None] | None = None
        self._rested: asyncio.Future[None] = self._loop.create_future()
        self._request_id = ""
        self._stream: _Stream | None = None
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
        self._server.close()
        self._drain()
        for pipe in self._pipes:
            pipe.close()
        return ended

    # Sink

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
            self._stream = _Stream(connection)
            stream = self._stream
            self._answered(
                StreamedResponse(
                    chunks=stream.pieces(),
                    content_type=connection.headers.get("content-type", "application/octet-stream"),
                    failure=lambda: stream.failure,
                )
            )
        return True

    def response_piece(self, connection: Connection, data: bytes) -> None:
        if self._stream is not None:
            self._stream.put(data)
        else:
            self._buffered += data

    def response_ends(self, connection: Connection, trailers: Mapping[str, str]) -> None:
        self._may(RuntimeCall.END_RESPONSE, connection)
        if self._stream is not None:
            self._stream.end(_trailing_failure(trailers))
            self._stream = None
            connection.accepted()
            return
        if len(self._buffered) > RESPONSE_LIMIT_BYTES:
            connection.answer_error(
                413,
                "RequestEntityTooLarge",
                f"Exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes).",
            )
            self._answered(ResponseTooLarge(limit_bytes=RESPONSE_LIMIT_BYTES))
            return
        connection.accepted()
        content_type = connection.headers.get("content-type", "application/json")
        self._answered(Response(payload=bytes(self._buffered), content_type=content_type))

    def response_breaks(self, connection: Connection) -> None:
        self._may(RuntimeCall.END_RESPONSE, connection)
        broken = _failure("Runtime.TruncatedResponse", "The runtime's response was cut short")
        if self._stream is not None:
            self._stream.end(broken)
            self._stream = None
        else:
            self._answered(FunctionFailure(error_type=broken.error_type, payload=broken.body))

    def error(self, connection: Connection, request_id: str, body: bytes) -> None:
        if not self._is_current(connection, request_id):
            return
        if not self._may(RuntimeCall.BEGIN_RESPONSE, connection):
            return
        self._may(RuntimeCall.END_RESPONSE, connection)
        connection.accepted()
        self._answered(_reported(connection.headers, body))

    def init_error(self, connection: Connection, body: bytes) -> None:
        if not self._may(RuntimeCall.INIT_ERROR, connection):
            return
        connection.accepted()
        self._drain()
        if not self._ready.done():
            self._ready.set_result(_reported(connection.headers, body))

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
        self._state = RuntimeState.RUNNING
        connection.answer(200, event.payload, headers=_event_headers(event))

    def _answered(self, answer: Answer) -> None:
        self._drain()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _ended(self, watching: "asyncio.Task[Exit]") -> None:
        if not watching.cancelled() and not self._exit.done():
            self._exit.set_result(watching.result())
        self._drain()
        if self._stream is not None:
            self._stream.end(_failure("Runtime.ExitError", "The runtime ended while it streamed"))
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


def _reported(headers: Mapping[str, str], body: bytes) -> FunctionFailure:
    error_type = headers.get("lambda-runtime-function-error-type", "")
    payload = body
    if headers.get("content-type", "") == "application/vnd.aws.lambda.error.cause+json":
        payload = _without_cause(body)
    return FunctionFailure(
        error_type=error_type or _named_type(payload) or "Runtime.Unknown",
        payload=payload or b"{}",
        xray_cause=headers.get("lambda-runtime-function-xray-error-cause"),
    )


def _without_cause(body: bytes) -> bytes:
    document = _parsed(body)
    document.pop("errorCause", None)
    return json.dumps(document).encode() if document else body


def _named_type(body: bytes) -> str:
    named = _parsed(body).get("errorType", "")
    return named if isinstance(named, str) else ""


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _trailing_failure(trailers: Mapping[str, str]) -> StreamFailure | None:
    error_type = trailers.get("lambda-runtime-function-error-type")
    if error_type is None:
        return None
    encoded = trailers.get("lambda-runtime-function-error-body", "")
    try:
        body = base64.b64decode(encoded)
    except binascii.Error:
        body = encoded.encode()
    return StreamFailure(error_type=error_type, body=body)


def _failure(error_type: str, message: str) -> StreamFailure:
    document = {"errorType": error_type, "errorMessage": message}
    return StreamFailure(
        error_type=error_type, body=json.dumps(document, separators=(",", ":")).encode()
    )
