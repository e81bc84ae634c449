"""The runtime seam: how an environment talks to the runtime inside its sandbox.

Order: `RuntimeFamily.open` makes the sandbox; `RuntimeHost.boot` starts a runtime process in it,
again after a failure (same sandbox, same /tmp); then `RuntimeProcess.initialised` once, and
`invoke` → `idle` for each event, never two at a time.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from lambent.fleet.sandbox.api import Exit
from lambent.fleet.spec import Boot


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event for the runtime. `payload` is JSON text, opaque to us.

    `client_context` and `cognito_identity` are JSON texts. `trace_header` is the X-Ray header.
    """

    request_id: str
    payload: bytes
    deadline_ms: int
    invoked_function_arn: str
    trace_header: str = ""
    client_context: str | None = None
    cognito_identity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The function's result, whole."""

    payload: bytes
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFailure:
    """A function that failed after its response had begun. `body` is the error's JSON."""

    error_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedResponse:
    """A result that comes in pieces. `failure` is final once `chunks` is exhausted."""

    chunks: AsyncIterator[bytes]
    content_type: str
    failure: Callable[[], StreamFailure | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionFailure:
    """The runtime reported that the handler (or its import) failed. `payload` is its JSON error.

    `platform_text` is set instead where there was no runtime to report anything.
    """

    error_type: str
    payload: bytes = b""
    xray_cause: str | None = None
    platform_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTooLarge:
    """The function's result was larger than the limit, and was not kept."""

    limit_bytes: int


Answer = Response | StreamedResponse | FunctionFailure | ResponseTooLarge | Exit


class Output(Protocol):
    """Where a runtime's output goes, as it comes; called on the loop.

    All that a program wrote before it answered reaches the Output before the answer is returned.
    """

    def written(self, data: bytes) -> None:
        """Raw bytes of standard output or error, cut anywhere."""
        ...

    def framed(self, frame_type: int, timestamp_us: int, message: bytes) -> None:
        """One whole log record of a runtime that frames them (types: see awslambdaric)."""
        ...


class RuntimeProcess(Protocol):
    """A runtime process, from its start to its end."""

    @property
    def at_rest(self) -> bool:
        """Whether it asks for its next event already: `idle` would return None at once."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet, as far as is known without waiting."""
        ...

    async def initialised(self) -> FunctionFailure | Exit | None:
        """Wait for the init phase to end: None when the runtime asks for its first event."""
        ...

    async def invoke(self, event: Event) -> Answer:
        """Hand over an event and wait for the answer (for a stream: for its beginning)."""
        ...

    async def idle(self) -> Exit | None:
        """Wait until the runtime can take the next event; Exit when it ended instead."""
        ...

    async def exited(self) -> Exit: ...

    async def stop(self, grace_s: float) -> Exit:
        """SIGTERM, then SIGKILL after `grace_s` (0: at once), for all it started."""
        ...


class RuntimeHost(Protocol):
    """A sandbox made ready for one runtime; lives as long as the environment."""

    async def boot(self, output: Output) -> RuntimeProcess: ...

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def memory_peak_bytes(self) -> int: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeChoice:
    """What a runtime identifier resolves to on this host.

    `version` is printed in INIT_START (`python:3.12.v…`); `warning` is set when the nearest version
    stands in for an absent one.
    """

    identifier: str
    version: str
    warning: str | None = None


class RuntimeFamily(Protocol):
    """A family of runtimes, such as Python or Node.js."""

    name: str

    def resolve(self, runtime: str) -> RuntimeChoice | str | None:
        """The choice for a runtime identifier; a sentence saying what is missing when this host
        cannot run it; None when the identifier is not of this family."""
        ...

    async def open(self, boot: Boot) -> RuntimeHost: ...
