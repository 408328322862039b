"""Postgres as the records' database: its settings, its errors and its transactions stay in this file."""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar, cast

from app.core.errors import MissingExtra, RailDebugError, RecordsUnavailable
from app.records import migrations
from app.records.commit import GroupCommit, Write
from app.records.sql import Connection, Job
from app.records.wire import Wire, connect, errors, ours

T = TypeVar("T")

READERS = 8  # threads of `read`; `read_now` brings its own
WRITING, SERVING, MIGRATING = 0x7A11_0001, 0x7A11_0002, 0x7A11_0003  # advisory locks of one database
LOCK_NOT_AVAILABLE = "55P03"


class Database:
    """One writing connection behind a group commit, and as many reading ones as there are readers at a time.

    All processes take turns with their group commits, as they do in SQLite: what a job has read holds until it is
    committed.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._writer: Wire | None = None
        self._present: Wire | None = None  # holds the lock of a service for as long as it lives
        self._idle: deque[Wire] = deque()
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="records-reader")
        self._group = GroupCommit(self._commit)
        self._open = False
        self.trouble = ""

    several = True  # services that may answer from it at a time

    async def open(self) -> None:
        """Raises `RecordsUnavailable` when nobody answers or the database belongs to a newer release."""
        await asyncio.to_thread(self._migrate)
        self._open = True
        self._group.start()

    async def close(self) -> None:
        """Commits what is queued, then hangs up."""
        if not self._open:
            return
        await self._group.close()
        self._open = False
        await asyncio.to_thread(self._pool.shutdown)
        for connection in (*self._idle, self._present, self._writer):
            if connection:
                connection.close()
        self._idle.clear()

    def serve(self) -> bool:
        """This process answers questions from now on -> whether no other one does."""
        try:
            self._present = self._present or connect(self._url)
            lock = f"SELECT pg_try_advisory_lock({SERVING})"
            alone = bool(self._present.execute(lock).fetchone()[0])
            self._present.execute(f"SELECT pg_advisory_lock_shared({SERVING})")
            if alone:
                self._present.execute(f"SELECT pg_advisory_unlock({SERVING})")
        except errors() as error:
            raise ours(error) from error
        return alone

    async def write(self, job: Job[T]) -> T:
        return cast("T", await self._group.submit(job))

    async def read(self, job: Job[T]) -> T:
        self._must_be_open()
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.read_now, job)

    def read_now(self, job: Job[T]) -> T:
        def snapshot(connection: Connection) -> T:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return job(connection)

        return self._lend(snapshot)

    def rows(self, sql: str, values: Sequence[object]) -> list[Any]:
        return self._lend(lambda connection: connection.execute(sql, values).fetchall())

    def _lend(self, job: Job[T]) -> T:
        """A connection that lay idle may be stale since the server was started anew: then a fresh one is asked."""
        self._must_be_open()
        while True:
            rested = self._rested()
            try:
                connection = rested or connect(self._url)
                return self._borrowed(connection, job)
            except errors() as error:
                if rested is None or not rested.lost:
                    raise ours(error) from error

    def _borrowed(self, connection: Wire, job: Job[T]) -> T:
        try:
            return job(connection)
        finally:
            with suppress(*errors()):
                connection.undo()
            if self._open and not connection.lost:
                self._idle.append(connection)
            else:
                connection.close()

    def _rested(self) -> Wire | None:
        with suppress(IndexError):
            return self._idle.pop()
        return None

    def _must_be_open(self) -> None:
        if not self._open:
            raise RecordsUnavailable("The records are closed.")

    def _migrate(self) -> None:
        try:
            self._writer = connect(self._url)
            moving = True
            while moving:
                self._writer.execute("BEGIN")
                self._writer.execute(f"SELECT pg_advisory_xact_lock({MIGRATING})")
                moving = migrations.step(self._writer, binary="BYTEA")
                self._writer.execute("COMMIT")
        except ImportError as error:
            raise MissingExtra("Postgres's client", "postgres") from error
        except errors() as error:
            self._drop()
            raise ours(error) from error
        except RailDebugError:  # the database belongs to a newer release
            self._drop()
            raise

    def _commit(self, batch: list[Write]) -> None:
        try:
            self._together(batch)
            self.trouble = ""
        except errors() as error:
            lost = self._undo()
            if len(batch) > 1 and not lost and error.sqlstate != LOCK_NOT_AVAILABLE:
                for write in batch:  # one of them brought the whole transaction down: let it do so alone
                    self._commit([write])
                return
            for write in batch:
                write.error = ours(error)
            self.trouble = str(error) if isinstance(ours(error), RecordsUnavailable) else ""

    def _together(self, batch: list[Write]) -> None:
        connection = self._begun()
        for write in batch:
            self._attempt(connection, write)
        connection.execute("COMMIT")

    def _begun(self) -> Wire:
        """Only here a lost connection may be replaced in silence: nothing has been said on it yet."""
        if self._writer is not None:
            with suppress(*errors()):
                self._writer.execute("BEGIN")
            if self._writer.lost:
                self._drop()
        if self._writer is None:
            self._writer = connect(self._url)
            self._writer.execute("BEGIN")
        self._writer.execute(f"SELECT pg_advisory_xact_lock({WRITING})")
        return self._writer

    def _attempt(self, connection: Wire, write: Write) -> None:
        write.error = None
        connection.execute("SAVEPOINT job")
        try:
            write.value = write.job(connection)
        except Exception as error:
            if connection.lost:
                raise
            connection.execute("ROLLBACK TO job")
            write.error = ours(error) if isinstance(error, errors()) else error
        connection.execute("RELEASE job")

    def _undo(self) -> bool:
        """-> whether the connection is lost."""
        if self._writer is not None:
            with suppress(*errors()):
                self._writer.undo()
        if self._writer is None or self._writer.lost:
            self._drop()
            return True
        return False

    def _drop(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None
