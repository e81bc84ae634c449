"""The `aws-chunked` content coding: chunks that carry signatures, and trailers after the last.

    <size in hex>[;chunk-signature=…]CRLF <data> CRLF … 0[;…]CRLF [trailer: value CRLF …] CRLF

Source: "Signature calculations for the Authorization header: transferring payload in multiple
chunks", Amazon S3 API Reference; the unsigned form with trailers, same place. Signatures are not
checked here.
"""

from dataclasses import dataclass, field

from lambent.gateway.errors import IncompleteBody, InvalidChunkSizeError

_LONGEST_LINE = 8192
_SMALLEST_CHUNK_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Unchunked:
    """The payload, and the trailers by lower-case name."""

    body: bytes
    trailers: dict[str, str] = field(default_factory=dict)


def unchunk(body: bytes) -> Unchunked:
    """Undo the coding. Raises IncompleteBody, InvalidChunkSizeError where the framing is broken."""
    pieces: list[bytes] = []
    at = 0
    while True:
        line, at = _line(body, at)
        size = _size(line)
        if size == 0:
            return Unchunked(b"".join(pieces), _trailers(body, at))
        if pieces and len(pieces[-1]) < _SMALLEST_CHUNK_BYTES:
            raise InvalidChunkSizeError(
                "Only the last chunk is allowed to have a size less than 8192 bytes"
            )
        end = at + size
        if body[end : end + 2] != b"\r\n":
            raise IncompleteBody("A chunk of the request body does not have the length it states.")
        pieces.append(body[at:end])
        at = end + 2


def _line(body: bytes, at: int) -> tuple[bytes, int]:
    end = body.find(b"\r\n", at, at + _LONGEST_LINE)
    if end < 0:
        raise IncompleteBody("The request body ends before its last chunk.")
    return body[at:end], end + 2


def _size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    # `int` would also take signs, underscores and blanks.
    if not digits or len(digits) > 16 or digits.strip(b"0123456789abcdefABCDEF"):
        raise IncompleteBody("A chunk of the request body does not start with its length.")
    return int(digits, 16)


def _trailers(body: bytes, at: int) -> dict[str, str]:
    """Trailers up to the empty line; AWS's own clients leave out the last CRLF now and then."""
    trailers = {}
    for line in body[at:].split(b"\r\n"):
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            trailers[name.strip().lower()] = value.strip()
    return trailers
