"""How functions change: one after another, durably, whoever goes away; and what follows."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lambent.core.clock import VirtualClock
from lambent.core.errors import AwsError
from lambent.core.identity import Caller, Scope
from lambent.core.ids import IdSource
from lambent.core.store.sqlite import SqliteStore
from lambent.fleet.spec import FunctionSpec
from lambent.services.contract import Call
from lambent.services.lambda_.code import CodeLinks, check_request_size
from lambent.services.lambda_.directory import Directory, rekeyed
from lambent.services.lambda_.lifecycle import Lifecycle, created, settled, updated
from lambent.services.lambda_.publishing import unchanged_since, with_published
from lambent.services.lambda_.records import (
    Alias,
    Code,
    Configuration,
    Content,
    Function,
    Logging,
    State,
    UpdateStatus,
)
from lambent.services.lambda_.state import LambdaState

T = TypeVar("T")
SCOPE = Scope()
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


@dataclass
class Blobs:
    deleted: list[str] = field(default_factory=list)

    async def put(self, data: bytes) -> str:
        return data.decode()

    async def delete(self, digest: str) -> None:
        self.deleted.append(digest)

    async def run(self, work: Callable[[], T]) -> T:
        return work()


class Retired(list[str]):
    def retire(self, spec_key: str) -> None:
        self.append(spec_key)


@dataclass
class Parts:
    state: LambdaState
    blobs: Blobs
    retired: Retired
    spawn: Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    store = SqliteStore(tmp_path / "db")
    await store.open()
    blobs, retired = Blobs(), Retired()
    async with asyncio.TaskGroup() as group:

        def spawn(work: Coroutine[Any, Any, None]) -> None:
            group.create_task(work)

        state = LambdaState(
            store=store,
            blobs=blobs,
            clock=VirtualClock(),
            ids=IdSource(1),
            spawn=spawn,
            retirer=retired,
        )
        await state.open()
        yield Parts(state, blobs, retired, spawn)
    await store.close()


def content(key: str = "key", digest: str = "aa", **changes: Any) -> Content:
    configuration = Configuration(
        runtime="python3.12", handler="app.handler", role="role", logging=Logging(group="g")
    )
    return Content(
        key=key,
        code=Code(digest=digest, size=1, uncompressed_size=1),
        configuration=replace(configuration, **changes),
    )


def function(**changes: Any) -> Function:
    latest = settled(created("$LATEST", content(), "r1", 0), None, "r2")
    return replace(
        Function(id="id", scope=SCOPE, name="f", versions={"$LATEST": latest}), **changes
    )


async def _make(parts: Parts, made: Function) -> None:
    await parts.state.change(SCOPE, "f", lambda _before: made)


async def test_what_is_decided_is_seen_and_read_back(parts: Parts) -> None:
    made = with_published(function(tags={"a": "b"}, reserved_concurrency=3), parts.state)
    made = made.with_alias(
        Alias(name="live", version="1", description="", revision_id="r", weights={})
    )
    await _make(parts, made)
    again = LambdaState(
        store=parts.state.store,
        blobs=parts.blobs,
        clock=parts.state.clock,
        ids=IdSource(2),
        spawn=parts.spawn,
        retirer=parts.retired,
    )
    await again.open()
    assert again.find(SCOPE, "f") == parts.state.find(SCOPE, "f") == made


async def test_a_decision_that_raises_changes_nothing(parts: Parts) -> None:
    await _make(parts, function())

    def decide(_before: Function | None) -> Function:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await parts.state.change(SCOPE, "f", decide)
    assert parts.state.find(SCOPE, "f") == function()


async def test_a_transaction_that_raises_changes_nothing(parts: Parts) -> None:
    def also(_tx: Any, _after: Function | None) -> None:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await parts.state.change(SCOPE, "f", lambda _before: function(), also)
    assert parts.state.find(SCOPE, "f") is None


async def test_changes_of_one_function_follow_one_another(parts: Parts) -> None:
    await _make(parts, function(reserved_concurrency=0))

    def more(before: Function) -> Function:
        return replace(before, reserved_concurrency=(before.reserved_concurrency or 0) + 1)

    await asyncio.gather(*(parts.state.change_existing(SCOPE, "f", more) for _ in range(20)))
    assert parts.state.function(SCOPE, "f").reserved_concurrency == 20


async def test_a_change_is_carried_out_although_who_asked_is_gone(parts: Parts) -> None:
    seen = asyncio.Event()
    parts.state.when_changed(lambda _before, _after: seen.set())
    asking = asyncio.ensure_future(parts.state.change(SCOPE, "f", lambda _before: function()))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await seen.wait()
    assert parts.state.find(SCOPE, "f") == function()


async def test_what_belongs_to_what_goes_is_deleted_with_it(parts: Parts) -> None:
    gone: list[str | None] = []
    parts.state.when_removed(lambda _tx, _function, qualifier: gone.append(qualifier))
    made = with_published(function(), parts.state).with_alias(
        Alias(name="live", version="1", description="", revision_id="r")
    )
    await _make(parts, made)
    await parts.state.change_existing(SCOPE, "f", lambda before: before.without_alias("live"))
    await parts.state.change_existing(SCOPE, "f", lambda before: before.without_version("1"))
    await parts.state.change(SCOPE, "f", lambda _before: None)
    assert gone == ["live", "1", None]


async def test_environments_and_zips_go_with_the_last_that_needs_them(parts: Parts) -> None:
    made = with_published(function(), parts.state)
    await _make(parts, made)
    await parts.state.change_existing(SCOPE, "f", lambda before: before.without_version("1"))
    assert parts.retired == [made.versions["1"].content.key]
    assert parts.blobs.deleted == []
    with parts.state.pinned("aa"):
        await parts.state.change(SCOPE, "f", lambda _before: None)
        assert parts.blobs.deleted == []
    await parts.state.release("aa")
    assert parts.retired[1:] == ["key"]
    assert parts.blobs.deleted == ["aa"]


async def test_the_old_content_serves_until_the_new_is_ready(parts: Parts) -> None:
    directory = Directory(parts.state)
    await _make(parts, function())

    def update(before: Function) -> Function:
        return before.with_version(updated(before.latest, content("new", timeout_s=9), "r3", 1))

    def finish(before: Function) -> Function:
        return before.with_version(settled(before.latest, None, "r4"))

    assert directory.target(SCOPE, "f", None).version.spec.key == "key"
    await parts.state.change_existing(SCOPE, "f", update)
    assert directory.target(SCOPE, "f", None).version.spec.key == "key"
    assert parts.retired == []
    await parts.state.change_existing(SCOPE, "f", finish)
    assert directory.target(SCOPE, "f", None).version.spec.key == "new"
    assert parts.retired == ["key"]


def test_a_failed_update_leaves_the_old_content_serving() -> None:
    latest = updated(function().latest, content("new"), "r3", 1)
    failed = settled(latest, "bad zip", "r4")
    assert failed.served.key == "key"
    assert (failed.state, failed.last_update) == (State.ACTIVE, UpdateStatus.FAILED)
    assert (failed.last_update_reason, failed.last_update_reason_code) == (
        "bad zip",
        "InvalidZipFileException",
    )


async def test_an_alias_leads_to_both_its_versions(parts: Parts) -> None:
    directory = Directory(parts.state)
    one = with_published(function(), parts.state)
    changed = one.with_version(replace(one.latest, content=content("k2", digest="bb")))
    two = with_published(changed, parts.state)
    await _make(
        parts,
        two.with_alias(
            Alias(name="live", version="1", description="", revision_id="r", weights={"2": 0.25})
        ),
    )
    target = directory.target(SCOPE, "f", "live")
    assert target.invoked_arn == f"{ARN}:live"
    assert target.version.spec.version == "1"
    assert target.alternate is not None
    assert (target.alternate[0].spec.version, target.alternate[1]) == ("2", 0.25)


@pytest.mark.parametrize(("qualifier", "shown"), [(None, "$LATEST"), ("7", "7"), ("a", "a")])
async def test_an_unknown_target_is_named(parts: Parts, qualifier: str | None, shown: str) -> None:
    with pytest.raises(AwsError) as refused:
        Directory(parts.state).target(SCOPE, "f", qualifier)
    assert refused.value.message == f"Function not found: {ARN}:{shown}"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"description": "other"}, "key"),
        ({"dead_letter_arn": "arn"}, "key"),
        ({"timeout_s": 9}, "new"),
        ({"variables": {"A1": "b"}}, "new"),
        ({"digest": "bb"}, "new"),
        ({"memory_mb": 256}, "new"),
    ],
)
def test_only_what_environments_can_see_has_another_key(changes: dict[str, Any], key: str) -> None:
    assert rekeyed(content(**changes), content(), "new").key == key


async def test_unchanged_is_published_once(parts: Parts) -> None:
    one = with_published(function(), parts.state, "described")
    assert with_published(one, parts.state) is one
    assert unchanged_since(one) == one.versions["1"]
    other = one.with_version(replace(one.latest, content=content(description="new")))
    assert with_published(other, parts.state).next_version == 3


async def test_pending_versions_are_led_to_their_end(parts: Parts) -> None:
    prepared: list[FunctionSpec] = []

    async def prepare(spec: FunctionSpec) -> None:
        prepared.append(spec)

    lifecycle = Lifecycle(parts.state, prepare, parts.spawn)
    pending = function(versions={"$LATEST": created("$LATEST", content(), "r", 0)})
    directory = Directory(parts.state)
    await _make(parts, pending)
    await lifecycle.active(directory.target(SCOPE, "f", None).version)
    assert directory.target(SCOPE, "f", None).version.state == "Active"
    assert [spec.key for spec in prepared] == ["key"]


async def test_links_to_code_are_signed_and_expire() -> None:
    clock = VirtualClock()
    links = CodeLinks(clock, b"secret")
    call = Call(
        scope=SCOPE, caller=Caller(scope=SCOPE), request_id="r", endpoint="http://h:1", headers={}
    )
    path, _, query = links.location(call, "aa").partition("?")
    assert path == "http://h:1/_lambent/code/aa"
    assert links.allows("aa", query)
    assert not links.allows("bb", query)
    assert not links.allows("aa", query.replace("expires=1", "expires=2"))
    assert not CodeLinks(clock, b"other").allows("aa", query)
    await clock.advance(601)
    assert not links.allows("aa", query)


def test_a_request_that_aws_would_not_read_is_refused() -> None:
    check_request_size("CreateFunction", {"content-length": "70167211"})
    with pytest.raises(AwsError) as refused:
        check_request_size("CreateFunction", {"content-length": "70167212"})
    assert (refused.value.code, refused.value.status) == ("RequestEntityTooLargeException", 413)
    assert refused.value.message == (
        "Request must be smaller than 70167211 bytes for the CreateFunction operation"
    )
