"""A connection to Postgres, in the words of `records.sql`: the driver's types and errors stay here."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from app.core.errors import Conflict, InvalidInput, RailDebugError, RecordsUnavailable
from app.records.sql import Cursor

if TYPE_CHECKING:
    import psycopg

SETTINGS = "-c synchronous_commit=on -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"
CONNECT_S = 3  # a server that is gone without a word is not waited for longer


@lru_cache(maxsize=512)
def spelled(sql: str) -> str:
    """`?` is `%s` here."""
    return sql.replace("%", "%%").replace("?", "%s")


class Wire:
    """A connection as `records.sql` knows it."""

    def __init__(self, inner: "psycopg.Connection[Any]") -> None:
        self.inner = inner

    def execute(self, sql: str, values: Sequence[object] = (), /) -> Cursor:
        return cast("Cursor", self.inner.execute(spelled(sql), tuple(values)))

    def executemany(self, sql: str, rows: Iterable[Sequence[object]], /) -> Cursor:
        cursor = self.inner.cursor()
        cursor.executemany(spelled(sql), [tuple(row) for row in rows])
        return cast("Cursor", cursor)

    @property
    def lost(self) -> bool:
        return bool(self.inner.closed or self.inner.broken)

    def undo(self) -> None:
        from psycopg.pq import TransactionStatus

        if not self.lost and self.inner.info.transaction_status != TransactionStatus.IDLE:
            self.inner.execute("ROLLBACK")

    def close(self) -> None:
        self.inner.close()


def connect(url: str) -> Wire:
    import psycopg

    inner: psycopg.Connection[Any] = psycopg.connect(
        url,
        autocommit=True,  # transactions are begun and ended by name, as in SQLite
        connect_timeout=CONNECT_S,
        application_name="rail-debug",
        options=SETTINGS,
        keepalives_idle=10,
        keepalives_interval=3,
        keepalives_count=3,
        tcp_user_timeout=10_000,
    )
    return Wire(inner)


def errors() -> "tuple[type[psycopg.Error]]":
    import psycopg

    return (psycopg.Error,)


def ours(error: "psycopg.Error") -> RailDebugError:
    import psycopg

    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, psycopg.IntegrityError):
        return Conflict(f"The records refuse this row: {said}.")
    if isinstance(error, psycopg.DataError):
        return InvalidInput(f"Postgres cannot keep this text: {said}.")
    return RecordsUnavailable(f"Postgres: {said}.")
