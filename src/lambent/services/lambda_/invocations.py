"""Invoke and InvokeWithResponseStream: what comes over HTTP, checked and handed to dispatch.

Invoke is the hot path: it takes the request as it came, and its payload stays opaque bytes.
"""

import base64
import binascii
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from lambent.core.errors import NotImplementedException, ValidationException
from lambent.core.http import HttpRequest, HttpResponse
from lambent.fleet.environment import Outcome
from lambent.invoke.dispatch import Dispatch, InvokeRequest
from lambent.invoke.errors import (
    InvalidParameterValueException,
    InvalidRequestContentException,
    RequestTooLargeException,
)
from lambent.services.contract import Call, Operation, RawRoute
from lambent.services.lambda_.names import resolve_name

SYNCHRONOUS_LIMIT_BYTES = 6_291_456
CLIENT_CONTEXT_LIMIT_BYTES = 3_583

_INVOKE_PATH = r"/2015-03-31/functions/(?P<FunctionName>[^/]+)/invocations/?"
_TYPES = ("Event", "RequestResponse", "DryRun")
_LOG_TYPES = ("None", "Tail")


class Invocations:
    """The operations that run functions."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    def raw_routes(self) -> tuple[RawRoute, ...]:
        return (
            RawRoute(
                operation="Invoke",
                method="POST",
                pattern=_INVOKE_PATH,
                handler=self.invoke,
                rejected={
                    "InvocationType": "Event: asynchronous invocation comes later",
                    "TenantId": "tenant isolation comes later",
                    "DurableExecutionName": "durable executions come later",
                },
            ),
        )

    def operations(self) -> dict[str, Operation]:
        return {
            "InvokeWithResponseStream": Operation(
                handler=self.invoke_with_response_stream,
                rejected={"TenantId": "tenant isolation comes later"},
            )
        }

    async def invoke(
        self, call: Call, request: HttpRequest, labels: Mapping[str, str]
    ) -> HttpResponse:
        """POST /2015-03-31/functions/NAME/invocations. Errors: see `dispatch.Dispatch.invoke`."""
        headers = request.headers
        qualifier = _qualifier(request.query)
        name = resolve_name(call, unquote(labels["FunctionName"]), qualifier)
        kind = headers.get("x-amz-invocation-type", "RequestResponse")
        _check_choice(kind, "invocationType", _TYPES)
        log_type = headers.get("x-amz-log-type", "None")
        _check_choice(log_type, "logType", _LOG_TYPES)
        _refuse_unbuilt(headers)
        if kind == "Event":
            raise NotImplementedException(
                "Lambent does not implement lambda:Invoke with InvocationType Event yet: "
                "asynchronous invocation comes later. Use RequestResponse or DryRun."
            )
        if kind == "DryRun":
            self._dispatch.check(call.scope, name.name, name.qualifier)
            return HttpResponse(status=204)
        invoked = await self._dispatch.invoke(
            call.scope,
            name.name,
            InvokeRequest(
                request_id=call.request_id,
                payload=checked_payload(request.body),
                qualifier=name.qualifier,
                trace_header=headers.get("x-amzn-trace-id"),
                client_context=_client_context(headers.get("x-amz-client-context")),
                log_tail=log_type == "Tail",
            ),
        )
        outcome = invoked.outcome
        answer = [
            ("Content-Type", "application/json"),
            ("X-Amz-Executed-Version", invoked.executed_version),
            ("x-amzn-Remapped-Content-Length", "0"),
            ("X-Amzn-Trace-Id", invoked.trace_header),
        ]
        if outcome.error_type is not None:
            answer.append(("X-Amz-Function-Error", "Unhandled"))
        if log_type == "Tail":
            answer.append(("X-Amz-Log-Result", base64.b64encode(outcome.log_tail).decode()))
        return HttpResponse(headers=tuple(answer), body=outcome.payload)

    async def invoke_with_response_stream(
        self, call: Call, params: dict[str, Any]
    ) -> dict[str, Any]:
        """The function's response as it is made: PayloadChunk events, then InvokeComplete."""
        name = resolve_name(call, params["FunctionName"], params.get("Qualifier"))
        if params.get("InvocationType") == "DryRun":
            self._dispatch.check(call.scope, name.name, name.qualifier)
            return {"StatusCode": 204, "EventStream": _nothing()}
        tail = params.get("LogType") == "Tail"
        invoked = await self._dispatch.invoke_streaming(
            call.scope,
            name.name,
            InvokeRequest(
                request_id=call.request_id,
                payload=checked_payload(params.get("Payload", b"")),
                qualifier=name.qualifier,
                trace_header=call.headers.get("x-amzn-trace-id"),
                client_context=_client_context(params.get("ClientContext")),
                log_tail=tail,
            ),
        )
        return {
            "StatusCode": 200,
            "ExecutedVersion": invoked.executed_version,
            "ResponseStreamContentType": invoked.content_type,
            "EventStream": _events(invoked.chunks, invoked.outcome, tail=tail),
        }


def checked_payload(body: bytes) -> bytes:
    """The event as the function gets it. An empty body is `{}`.

    Raises RequestTooLargeException over 6 MiB, InvalidRequestContentException for what is not JSON.
    """
    if len(body) > SYNCHRONOUS_LIMIT_BYTES:
        raise RequestTooLargeException(
            f"{len(body)} byte payload is too large for the RequestResponse invocation type "
            f"(limit {SYNCHRONOUS_LIMIT_BYTES} bytes)"
        )
    if not body:
        return b"{}"
    try:
        json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestContentException(_not_json(body, error)) from error
    return body


def _not_json(body: bytes, error: Exception) -> str:
    position = getattr(error, "pos", 0)
    character = body[position : position + 1].decode("latin-1")
    before = body[:position]
    line, column = before.count(b"\n") + 1, position - before.rfind(b"\n")
    # AWS: the words of its JSON parser, with where it stopped.
    return (
        "Could not parse request body into json: Could not parse payload into json: Unexpected "
        f"character ('{character}' (code {ord(character) if character else 0})): expected a valid "
        "value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n"
        f' at [Source: (byte[])"{body[:500].decode("utf-8", "replace")}"; '
        f"line: {line}, column: {column}]"
    )


def _qualifier(query: str) -> str | None:
    if not query:
        return None
    values = parse_qs(query, keep_blank_values=True).get("Qualifier")
    return values[0] if values else None


def _check_choice(value: str, name: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValidationException(
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(choices)}]"
        )


def _refuse_unbuilt(headers: Mapping[str, str]) -> None:
    for header, what in (
        ("x-amz-durable-execution-name", "durable executions come"),
        ("x-amz-tenant-id", "tenant isolation comes"),
    ):
        if header in headers:
            raise NotImplementedException(
                f"Lambent does not implement the header {header} of lambda:Invoke yet: "
                f"{what} later."
            )


def _client_context(encoded: str | None) -> str | None:
    if not encoded:
        return None
    if len(encoded) > CLIENT_CONTEXT_LIMIT_BYTES:
        raise InvalidParameterValueException(
            f"Client context must be no more than {CLIENT_CONTEXT_LIMIT_BYTES} bytes."
        )
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        json.loads(text)
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InvalidRequestContentException(
            "Client context must be a valid Base64-encoded JSON object."
        ) from error
    return text


async def _events(
    chunks: AsyncIterator[bytes], outcome: Callable[[], Outcome], *, tail: bool
) -> AsyncIterator[dict[str, Any]]:
    async for chunk in chunks:
        yield {"PayloadChunk": {"Payload": chunk}}
    ended = outcome()
    complete: dict[str, Any] = {}
    if ended.error_type is not None:
        complete["ErrorCode"] = ended.error_type
        complete["ErrorDetails"] = ended.payload.decode("utf-8", "replace")
    if tail:
        complete["LogResult"] = base64.b64encode(ended.log_tail).decode()
    yield {"InvokeComplete": complete}


async def _nothing() -> AsyncIterator[dict[str, Any]]:
    return
    yield  # an async generator without items
