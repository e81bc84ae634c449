"""The one door to a function: resolve → admit → environment → outcome."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from lambent.core.clock import Clock
from lambent.core.identity import Scope
from lambent.core.ids import IdSource
from lambent.fleet.environment import Environment, Invocation, Outcome, StreamOutcome
from lambent.fleet.fleet import Fleet, RuntimeUnavailable
from lambent.fleet.packages import BadPackage
from lambent.invoke.concurrency import Concurrency, Ticket
from lambent.invoke.errors import (
    InvalidRuntimeException,
    InvalidZipFileException,
    RecursiveInvocationException,
    ResourceConflictException,
)
from lambent.invoke.functions import FunctionDirectory, Target, VersionRecord
from lambent.invoke.recursion import LOOP_LIMIT, next_hop
from lambent.invoke.streaming import StreamRelay
from lambent.invoke.trace_header import header_for_function, parse_trace_header

Spawn = Callable[[Coroutine[Any, Any, None]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeRequest:
    """One request to run a function. `payload` is JSON text that has been checked."""

    request_id: str
    payload: bytes
    qualifier: str | None = None
    trace_header: str | None = None
    client_context: str | None = None
    log_tail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoked:
    """A finished invocation and the version that ran."""

    executed_version: str
    trace_header: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamInvoked:
    """An invocation whose response is on its way. `outcome` is there once `chunks` is exhausted."""

    executed_version: str
    trace_header: str
    content_type: str
    chunks: AsyncIterator[bytes]
    outcome: Callable[[], Outcome]


class Dispatch:
    """Runs functions. Knows the three models' common part and nothing of how a request came."""

    def __init__(
        self,
        *,
        directory: FunctionDirectory,
        fleet: Fleet,
        concurrency: Concurrency,
        clock: Clock,
        ids: IdSource,
        spawn: Spawn,
        active: Callable[[VersionRecord], Awaitable[None]],
    ) -> None:
        self._directory = directory
        self._fleet = fleet
        self._concurrency = concurrency
        self._clock = clock
        self._ids = ids
        self._spawn = spawn
        self._active = active

    async def invoke(self, scope: Scope, function_name: str, request: InvokeRequest) -> Invoked:
        """Run a function and wait for its result.

        A function that fails is an Outcome with an `error_type`, not an exception. Raises
        ResourceNotFoundException, ResourceConflictException (not active),
        TooManyRequestsException, RecursiveInvocationException, InvalidRuntimeException.
        """
        target = self._directory.target(scope, function_name, request.qualifier)
        version = self._choose(target)
        invocation = self._invocation(target, version, request)
        if version.state != "Active":
            version = await self._activated(scope, function_name, request, version)
        ticket = self._concurrency.admit(version)
        environment = await self._environment(version, ticket)
        try:
            outcome = await environment.invoke(invocation)
            if isinstance(outcome, StreamOutcome):
                outcome = await _collect(outcome)
        finally:
            await self._finish(environment, ticket)
        return Invoked(
            executed_version=version.spec.version,
            trace_header=invocation.trace_header,
            outcome=outcome,
        )

    async def invoke_streaming(
        self, scope: Scope, function_name: str, request: InvokeRequest
    ) -> StreamInvoked:
        """Run a function and hand its result on as it is made.

        The function runs to its end even if nobody reads the chunks any more, as on AWS.
        """
        target = self._directory.target(scope, function_name, request.qualifier)
        version = self._choose(target)
        invocation = self._invocation(target, version, request)
        if version.state != "Active":
            version = await self._activated(scope, function_name, request, version)
        ticket = self._concurrency.admit(version)
        environment = await self._environment(version, ticket)
        relay = StreamRelay()
        self._spawn(self._stream(environment, ticket, invocation, relay))
        content_type = await relay.begun()
        return StreamInvoked(
            executed_version=version.spec.version,
            trace_header=invocation.trace_header,
            content_type=content_type,
            chunks=relay.chunks(),
            outcome=relay.outcome,
        )

    def check(self, scope: Scope, function_name: str, qualifier: str | None) -> None:
        """What a DryRun checks: that the function is there."""
        self._directory.target(scope, function_name, qualifier)

    async def _stream(
        self,
        environment: Environment,
        ticket: Ticket,
        invocation: Invocation,
        relay: StreamRelay,
    ) -> None:
        try:
            outcome = await environment.invoke(invocation)
            if isinstance(outcome, StreamOutcome):
                await relay.pump(outcome)
            else:
                await relay.whole(outcome)
        except BaseException as error:
            relay.fail(error)
            raise
        finally:
            await self._finish(environment, ticket)

    def _choose(self, target: Target) -> VersionRecord:
        if target.alternate is not None:
            version, weight = target.alternate
            if self._ids.fraction() < weight:
                return version
        return target.version

    def _invocation(
        self, target: Target, version: VersionRecord, request: InvokeRequest
    ) -> Invocation:
        received = parse_trace_header(request.trace_header)
        hop = next_hop(received.lineage, version.function.arn)
        if hop.times_before >= LOOP_LIMIT and version.function.recursive_loop == "Terminate":
            raise RecursiveInvocationException(
                "Recursive invocation detected. Lambda stopped the invocation of "
                f"{version.function.arn} after {LOOP_LIMIT} invocations in the same chain."
            )
        header = header_for_function(
            received, lineage=hop.lineage, now=self._clock.now(), ids=self._ids
        )
        return Invocation(
            request_id=request.request_id,
            payload=request.payload,
            invoked_arn=target.invoked_arn,
            trace_header=str(header),
            client_context=request.client_context,
            log_tail=request.log_tail,
        )

    async def _activated(
        self, scope: Scope, function_name: str, request: InvokeRequest, version: VersionRecord
    ) -> VersionRecord:
        """Wait out a creation under way, which takes milliseconds here; then the state decides."""
        if version.state == "Pending":
            await self._active(version)
            target = self._directory.target(scope, function_name, request.qualifier)
            version = self._choose(target)
        if version.state != "Active":
            raise ResourceConflictException(
                "The operation cannot be performed at this time. The function is currently in "
                f"the following state: {version.state}"
            )
        return version

    async def _environment(self, version: VersionRecord, ticket: Ticket) -> Environment:
        if (idle := self._fleet.take_idle(version.spec)) is not None:
            return idle
        try:
            return await self._fleet.take(version.spec)
        except RuntimeUnavailable as missing:
            ticket.release()
            raise InvalidRuntimeException(str(missing)) from missing
        except BadPackage as damaged:
            ticket.release()
            raise InvalidZipFileException(str(damaged)) from damaged
        except BaseException:
            ticket.release()
            raise

    async def _finish(self, environment: Environment, ticket: Ticket) -> None:
        """Give the environment back, at once when its runtime is at rest, else as soon as it is."""
        if environment.at_rest:
            try:
                self._fleet.give_back_rested(environment)
            finally:
                ticket.release()
        else:
            self._spawn(self._finish_later(environment, ticket))

    async def _finish_later(self, environment: Environment, ticket: Ticket) -> None:
        try:
            await self._fleet.give_back(environment)
        finally:
            ticket.release()


async def _collect(stream: StreamOutcome) -> Outcome:
    """A streamed result for a caller that wants it whole."""
    parts = [chunk async for chunk in stream.chunks]
    outcome = stream.outcome()
    if outcome.error_type is not None:
        return outcome
    return Outcome(
        payload=b"".join(parts), content_type=stream.content_type, log_tail=outcome.log_tail
    )
