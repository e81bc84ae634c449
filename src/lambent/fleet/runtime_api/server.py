"""The Runtime API over HTTP: a small protocol on httptools.

One `Connection` for each that the runtime opens; what they say goes to one `Sink`. User code can
reach the socket too, and whatever it sends harms only its own environment.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Protocol, cast
from urllib.parse import unquote

import httptools

RESPONSE_LIMIT_BYTES = 6_291_556
_HEAD_LIMIT_BYTES = 1 << 20
_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}
_REASONS[413] = "Request Entity Too Large"


class Sink(Protocol):
    """Who hears what a runtime says."""

    def next(self, connection: "Connection") -> None:
        """The runtime asks for an event; answered later, by `Connection.deliver`."""
        ...

    def response_begins(self, connection: "Connection", request_id: str, streams: bool) -> bool:
        """A response is coming; False if it may not (and was answered)."""
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
        self._trusted: bool | None = None
        self.headers: dict[str, str] = {}
        self._url = b""
        self._body = bytearray()
        self._head_bytes = 0
        self._responding = False
        self._streams = False
        self._discards = False
        self._in_body = False
        self._trailers: dict[str, str] = {}

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._trusted is None:
            assert self._transport is not None
            self._trusted = self._trusts(self._transport)
        if not self._trusted:
            self.answer_error(403, "Forbidden", "This is another environment's Runtime API.")
            self._close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.answer_error(400, "InvalidRequest", "The request is not HTTP/1.1.")
            self._close()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._responding and self._in_body:
            self._responding = False
            self._sink.response_breaks(self)

    # httptools

    def on_message_begin(self) -> None:
        self._url = b""
        self.headers = {}
        self._body = bytearray()
        self._head_bytes = 0
        self._responding = self._discards = self._in_body = self._streams = False
        self._trailers = {}

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > _HEAD_LIMIT_BYTES:
            raise httptools.HttpParserError("the head is too large")
        target = self._trailers if self._in_body else self.headers
        target[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._in_body = True
        parts = self._parts()
        if self._parser.get_method() == b"POST" and len(parts) == 5 and parts[4] == "response":
            mode = self.headers.get("lambda-runtime-function-response-mode", "")
            self._streams = mode.lower() == "streaming"
            if mode and not self._streams:
                self._discards = True
                self.answer_error(
                    400, "InvalidFunctionResponseMode", "Invalid function response mode"
                )
                return
            self._responding = self._sink.response_begins(self, parts[3], self._streams)
            self._discards = not self._responding

    def on_body(self, body: bytes) -> None:
        if self._discards:
            return
        if self._responding and self._streams:
            self._sink.response_piece(self, body)
            return
        self._body += body
        if len(self._body) > RESPONSE_LIMIT_BYTES:
            # Kept no further; what it is decides whether this is an error.
            del self._body[RESPONSE_LIMIT_BYTES + 1 :]

    def on_message_complete(self) -> None:
        self._in_body = False
        if self._discards:
            return
        if self._responding:
            self._responding = False
            if not self._streams:
                self._sink.response_piece(self, bytes(self._body))
            self._sink.response_ends(self, self._trailers)
            return
        self._route(self._parser.get_method().decode(), self._parts())

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
        """Send a whole answer."""
        if self._transport is None:
            return
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = (
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\n"
            f"Content-Type: {content_type}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode("latin-1", "replace") + body)

    def answer_error(self, status: int, error_type: str, message: str) -> None:
        """Send an error as the Runtime API words it."""
        document = {"errorMessage": message, "errorType": error_type}
        self.answer(status, json.dumps(document, separators=(",", ":")).encode())

    def accepted(self) -> None:
        self.answer(202, b'{"status":"OK"}\n')

    def pause(self) -> None:
        """Read no further for now: whoever takes the response is slow."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def _parts(self) -> list[str]:
        path = self._url.split(b"?", 1)[0].decode("latin-1")
        return [unquote(part) for part in path.split("/") if part]

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
