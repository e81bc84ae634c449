"""States of a version: the table, and the task that leads each new content to its end.

create, publish → Pending ──ready──→ Active       (LastUpdateStatus Successful)
                     └─────failed──→ Failed
update          → InProgress ──ready──→ Successful (the new content serves)
                     └────────failed──→ Failed     (the old content serves on)
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial

from lambent.core.errors import AwsError
from lambent.fleet.spec import FunctionSpec
from lambent.invoke.functions import VersionRecord
from lambent.services.lambda_.directory import spec_of
from lambent.services.lambda_.errors import in_state, update_in_progress
from lambent.services.lambda_.records import Content, Function, State, UpdateStatus, Version
from lambent.services.lambda_.state import LambdaState, Spawn

Prepare = Callable[[FunctionSpec], Awaitable[None]]
"""Makes a version's package ready to run. Raises AwsError or ValueError when it cannot be."""


class Event(StrEnum):
    """What happens to a version's content."""

    READY = "ready"
    FAILED = "failed"


STATES = {
    (State.PENDING, Event.READY): State.ACTIVE,
    (State.PENDING, Event.FAILED): State.FAILED,
    (State.ACTIVE, Event.READY): State.ACTIVE,
    (State.ACTIVE, Event.FAILED): State.ACTIVE,
    # A function whose creation failed is mended by an update of its code.
    (State.FAILED, Event.READY): State.ACTIVE,
    (State.FAILED, Event.FAILED): State.FAILED,
}

# AWS: updates answer with the words of a creation (recorded November 2025).
_CREATING_REASON, _CREATING_CODE = "The function is being created.", "Creating"
_BAD_PACKAGE = "InvalidZipFileException"


def created(version: str, content: Content, revision_id: str, now_ms: int) -> Version:
    """A version as CreateFunction and PublishVersion begin it."""
    return Version(
        version=version,
        revision_id=revision_id,
        modified_ms=now_ms,
        content=content,
        state=State.PENDING,
        state_reason=_CREATING_REASON,
        state_reason_code=_CREATING_CODE,
    )


def updated(version: Version, content: Content, revision_id: str, now_ms: int) -> Version:
    """A version as an update of its code or configuration begins."""
    return replace(
        version,
        revision_id=revision_id,
        modified_ms=now_ms,
        content=content,
        serving=version.served if version.served.key != content.key else None,
        last_update=UpdateStatus.IN_PROGRESS,
        last_update_reason=_CREATING_REASON,
        last_update_reason_code=_CREATING_CODE,
    )


def settled(version: Version, failure: str | None, revision_id: str) -> Version:
    """A version once its content is ready, or has proved unfit (`failure` says why)."""
    event = Event.READY if failure is None else Event.FAILED
    state = STATES[version.state, event]
    failed = state is State.FAILED
    code = None if failure is None else _BAD_PACKAGE
    return replace(
        version,
        revision_id=revision_id,
        state=state,
        state_reason=failure if failed else None,
        state_reason_code=code if failed else None,
        serving=version.serving if failure is not None else None,
        last_update=UpdateStatus.SUCCESSFUL if failure is None else UpdateStatus.FAILED,
        last_update_reason=failure,
        last_update_reason_code=code,
    )


def is_settled(version: Version) -> bool:
    """Whether nothing is under way."""
    return (
        version.state is not State.PENDING and version.last_update is not UpdateStatus.IN_PROGRESS
    )


def check_settled(function: Function) -> None:
    """Raises ResourceConflictException while $LATEST cannot be changed or published."""
    latest = function.latest
    if latest.state is State.PENDING:
        raise in_state(latest.state)
    if latest.last_update is UpdateStatus.IN_PROGRESS:
        raise update_in_progress(function.arn)


class Lifecycle:
    """Leads versions from Pending and InProgress to their end, as soon as they are committed."""

    def __init__(self, state: LambdaState, prepare: Prepare, spawn: Spawn) -> None:
        self._state = state
        self._prepare = prepare
        self._spawn = spawn
        self._under_way: dict[str, asyncio.Event] = {}
        state.when_changed(self._changed)

    def resume(self) -> None:
        """Take up what the process that was here before left unfinished."""
        for function in self._state.all_functions():
            self._changed(None, function)

    async def active(self, version: VersionRecord) -> None:
        """Return once a Pending version has become Active or Failed, or is gone."""
        if (done := self._under_way.get(version.spec.key)) is not None:
            await done.wait()

    def _changed(self, _before: Function | None, after: Function | None) -> None:
        for version in after.versions.values() if after else ():
            if not is_settled(version) and version.content.key not in self._under_way:
                self._under_way[version.content.key] = asyncio.Event()
                assert after is not None  # it has versions
                self._spawn(self._settle(after, version))

    async def _settle(self, function: Function, version: Version) -> None:
        key = version.content.key
        try:
            with self._state.clock.busy():
                failure = await self._failure(function, version)
                await self._state.change(
                    function.scope,
                    function.name,
                    partial(self._decide, function.id, version, failure),
                )
        finally:
            self._under_way.pop(key).set()
        # A change of what environments do not see keeps the key, and may have come meanwhile.
        self._changed(None, self._state.find(function.scope, function.name))

    async def _failure(self, function: Function, version: Version) -> str | None:
        try:
            await self._prepare(spec_of(function, version, version.content))
        except (AwsError, ValueError) as error:
            return str(error) or type(error).__name__
        return None

    def _decide(
        self, function_id: str, begun: Version, failure: str | None, now: Function | None
    ) -> Function | None:
        if now is None or now.id != function_id:
            return now
        version = now.versions.get(begun.version)
        if version is None or version.content != begun.content or is_settled(version):
            return now
        return now.with_version(settled(version, failure, self._state.ids.uuid()))
