"""The store's seam: what a service may ask of the database, whichever it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Params = Mapping[str, Any] | Sequence[Any]


class Row(Protocol):
    """A row, by column name or position."""

    def __getitem__(self, key: str | int, /) -> Any: ...

    def keys(self) -> list[str]: ...


class Transaction(Protocol):
    """Statements run inside one unit of work. Not to be kept after the work returns.

    Statements are constants of a service's `statements.py` in the common subset of SQLite and
    PostgreSQL, with `:name` parameters.
    """

    def execute(self, statement: str, params: Params = ()) -> int:
        """Run a statement; the number of rows it changed."""
        ...

    def execute_many(self, statement: str, rows: Sequence[Params]) -> None:
        """Run a statement once for each of `rows`."""
        ...

    def one(self, statement: str, params: Params = ()) -> Row | None:
        """The first row, or None."""
        ...

    def all(self, statement: str, params: Params = ()) -> list[Row]:
        """Every row."""
        ...


@dataclass(frozen=True, slots=True)
class Schema:
    """A service's tables: `versions[n]` is the SQL script that leads from version n to n + 1.

    Versions are only ever appended to. The scripts run once each, in order, in one transaction.
    """

    name: str
    versions: tuple[str, ...]


class Store(Protocol):
    """One database. Its work runs on the store's own threads, in the order it was handed in."""

    async def migrate(self, schema: Schema) -> None:
        """Bring a service's tables to the newest version."""
        ...

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` and return its value once it is on disk (committed and fsynced).

        Works handed in while a commit is under way share the next one; each is undone alone if it
        raises, and its exception is raised here. `work` must not wait and must not touch the loop.
        """
        ...

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` against the last committed state; it sees every write acknowledged so far."""
        ...
