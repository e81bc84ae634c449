"""A request's body: read whole within limits, its content codings undone."""

import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from lambent.core.errors import SerializationException
from lambent.core.http import HttpRequest
from lambent.gateway.aws_chunked import unchunk
from lambent.gateway.errors import (
    IncompleteBody,
    RequestEntityTooLargeException,
    UnsupportedMediaTypeException,
)

Receive = Callable[[], Awaitable[Any]]

# The most that any request may carry, also once it is inflated.
LARGEST_BODY_BYTES = 128 * 1024 * 1024
# AWS: 50 MiB of zip as base64, and room for the rest of the request.
LARGEST_CODE_REQUEST_BYTES = 70_167_211
_LIMIT_BY_OPERATION = {
    ("lambda", "CreateFunction"): LARGEST_CODE_REQUEST_BYTES,
    ("lambda", "UpdateFunctionCode"): LARGEST_CODE_REQUEST_BYTES,
    ("lambda", "PublishLayerVersion"): LARGEST_CODE_REQUEST_BYTES,
}


class ClientGone(Exception):
    """The client closed the connection before its request was whole; nobody to answer."""


async def read_body(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """The body as it was sent. Raises RequestEntityTooLargeException, ClientGone."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > LARGEST_BODY_BYTES:
        raise _too_large()
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return _within_limit(message.get("body", b""))
    pieces = []
    size = 0
    while message["type"] == "http.request":
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > LARGEST_BODY_BYTES:
            raise _too_large()
        if not message.get("more_body"):
            return b"".join(pieces)
        message = await receive()
    raise ClientGone


def undo_codings(request: HttpRequest, *, keeps_compression: bool) -> HttpRequest:
    """The request with aws-chunked, gzip and deflate undone, and its headers saying so.

    `keeps_compression` is for S3, where the compressed bytes are what the client stores.
    Raises IncompleteBody, SerializationException, UnsupportedMediaTypeException and
    RequestEntityTooLargeException.
    """
    codings = _codings(request.headers)
    if not codings:
        return request
    if codings[0] == "aws-chunked":
        request = _undo_chunks(request)
        codings = codings[1:]
    if keeps_compression:
        return request
    body = request.body
    for coding in reversed(codings):
        body = _inflate(body, coding)
    if not codings:
        return request
    headers = {**request.headers, "content-length": str(len(body))}
    headers.pop("content-encoding", None)
    return replace(request, headers=headers, body=body)


def check_operation_limit(service: str, operation: str, body: bytes) -> None:
    """Raise RequestEntityTooLargeException when an operation with a limit of its own passes it."""
    limit = _LIMIT_BY_OPERATION.get((service, operation), LARGEST_BODY_BYTES)
    # AWS: "smaller than", so the limit itself is already too large.
    if len(body) >= limit:
        raise RequestEntityTooLargeException(
            f"Request must be smaller than {limit} bytes for the {operation} operation"
        )


def _codings(headers: Mapping[str, str]) -> list[str]:
    """The content codings in the order they were applied; aws-chunked, always the last, first."""
    streams = headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
    listed = headers.get("content-encoding")
    if listed is None:
        return ["aws-chunked"] if streams else []
    names = [name.strip().lower() for name in listed.split(",")]
    codings = [name for name in names if name not in ("", "identity", "aws-chunked")]
    return ["aws-chunked", *codings] if streams or "aws-chunked" in names else codings


def _undo_chunks(request: HttpRequest) -> HttpRequest:
    unchunked = unchunk(request.body)
    announced = request.headers.get("x-amz-decoded-content-length")
    if announced is not None and announced != str(len(unchunked.body)):
        raise IncompleteBody(
            "You did not provide the number of bytes specified by the "
            "x-amz-decoded-content-length HTTP header"
        )
    kept = [
        name.strip()
        for name in request.headers.get("content-encoding", "").split(",")
        if name.strip().lower() not in ("", "aws-chunked")
    ]
    headers = {**request.headers, "content-length": str(len(unchunked.body))}
    headers.pop("content-encoding", None)
    if kept:
        headers["content-encoding"] = ",".join(kept)
    # Only announced trailers become headers: one that is not must not replace a real header.
    promised = {name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",")}
    for name in promised & unchunked.trailers.keys():
        headers.setdefault(name, unchunked.trailers[name])
    return replace(request, headers=headers, body=unchunked.body)


def _inflate(body: bytes, coding: str) -> bytes:
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise UnsupportedMediaTypeException(f"The content encoding {coding} is not supported.")
    inflator = _inflator(body, coding)
    try:
        inflated = inflator.decompress(body, LARGEST_BODY_BYTES + 1)
    except zlib.error as error:
        raise SerializationException(f"The body is not valid {coding}.") from error
    # One member only: a body of millions of empty ones would hold the loop for minutes.
    if len(inflated) <= LARGEST_BODY_BYTES and (not inflator.eof or inflator.unused_data):
        raise SerializationException(f"The {coding} body does not end where it should.")
    return _within_limit(inflated)


def _inflator(body: bytes, coding: str) -> "zlib._Decompress":
    if coding != "deflate":
        return zlib.decompressobj(16 + zlib.MAX_WBITS)
    # RFC 9110 §8.4.1.2: some clients send deflate without the zlib wrapper it should have.
    wrapped = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def _within_limit(body: bytes) -> bytes:
    if len(body) > LARGEST_BODY_BYTES:
        raise _too_large()
    return body


def _too_large() -> RequestEntityTooLargeException:
    return RequestEntityTooLargeException(
        f"Request must be at most {LARGEST_BODY_BYTES} bytes, before and after decompression"
    )
