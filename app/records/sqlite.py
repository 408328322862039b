"""SQLite as the records' database: its settings, its errors and its transactions stay in this file."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from app.core.errors import Conflict, RailDebugError, RecordsUnavailable
from app.records import migrations
from app.records.commit import GroupCommit, Write
from app.records.sql import Connection, Job

T = TypeVar("T")

READERS = 4  # threads of `read`; `read_now` brings its own
PRAGMAS = (
    "PRAGMA busy_timeout = 5000",  # first: the others may meet a second process that is writing
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # in WAL, NORMAL would lose acknowledged commits when the power fails
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -1024",  # kB for each connection; the rest is the system's page cache
    "PRAGMA journal_size_limit = 67108864",  # a large ingest does not leave a large log behind
    "PRAGMA temp_store = MEMORY",
)
STALE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB}


class Database:
    """One writing connection behind a group commit, and as many reading ones as there are readers at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: sqlite3.Connection | None = None
        self._idle: deque[sqlite3.Connection] = deque()
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="records-reader")
        self._group = GroupCommit(self._commit)
        self._open = False
        self.trouble = ""

    several = False  # the lock of the home keeps a second service out

    def serve(self) -> bool:
        return True

    async def open(self) -> None:
        """Raises `RecordsUnavailable` when the file cannot be used or belongs to a newer release."""
        await asyncio.to_thread(self._migrate)
        self._open = True
        self._group.start()

    async def close(self) -> None:
        """Commits what is queued, then lets go of the file."""
        if not self._open:
            return
        await self._group.close()
        self._open = False
        await asyncio.to_thread(self._pool.shutdown)
        while self._idle:
            self._idle.pop().close()
        if self._writer:
            self._writer.close()  # last: the last connection folds the log into the file

    async def write(self, job: Job[T]) -> T:
        return cast("T", await self._group.submit(job))

    async def read(self, job: Job[T]) -> T:
        self._must_be_open()
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.read_now, job)

    def read_now(self, job: Job[T]) -> T:
        def snapshot(connection: Connection) -> T:
            connection.execute("BEGIN")
            return job(connection)

        return self._lend(snapshot)

    def rows(self, sql: str, values: Sequence[object]) -> list[Any]:
        return self._lend(lambda connection: connection.execute(sql, values).fetchall())

    def _lend(self, job: Job[T]) -> T:
        connection = self._borrow()
        try:
            return job(connection)
        except sqlite3.Error as error:
            connection.close()  # the next reader looks at the file afresh
            raise self._ours(error) from error
        finally:
            self._give_back(connection)

    def _must_be_open(self) -> None:
        if not self._open:
            raise RecordsUnavailable("The records are closed.")

    def _borrow(self) -> sqlite3.Connection:
        self._must_be_open()
        try:
            return self._idle.pop()
        except IndexError:
            return self._reader()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        try:
            connection.rollback()
        except sqlite3.ProgrammingError:  # it was closed over an error
            return
        if self._open:
            self._idle.append(connection)
        else:
            connection.close()

    def _reader(self) -> sqlite3.Connection:
        try:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise self._ours(error) from error
        return connection

    def _connect(self, mode: str = "rw") -> sqlite3.Connection:
        """Only `open` makes the file: one that is gone for a while must not be replaced by an empty one."""
        place = f"{self.path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(
            place, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        for pragma in PRAGMAS:
            connection.execute(pragma)
        return connection

    def _migrate(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect(mode="rwc")
            moving = True
            while moving:
                self._writer.execute("BEGIN IMMEDIATE")
                moving = migrations.step(self._writer, binary="BLOB")
                self._writer.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._drop()
            raise self._ours(error) from error
        except RailDebugError:  # the file belongs to a newer release
            self._drop()
            raise

    def _commit(self, batch: list[Write]) -> None:
        try:
            self._together(batch)
            self.trouble = ""
        except sqlite3.Error as error:
            self._undo(error)
            if len(batch) > 1 and _code(error) != sqlite3.SQLITE_BUSY:
                for write in batch:  # one of them brought the whole transaction down: let it do so alone
                    self._commit([write])
            else:
                for write in batch:
                    write.error = self._ours(error)
                self.trouble = str(error)

    def _together(self, batch: list[Write]) -> None:
        if self._writer is None:
            self._writer = self._connect()
        self._writer.execute("BEGIN IMMEDIATE")
        for write in batch:
            self._attempt(self._writer, write)
        self._writer.execute("COMMIT")

    def _attempt(self, connection: sqlite3.Connection, write: Write) -> None:
        write.error = None
        connection.execute("SAVEPOINT job")
        try:
            write.value = write.job(connection)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and (_code(error) in STALE or not connection.in_transaction):
                raise  # no use going on: the connection is stale, or SQLite gave up the transaction
            connection.execute("ROLLBACK TO job")
            write.error = self._ours(error) if isinstance(error, sqlite3.Error) else error
        connection.execute("RELEASE job")

    def _undo(self, error: sqlite3.Error) -> None:
        if self._writer is not None and self._writer.in_transaction:
            with suppress(sqlite3.Error):
                self._writer.rollback()
        if _code(error) in STALE:  # the file may have been moved or mounted anew: look at it afresh next time
            self._drop()

    def _drop(self) -> None:
        if self._writer is not None:
            with suppress(sqlite3.Error):
                self._writer.close()
        self._writer = None

    def _ours(self, error: sqlite3.Error | OSError) -> RailDebugError:
        if isinstance(error, sqlite3.IntegrityError):
            return Conflict(f"The records refuse this row: {error}.")
        return RecordsUnavailable(f"{self.path}: {error}.")


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the family
