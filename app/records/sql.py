"""The little of SQL that the records ask of a database, so that a second one can stand in for the first."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Cursor(Protocol):
    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """`?` stands for a value."""

    def execute(self, sql: str, values: Sequence[object] = ..., /) -> Cursor: ...
    def executemany(self, sql: str, rows: Iterable[Sequence[object]], /) -> Cursor: ...


Job = Callable[[Connection], T]


class Database(Protocol):
    """Raises `RecordsUnavailable` when the database cannot serve, `Conflict` when a row breaks its constraints."""

    @property
    def several(self) -> bool:
        """Whether several services may answer from it at a time."""
        ...

    @property
    def trouble(self) -> str:
        """Why the newest write was not taken, for `/readyz`; empty when it was."""
        ...

    async def open(self) -> None:
        """Brings the tables up to this release."""
        ...

    async def close(self) -> None: ...
    def serve(self) -> bool:
        """This process answers questions from now on -> whether no other one does. Waits: for a worker thread."""
        ...

    async def write(self, job: Job[T]) -> T:
        """Run the job in the writer's transaction; returns when it is durable.

        What the job raises undoes this job alone. It may be run a second time, so it changes nothing but its rows.
        """
        ...

    async def read(self, job: Job[T]) -> T:
        """Run the job in a worker thread, on one snapshot."""
        ...

    def read_now(self, job: Job[T]) -> T:
        """The same, here and now: for callers that are in a worker thread already."""
        ...

    def rows(self, sql: str, values: Sequence[object]) -> list[Any]:
        """What one statement reads, here and now: it is a snapshot by itself, and spares the transaction."""
        ...


def among(values: Sequence[object]) -> str:
    """-> `IN (?,?,?)`; of no values, what is in no list."""
    return f"IN ({','.join('?' * len(values)) or 'NULL'})"


def slices(values: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    """Databases take only so many values in one statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
