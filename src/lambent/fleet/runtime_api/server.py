"""The Runtime API over HTTP: a small protocol on httptools.

One `Connection` for each that the runtime opens; what they say goes to one `Sink`. User code can
reach the socket too, and whatever it sends harms only its own environment: heads, bodies, waiting
answers and the number of connections are all bounded.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Protocol, cast
from urllib.parse import unquote

import httptools

RESPONSE_LIMIT_BYTES = 6_291_556
# AWS: a runtime may send up to 1 MiB of X-Ray cause in a header.
HEAD_LIMIT_BYTES = 2 << 20
_REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    413: "Request Entity Too Large",
    431: "Request Header Fields Too Large",
}


class Sink(Protocol):
    """Who hears what a runtime says."""

    def opened(self, connection: "Connection") -> bool:
        """A connection was made; False when there are too many already."""
        ...

    def lost(self, connection: "Connection") -> None: ...

    def next(self, connection: "Connection") -> None:
        """The runtime asks for an event; answered later, by `Connection.answer`."""
        ...

    def response_begins(self, connection: "Connection", request_id: str, streams: bool) -> bool:
        """A response is coming; False if it may not (and was answered)."""
        ...

    def response_mode_invalid(self, connection: "Connection", request_id: str) -> None:
        """A response is coming in a mode that does not exist; to be answered."""
        ...

    def response_piece(self, connection: "Connection", data: bytes) -> None: ...

    def response_ends(self, connection: "Connection", trailers: Mapping[str, str]) -> None: ...

    def response_breaks(self, connection: "Connection") -> None:
        """The connection ended in the middle of a response."""
        ...

    def error(self, connection: "Connection", request_id: str, body: bytes) -> None: ...

    def init_error(self, connection: "Connection", body: bytes) -> None: ...


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection of a runtime."""

    def __init__(self, sink: Sink, trusts: Callable[[asyncio.Transport], bool]) -> None:
        self._sink = sink
        self._trusts = trusts
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._head_bytes = 0
        self._held = self._held_by_reader = self._held_by_writer = False
        self._begin()

    def _begin(self) -> None:
        self.headers: dict[str, str] = {}
        self._url = b""
        self._body = bytearray()
        self._responding = self._streams = self._discards = False
        self._in_body = self._closes = False
        self._trailers: dict[str, str] = {}

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # Before it is counted: another environment's connections must not use up this one's.
        if not self._trusts(self._transport):
            self.answer_error(403, "Forbidden", "This is another environment's Runtime API.")
            self.close()
        elif not self._sink.opened(self):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self.is_open:
            return
        self._head_bytes += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserCallbackError:
            # Not the runtime's fault but ours: it rises to the loop, which closes the connection.
            raise
        except httptools.HttpParserError:
            self.answer_error(400, "InvalidRequest", "The request is not HTTP/1.1.")
            self.close()
            return
        if self._head_bytes > HEAD_LIMIT_BYTES:
            self.answer_error(431, "InvalidRequest", "The request's head is too large.")
            self.close()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                # A client that offers HTTP/2 takes our answer in HTTP/1.1 as well; go on after it.
                self._parser = httptools.HttpRequestParser(self)
                data = data[upgrade.args[0] :]

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._responding:
            self._responding = False
            self._sink.response_breaks(self)
        self._sink.lost(self)

    def pause_writing(self) -> None:
        """The runtime does not read its answers: then it is not listened to either."""
        self._held_by_writer = True
        self._hold()

    def resume_writing(self) -> None:
        self._held_by_writer = False
        self._hold()

    # httptools

    def on_message_begin(self) -> None:
        self._begin()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        # Those after the body are its trailers.
        target = self._trailers if self._in_body else self.headers
        target[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._in_body = True
        self._closes = not self._parser.should_keep_alive()
        match (self._parser.get_method(), self._parts()):
            case (b"POST", ["2018-06-01", "runtime", "invocation", request_id, "response"]):
                self._begin_response(request_id)
        if self.headers.get("expect", "").lower() == "100-continue" and not self._discards:
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        if self._discards:
            return
        if self._responding and self._streams:
            self._sink.response_piece(self, body)
            return
        self._body += body
        if len(self._body) > RESPONSE_LIMIT_BYTES:
            # Kept no further; one byte more says that there was more.
            del self._body[RESPONSE_LIMIT_BYTES + 1 :]

    def on_message_complete(self) -> None:
        self._in_body = False
        self._head_bytes = 0
        if self._discards:
            return
        if self._responding:
            self._responding = False
            if not self._streams:
                self._sink.response_piece(self, bytes(self._body))
            self._sink.response_ends(self, self._trailers)
            return
        self._route(self._parser.get_method().decode(), self._parts())

    def _begin_response(self, request_id: str) -> None:
        mode = self.headers.get("lambda-runtime-function-response-mode", "")
        self._streams = mode.lower() == "streaming"
        if mode and not self._streams:
            self._discards = True
            self._sink.response_mode_invalid(self, request_id)
            return
        self._responding = self._sink.response_begins(self, request_id, self._streams)
        self._discards = not self._responding

    def _route(self, method: str, parts: list[str]) -> None:
        match (method, parts):
            case ("GET", ["2018-06-01", "runtime", "invocation", "next"]):
                self._sink.next(self)
            case ("POST", ["2018-06-01", "runtime", "invocation", request_id, "error"]):
                self._sink.error(self, request_id, bytes(self._body))
            case ("POST", ["2018-06-01", "runtime", "init", "error"]):
                self._sink.init_error(self, bytes(self._body))
            case ("GET", ["2018-06-01", "ping"] | ["ping"]):
                self.answer(200, b"pong", content_type="text/plain")
            case ("PUT", ["2022-07-01", "telemetry"]):
                self.answer_error(202, "Telemetry.NotSupported", "Telemetry API is not supported")
            case ("PUT", ["2020-08-15", "logs"]):
                self.answer_error(202, "Logs.NotSupported", "Logs API is not supported")
            case _:
                self.answer_error(404, "NotFound", "Lambent does not have this API.")

    # Answering

    def answer(
        self,
        status: int,
        body: bytes,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a whole answer, the last one where the runtime asked for that."""
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = (
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\n"
            f"Content-Type: {content_type}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        )
        self._write(head.encode("latin-1", "replace") + body)
        if self._closes:
            self.close()

    def answer_error(self, status: int, error_type: str, message: str) -> None:
        """Send an error as the Runtime API words it."""
        document = {"errorMessage": message, "errorType": error_type}
        self.answer(status, json.dumps(document, separators=(",", ":")).encode())

    def accepted(self) -> None:
        self.answer(202, b'{"status":"OK"}\n')

    def pause(self) -> None:
        """Read no further for now: whoever takes the response is slow."""
        self._held_by_reader = True
        self._hold()

    def resume(self) -> None:
        self._held_by_reader = False
        self._hold()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Once what was answered has been sent. Idempotent."""
        if self._transport is not None:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self.is_open and self._transport is not None:
            self._transport.write(data)

    def _hold(self) -> None:
        hold = self._held_by_reader or self._held_by_writer
        if hold is self._held or not self.is_open or self._transport is None:
            return
        self._held = hold
        if hold:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _parts(self) -> list[str]:
        path = self._url.split(b"?", 1)[0].decode("latin-1")
        return [unquote(part) for part in path.split("/") if part]
