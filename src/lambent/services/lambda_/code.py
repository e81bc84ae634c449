"""A function's zip: checked as AWS checks it, and where to fetch it again."""

import hashlib
import hmac
import io
import zipfile
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlencode

from lambent.core.clock import Clock
from lambent.core.identity import Scope
from lambent.services.contract import Call
from lambent.services.lambda_.errors import (
    REQUEST_LIMIT_BYTES,
    UNZIPPED_LIMIT_BYTES,
    ZIPPED_LIMIT_BYTES,
    bad_zip,
    code_signing_config_missing,
    request_too_large,
    unzipped_too_large,
    zipped_too_large,
)
from lambent.services.lambda_.records import Code

# AWS: a link to a function's code is good for 10 minutes.
LINK_LIFETIME_S = 600


def check_request_size(operation: str, headers: Mapping[str, str]) -> None:
    """Raises RequestEntityTooLargeException for a request that AWS would not read."""
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > REQUEST_LIMIT_BYTES:
        raise request_too_large(operation)


def inspect_zip(data: bytes) -> Code:
    """What a zip is. Blocking: reads its directory and hashes it.

    Raises RequestEntityTooLargeException (over 50 MB), InvalidParameterValueException (no zip, or
    over 250 MB unpacked).
    """
    if len(data) > ZIPPED_LIMIT_BYTES:
        raise zipped_too_large()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            uncompressed_size = sum(member.file_size for member in package.infolist())
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError) as error:
        raise bad_zip() from error
    if uncompressed_size > UNZIPPED_LIMIT_BYTES:
        raise unzipped_too_large()
    return Code(
        digest=hashlib.sha256(data).hexdigest(),
        size=len(data),
        uncompressed_size=uncompressed_size,
    )


CheckCodeSigning = Callable[[Scope, str | None, str], None]
"""Raises when code may not be deployed under a code signing configuration: (scope, its ARN or
None, the function's name)."""


def refuse_every_config(_scope: Scope, arn: str | None, _function_name: str) -> None:
    """The check where there are no code signing configurations."""
    if arn:
        raise code_signing_config_missing(arn)


class CodeLinks:
    """Links to zips, as GetFunction gives them: signed, and good for 10 minutes."""

    def __init__(self, clock: Clock, secret: bytes) -> None:
        self._clock = clock
        self._secret = secret

    def location(self, call: Call, digest: str) -> str:
        """A link to a blob on the endpoint that the client used."""
        expires = str(int(self._clock.now()) + LINK_LIFETIME_S)
        query = urlencode({"expires": expires, "signature": self._signature(digest, expires)})
        return f"{call.endpoint}/_lambent/code/{digest}?{query}"

    def allows(self, digest: str, query: str) -> bool:
        """Whether a link's query string is one that was given out for `digest` and still good."""
        values = parse_qs(query)
        expires, signature = (values.get(name, [""])[0] for name in ("expires", "signature"))
        if not expires.isascii() or not expires.isdigit() or len(expires) > 12:
            return False
        expected = self._signature(digest, expires)
        return self._clock.now() <= int(expires) and hmac.compare_digest(
            expected.encode(), signature.encode()
        )

    def _signature(self, digest: str, expires: str) -> str:
        return hmac.new(self._secret, f"{digest}\n{expires}".encode(), hashlib.sha256).hexdigest()
