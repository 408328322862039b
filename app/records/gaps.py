"""What the documents lacked when somebody asked: a row for each code not known and each question that found nothing."""

from collections.abc import Sequence
from typing import Any

from app.core.principal import EVALUATION, Principal
from app.records.base import Gap, Pack
from app.records.grants import granted, must_read
from app.records.sql import Connection, Database

LONGEST = 300  # characters of a question that is kept as a gap; the run has all of it
FOUND_NOTHING = "insufficient_evidence"

NOTE = """INSERT INTO gaps (run_id, kb, owner, kind, what, folded, asked_at)
    SELECT id, kb, owner, ?, ?, ?, created_at FROM runs WHERE id = ? AND owner <> ? ON CONFLICT DO NOTHING"""
# A code that a document speaks of by now is no gap any more.
LIST = """SELECT g.kind, MIN(g.what), COUNT(*), MAX(g.asked_at) FROM gaps g WHERE g.kb = ? AND {mine} AND {granted}
    AND NOT (g.kind = 'code' AND EXISTS (
        SELECT 1 FROM chunk_codes k JOIN documents d ON d.id = k.document_id AND d.generation = k.generation
        WHERE k.kb = g.kb AND k.code = g.what AND d.deleted = 0))
    GROUP BY g.kind, g.folded ORDER BY COUNT(*) DESC, MAX(g.asked_at) DESC, g.folded LIMIT ?"""


class SqlGaps:
    """Implements `records.base.Gaps`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, principal: Principal, kb: str, limit: int = 50) -> Sequence[Gap]:
        must_read(principal, kb)
        where, kbs = granted(principal, "g.kb")
        mine, owner = ("1 = 1", ()) if principal.may("admin") else ("g.owner = ?", (principal.name,))
        sql = LIST.format(mine=mine, granted=where)

        def job(connection: Connection) -> list[Gap]:
            return [_gap(row) for row in connection.execute(sql, (kb, *owner, *kbs, limit))]

        return await self._database.read(job)


def note(connection: Connection, pack: Pack) -> None:
    """Within the transaction that commits the pack. A pack that is committed again says nothing new."""
    for kind, what in lacking(pack):
        row = (kind, what, what.casefold(), pack.run_id, EVALUATION.name)
        connection.execute(NOTE, row)


def lacking(pack: Pack) -> list[tuple[str, str]]:
    diagnosis = pack.diagnosis
    unknown = [("code", code.code) for code in diagnosis.fault_codes if not code.known]
    if diagnosis.verdict != FOUND_NOTHING:
        return unknown
    asked = " ".join(pack.question.material.split())[:LONGEST]
    return [*unknown, ("question", asked)]


def _gap(row: tuple[Any, ...]) -> Gap:
    kind, what, count, last_asked = row
    return Gap(kind, what, count, last_asked)
