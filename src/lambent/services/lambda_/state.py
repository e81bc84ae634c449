"""What Lambda's operations work on: all functions in memory, and the one way to change them."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Protocol, TypeVar

from lambent.core.clock import Clock
from lambent.core.identity import Scope
from lambent.core.ids import IdSource
from lambent.core.store.api import Store, Transaction
from lambent.invoke.functions import Retirer
from lambent.services.lambda_ import storage
from lambent.services.lambda_.errors import function_not_found
from lambent.services.lambda_.names import function_arn
from lambent.services.lambda_.records import Function
from lambent.services.lambda_.statements import SCHEMA

T = TypeVar("T")

Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Starts a task that somebody owns."""

Decide = Callable[[Function | None], Function | None]
"""From a function as it is (None: there is none) to what it shall be (None: gone). May raise."""

Also = Callable[[Transaction, Function | None], None]
"""More to write in the transaction of a change; is given what the function shall be."""

Removed = Callable[[Transaction, Function, str | None], None]
"""Deletes what belongs to a function (None), or to a version or alias of it, that goes away."""

Changed = Callable[[Function | None, Function | None], None]
"""Told of a function before and after a change that has become durable."""


class Blobs(Protocol):
    """Where zips are kept, named by their SHA-256 in hex."""

    async def put(self, data: bytes) -> str:
        """Keep `data`, durably; its digest."""
        ...

    async def delete(self, digest: str) -> None:
        """Forget a blob; one that is not there is no error."""
        ...

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work off the loop."""
        ...


class LambdaState:
    """All functions, and the store they are in.

    Invariant: the view holds what the store holds as of the last change acknowledged; it changes
    after the commit and before whoever asked for the change goes on. Changes of one function are
    made one after another, so that a decision is made on what will still be true when it is
    written. A change that has begun is carried out even if who asked for it is cancelled.
    """

    def __init__(
        self,
        *,
        store: Store,
        blobs: Blobs,
        clock: Clock,
        ids: IdSource,
        spawn: Spawn,
        retirer: Retirer,
    ) -> None:
        self.store = store
        self.clock = clock
        self.ids = ids
        self._blobs = blobs
        self._spawn = spawn
        self._retirer = retirer
        self._functions: dict[tuple[Scope, str], Function] = {}
        self._turns: dict[tuple[Scope, str], asyncio.Lock] = {}
        self._waiting: Counter[tuple[Scope, str]] = Counter()
        self._removed: list[Removed] = []
        self._changed: list[Changed] = []
        self._keepers: list[Callable[[str], bool]] = []
        self._pins: Counter[str] = Counter()
        self._blob_turn = asyncio.Lock()

    async def open(self) -> None:
        """Bring the tables up to date and read every function."""
        await self.store.migrate(SCHEMA)
        for function in await self.store.read(storage.load):
            self._functions[function.scope, function.name] = function

    # Reading: from memory, never waits

    def now_ms(self) -> int:
        return int(self.clock.now() * 1000)

    def find(self, scope: Scope, name: str) -> Function | None:
        return self._functions.get((scope, name))

    def function(self, scope: Scope, name: str, qualifier: str | None = None) -> Function:
        """The function of this name.

        Raises ResourceNotFoundException, naming `qualifier` too if one is given (but does not
        check that there is such a version: see `Function.version_of`).
        """
        if (function := self.find(scope, name)) is None:
            raise function_not_found(function_arn(scope, name, qualifier))
        return function

    def functions_in(self, scope: Scope) -> list[Function]:
        """The functions of an account and region, by name."""
        found = (function for (where, _), function in self._functions.items() if where == scope)
        return sorted(found, key=lambda function: function.name)

    def all_functions(self) -> list[Function]:
        return list(self._functions.values())

    # Changing

    async def change(
        self, scope: Scope, name: str, decide: Decide, also: Also | None = None
    ) -> Function | None:
        """Make a function what `decide` says; return once that is durable and seen by all.

        Whatever `decide` or `also` raises is raised here, and nothing has changed.
        """
        done: asyncio.Future[Function | None] = asyncio.get_running_loop().create_future()
        # Whoever asked may be gone when it fails; the exception counts as seen all the same.
        done.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        self._spawn(self._carry_out(scope, name, decide, also, done))
        return await asyncio.shield(done)

    async def change_existing(
        self,
        scope: Scope,
        name: str,
        decide: Callable[[Function], Function],
        *,
        qualifier: str | None = None,
        also: Also | None = None,
    ) -> Function:
        """`change` for a function that must be there and stays.

        Raises ResourceNotFoundException, naming `qualifier` too if one is given.
        """

        def decide_existing(before: Function | None) -> Function:
            if before is None:
                raise function_not_found(function_arn(scope, name, qualifier))
            return decide(before)

        after = await self.change(scope, name, decide_existing, also)
        assert after is not None  # decide_existing never returns None
        return after

    def when_removed(self, delete: Removed) -> None:
        """Have `delete` called in the transaction in which a function, version or alias goes."""
        self._removed.append(delete)

    def when_changed(self, tell: Changed) -> None:
        """Have `tell` called after each change, before it is acknowledged."""
        self._changed.append(tell)

    async def _carry_out(
        self,
        scope: Scope,
        name: str,
        decide: Decide,
        also: Also | None,
        done: asyncio.Future[Function | None],
    ) -> None:
        try:
            async with self._turn((scope, name)):
                before = self.find(scope, name)
                after = decide(before)
                if after != before or also is not None:
                    await self.store.write(lambda tx: self._write(tx, before, after, also))
                    await self._publish(before, after)
        except asyncio.CancelledError:
            done.cancel()
            raise
        except Exception as error:
            # Not lost: it is raised where the change was asked for.
            done.set_exception(error)
        else:
            done.set_result(after)

    def _write(
        self, tx: Transaction, before: Function | None, after: Function | None, also: Also | None
    ) -> None:
        for function, qualifier in _gone(before, after):
            for delete in self._removed:
                delete(tx, function, qualifier)
        if before is not None and after is None:
            storage.remove(tx, before)
        elif after is not None:
            storage.save(tx, before, after)
        if also is not None:
            also(tx, after)

    async def _publish(self, before: Function | None, after: Function | None) -> None:
        subject = after or before
        if subject is None:
            return
        key = (subject.scope, subject.name)
        if after is None:
            self._functions.pop(key, None)
        else:
            self._functions[key] = after
        for tell in self._changed:
            tell(before, after)
        if before is None:
            return
        kept = {content.key for content in after.contents()} if after else set()
        for spec_key in {content.key for content in before.contents()} - kept:
            self._retirer.retire(spec_key)
        digests = {content.code.digest for content in after.contents()} if after else set()
        for digest in {content.code.digest for content in before.contents()} - digests:
            await self.release(digest)

    @contextlib.asynccontextmanager
    async def _turn(self, key: tuple[Scope, str]) -> AsyncIterator[None]:
        self._waiting[key] += 1
        try:
            async with self._turns.setdefault(key, asyncio.Lock()):
                yield
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
                self._turns.pop(key, None)

    # Zips

    async def put_blob(self, data: bytes) -> str:
        """Keep a zip; to be called while it is `pinned`, until something refers to it."""
        async with self._blob_turn:
            return await self._blobs.put(data)

    async def off_loop(self, work: Callable[[], T]) -> T:
        """Run blocking work, such as reading a zip, off the loop."""
        return await self._blobs.run(work)

    @contextlib.contextmanager
    def pinned(self, digest: str) -> Iterator[None]:
        """Keep a blob from being collected although nothing refers to it yet."""
        self._pins[digest] += 1
        try:
            yield
        finally:
            self._pins[digest] -= 1
            if not self._pins[digest]:
                del self._pins[digest]

    def keep_blobs(self, keeps: Callable[[str], bool]) -> None:
        """Have `keeps` asked whether a blob is still referred to, before it is collected."""
        self._keepers.append(keeps)

    async def release(self, digest: str) -> None:
        """Collect a blob if nothing refers to it any more."""
        async with self._blob_turn:
            if not self._is_used(digest):
                await self._blobs.delete(digest)

    def _is_used(self, digest: str) -> bool:
        return (
            digest in self._pins
            or any(keeps(digest) for keeps in self._keepers)
            or any(
                content.code.digest == digest
                for function in self._functions.values()
                for content in function.contents()
            )
        )


def _gone(before: Function | None, after: Function | None) -> Iterator[tuple[Function, str | None]]:
    """What of `before` is not in `after`: versions and aliases, or the whole function (None)."""
    if before is None:
        return
    if after is None:
        yield before, None
        return
    for qualifier in [*before.versions, *before.aliases]:
        if qualifier not in after.versions and qualifier not in after.aliases:
            yield before, qualifier
