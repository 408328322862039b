"""Runs and their evidence packs: whose they are stands in each query, and a run that has ended stays as it ended."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.core.errors import Conflict, NotFound, RecordsUnavailable
from app.core.ids import now
from app.core.principal import Principal
from app.core.question import Question
from app.core.wire import from_json, to_json
from app.records import gaps
from app.records.base import Pack, RunRow, Status
from app.records.grants import Where, granted
from app.records.spool import Spool, Spooled
from app.records.sql import Connection, Database

INTERRUPTED = "interrupted"
DECISIONS = ("answered", "rejected")
SCHEMA = 1

ACCEPT = """INSERT INTO runs (id, kb, owner, status, held, question, conversation_id, parent_run_id, created_at, schema)
    VALUES (?, ?, ?, 'running', 0, ?, ?, ?, ?, ?)"""
# A run that was given up as interrupted, but whose process lives after all, may still end.
END = """UPDATE runs SET status = ?, held = CASE WHEN ? = 'awaiting_approval' THEN 1 ELSE held END,
    finished_at = ?, error = ? WHERE id = ? AND (status = 'running' OR (status = 'failed' AND error = 'interrupted')"""
DECIDE = " OR (status = 'awaiting_approval' AND ? = 1))"
KEEP = """INSERT INTO packs (run_id, kb, owner, pack) SELECT id, kb, owner, ? FROM runs WHERE id = ?
    ON CONFLICT (run_id) DO UPDATE SET pack = excluded.pack"""
ROW = """SELECT r.id, r.kb, r.owner, r.status, r.question, r.created_at, r.finished_at, r.error, p.pack
    FROM runs r LEFT JOIN packs p ON p.run_id = r.id WHERE """
RECOVER = "UPDATE runs SET status = 'failed', error = ?, finished_at = ? WHERE status = 'running'"


@dataclass(frozen=True, slots=True)
class Kept:
    """A pack and its JSON, made outside the writer's thread."""

    pack: Pack
    text: str


class SqlRuns:
    """Implements `records.base.Runs`."""

    def __init__(self, database: Database, spool: Spool) -> None:
        self._database = database
        self._spool = spool
        self.why_spooled = ""  # what the database said when a spooled pack was last brought to it

    async def accept(self, principal: Principal, run_id: str, question: Question) -> None:
        principal.must("ask", question.kb)
        row = _new(run_id, principal.name, question)
        await self._database.write(lambda connection: connection.execute(ACCEPT, row) and None)

    async def commit(
        self, principal: Principal, run_id: str, status: Status, pack: Pack | None, error: str = ""
    ) -> None:
        kept = Kept(pack, to_json(pack).decode()) if pack else None
        await self._database.write(
            lambda connection: _commit(connection, principal, run_id, status, kept=kept, error=error)
        )

    async def get(self, principal: Principal, run_id: str) -> RunRow:
        where, values = visible(principal)
        found = await self._read(f"r.id = ? AND {where}", (run_id, *values))
        if not found:
            raise NotFound(f"There is no run {run_id!r}.")
        return found[0]

    async def waiting(self, principal: Principal) -> Sequence[RunRow]:
        if not principal.may("approve"):
            return []
        where, values = granted(principal, "r.kb")
        return await self._read(f"r.status = 'awaiting_approval' AND {where} ORDER BY r.created_at, r.id", values)

    def spool(self, principal: Principal, run_id: str, status: Status, pack: Pack) -> None:
        self._spool.put(Spooled(run_id, principal.name, status, pack))

    def spooled(self) -> int:
        """How many packs wait in files until the database takes them."""
        return self._spool.waiting()

    async def drain_live(self) -> int:
        """The same while the service answers: only where there is something, and nothing half written."""
        try:
            drained = await self.drain(live=True) if await asyncio.to_thread(self.spooled) else 0
        except RecordsUnavailable as error:
            self.why_spooled = error.message
            raise
        self.why_spooled = ""
        return drained

    async def drain(self, *, live: bool = False) -> int:
        """At start: bring what was spooled into the database -> how many packs."""
        drained = 0
        for path, spooled in await asyncio.to_thread(lambda: list(self._spool.entries(live=live))):
            try:
                await self._database.write(partial(_restore, spooled=spooled))
            except Conflict as error:
                self._spool.aside(path, error.message)
                continue
            self._spool.done(path)
            drained += 1
        return drained

    async def recover(self) -> int:
        """At start of the one service of a home: runs that a dead process left `running` can be read as failed."""
        return await self._database.write(lambda connection: connection.execute(RECOVER, (INTERRUPTED, now())).rowcount)

    async def _read(self, where: str, values: Sequence[object]) -> list[RunRow]:
        def job(connection: Connection) -> list[RunRow]:
            return [_row(row) for row in connection.execute(ROW + where, values)]

        return await self._database.read(job)


def visible(principal: Principal, table: str = "r") -> Where:
    """Own runs; every run for `admin`; for who may approve also those that were held; all within the grants."""
    where, kbs = granted(principal, f"{table}.kb")
    if principal.may("admin"):
        return where, kbs
    mine = f"({table}.owner = ? OR {table}.held = 1)" if principal.may("approve") else f"{table}.owner = ?"
    return f"{where} AND {mine}", (*kbs, principal.name)


def _new(run_id: str, owner: str, question: Question) -> tuple[object, ...]:
    text = to_json(question).decode()
    return run_id, question.kb, owner, text, question.conversation_id, question.parent_run_id, now(), SCHEMA


def _row(row: tuple[Any, ...]) -> RunRow:
    run_id, kb, owner, status, question, created_at, finished_at, error, pack = row
    asked = from_json(Question, question)
    kept = from_json(Pack, pack) if pack else None
    return RunRow(run_id, kb, owner, status, asked, created_at, finished_at, error, kept)


def _commit(
    connection: Connection, principal: Principal, run_id: str, status: Status, *, kept: Kept | None, error: str
) -> None:
    where, values = visible(principal, "runs")
    finished = None if status == "awaiting_approval" else now()
    decides = status == "expired" or (status in DECISIONS and principal.may("approve"))
    ended = (status, status, finished, error or None, run_id, int(decides))
    if connection.execute(f"{END}{DECIDE} AND {where}", (*ended, *values)).rowcount == 0:
        _refuse(connection, principal, run_id, status)
    if kept:
        connection.execute(KEEP, (kept.text, run_id))
        gaps.note(connection, kept.pack)


def _refuse(connection: Connection, principal: Principal, run_id: str, status: Status) -> None:
    where, values = visible(principal)
    row = connection.execute(f"{ROW} r.id = ? AND {where}", (run_id, *values)).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id!r}.")
    if row[3] == "awaiting_approval" and status in DECISIONS:
        principal.must("approve", row[1])
    raise Conflict(f"Run {run_id!r} is {row[3]!r} and does not become {status!r}.")


def _restore(connection: Connection, spooled: Spooled) -> None:
    """Raises `Conflict` when the run has ended otherwise."""
    row = connection.execute(f"{ROW} r.id = ?", (spooled.run_id,)).fetchone()
    if row is None:
        connection.execute(ACCEPT, _new(spooled.run_id, spooled.owner, spooled.pack.question))
    elif row[3] == spooled.status and row[8]:
        return  # it was taken before, by a process that died before it could remove the file
    kept = Kept(spooled.pack, to_json(spooled.pack).decode())
    _commit(connection, Principal(spooled.owner), spooled.run_id, spooled.status, kept=kept, error="")
