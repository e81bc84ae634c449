"""The gateway: every request's whole way, in `Gateway._answer`.

An ASGI application, so that its server can be exchanged. This module is the one place where an
unexpected exception becomes an answer.
"""

import logging
import re
from collections.abc import Collection, Sequence
from typing import Any

from lambent.core.clock import Clock
from lambent.core.errors import AwsError, InternalFailure
from lambent.core.http import HttpRequest, HttpResponse
from lambent.core.ids import IdSource
from lambent.gateway.admin import ADMIN_PREFIX, AdminRoute, AdminRoutes
from lambent.gateway.bodies import (
    ClientGone,
    Receive,
    check_operation_limit,
    read_body,
    undo_codings,
)
from lambent.gateway.browser import BrowserPolicy, answer_preflight, is_preflight, let_page_read
from lambent.gateway.credentials import Authenticator, Identity
from lambent.gateway.errors import InvalidRequestContentException
from lambent.gateway.exchange import (
    Send,
    decline,
    read_head,
    send_response,
    with_body,
    with_request_id,
)
from lambent.gateway.plain_errors import encode_plain
from lambent.gateway.refusals import not_built, refuse_rejected
from lambent.gateway.router import Route, Router
from lambent.gateway.service_table import load_table
from lambent.services.contract import Call, Service

_log = logging.getLogger("lambent.gateway")

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# AWS: these take the request's id from the client, so that it can find its own logs.
_CLIENT_NAMES_REQUEST = {("lambda", "Invoke"), ("lambda", "InvokeWithResponseStream")}
# S3 keeps a compressed body as it is; everybody else wants what is in it.
_STORES_BYTES = ("s3", "s3express")
_HOST = re.compile(r"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9a-fA-F:.]+\](?::\d{1,5})?")


class Gateway:
    """HTTP in, an operation's answer out."""

    def __init__(
        self,
        *,
        services: Sequence[Service],
        admin: Sequence[AdminRoute],
        clock: Clock,
        ids: IdSource,
        default_region: str,
        default_account: str,
        known_services: Collection[str] | None = None,
        browser: BrowserPolicy | None = None,
    ) -> None:
        """`known_services` limits what is recognised; None means every service botocore has."""
        self._clock = clock
        self._ids = ids
        self._admin = AdminRoutes(admin)
        self._router = Router(services, load_table(known_services))
        self._browser = browser or BrowserPolicy()
        self._authenticator = Authenticator(
            default_region=default_region, default_account=default_account
        )

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one HTTP exchange, as ASGI asks."""
        if scope["type"] != "http":
            await decline(scope, receive, send)
            return
        request = read_head(scope)
        request_id = self._ids.uuid()
        try:
            response = await self._respond(request, receive, request_id)
        except ClientGone:
            return
        response = with_request_id(response, request_id)
        origin = request.headers.get("origin")
        if origin is not None and self._browser.allows_origin(origin):
            response = let_page_read(response, origin)
        await send_response(response, request_id, receive, send)

    async def _respond(
        self, request: HttpRequest, receive: Receive, request_id: str
    ) -> HttpResponse:
        """The answer to a request, whatever happens; only a client that has left gets none."""
        try:
            self._browser.check(request)
            if is_preflight(request):
                return answer_preflight(request)
            request = with_body(request, await read_body(receive, request.headers))
            if request.path.startswith(ADMIN_PREFIX):
                # Not marked busy: moving the virtual clock waits until nothing is.
                return await self._admin.answer(request)
            with self._clock.busy():
                return await self._answer(request, request_id)
        except ClientGone:
            raise
        except AwsError as error:
            return encode_plain(error, protocol=self._protocol_of(request), request_id=request_id)
        except Exception:
            return self._answer_bug(request, request_id)

    async def _answer(self, request: HttpRequest, request_id: str) -> HttpResponse:
        """Who asks, what for, and what the service says: the steps of every AWS request."""
        identity = self._authenticator.identify(request)
        request = undo_codings(request, keeps_compression=identity.signing_name in _STORES_BYTES)
        route = self._router.route(request, identity.signing_name)
        try:
            request_id = _chosen_request_id(request, route) or request_id
            call = self._call(request, identity, request_id)
            if route.raw is not None:
                return with_request_id(
                    await route.raw(call, request, route.labels), call.request_id
                )
            return await self._dispatch(call, request, route)
        except AwsError as error:
            return route.mount.wire.encode_error(
                error, protocol=route.protocol, request_id=request_id, operation=route.operation
            )

    async def _dispatch(self, call: Call, request: HttpRequest, route: Route) -> HttpResponse:
        """An operation by its codec: decode, validate, do, encode."""
        service = route.mount.service
        operation = service.operations.get(route.operation)
        if operation is None:
            raise not_built(service, route.operation)
        check_operation_limit(service.name, route.operation, request.body)
        codec = route.mount.wire.operation(route.operation, route.protocol)
        params = codec.decode(request, route.labels)
        codec.validate(params)
        refuse_rejected(service.name, route.operation, operation, params)
        result = await operation.handler(call, params)
        return codec.encode(result, request_id=call.request_id)

    def _call(self, request: HttpRequest, identity: Identity, request_id: str) -> Call:
        caller = identity.caller
        if not identity.names_region:
            caller = self._authenticator.placed(caller, self._router.region_of(request))
        host = request.headers.get("host", "")
        endpoint = host if _HOST.fullmatch(host) else "localhost"
        return Call(
            scope=caller.scope,
            caller=caller,
            request_id=request_id,
            endpoint=f"http://{endpoint}",
            headers=request.headers,
        )

    def _protocol_of(self, request: HttpRequest) -> str:
        try:
            signing_name = self._authenticator.identify(request).signing_name
        except AwsError:
            signing_name = None
        return self._router.protocol_of(request, signing_name)

    def _answer_bug(self, request: HttpRequest, request_id: str) -> HttpResponse:
        """Log the exception being handled under the request's id, and answer with the id."""
        _log.exception(
            "A request failed by a fault of Lambent's",
            extra={"request_id": request_id, "method": request.method, "path": request.path},
        )
        error = InternalFailure(f"This is a fault of Lambent's. Its log has it under {request_id}.")
        return encode_plain(error, protocol=self._protocol_of(request), request_id=request_id)


def _chosen_request_id(request: HttpRequest, route: Route) -> str | None:
    """The id that the client gives its own invocation."""
    chosen = request.headers.get("x-amzn-requestid")
    if chosen is None or (route.mount.name, route.operation) not in _CLIENT_NAMES_REQUEST:
        return None
    if not _UUID.fullmatch(chosen):
        raise InvalidRequestContentException(f"The request id {chosen} is not a UUID.")
    return chosen
