"""What a runtime reports of a failure, read from its headers, body and trailers."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from lambent.fleet.runtimes.api import FunctionFailure, StreamFailure

_WITH_CAUSE = "application/vnd.aws.lambda.error.cause+json"


def reported_failure(headers: Mapping[str, str], body: bytes) -> FunctionFailure:
    """A POST to `…/error` or `init/error`: the payload is passed on as it is."""
    payload = body
    if headers.get("content-type", "") == _WITH_CAUSE:
        payload = _without_cause(body)
    return FunctionFailure(
        error_type=headers.get("lambda-runtime-function-error-type", "")
        or _named_type(payload)
        or "Runtime.Unknown",
        payload=payload or b"{}",
        xray_cause=headers.get("lambda-runtime-function-xray-error-cause"),
    )


def trailing_failure(trailers: Mapping[str, str]) -> StreamFailure | None:
    """The failure that a streamed response's trailers tell, if they tell one."""
    error_type = trailers.get("lambda-runtime-function-error-type")
    if error_type is None:
        return None
    encoded = trailers.get("lambda-runtime-function-error-body", "")
    try:
        body = base64.b64decode(encoded, validate=True)
    except ValueError:
        body = encoded.encode("latin-1", "replace")
    return StreamFailure(error_type=error_type, body=body)


def platform_failure(error_type: str, text: str, request_id: str) -> StreamFailure:
    """A failure that the platform found, in the form of those it makes itself."""
    document = {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {text}"}
    body = json.dumps(document, separators=(",", ":")).encode()
    return StreamFailure(error_type=error_type, body=body)


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
    # RecursionError: brackets, thousands deep. User code may send anything.
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
