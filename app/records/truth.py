"""The active generation of every document, as an index and a retriever read it."""

from collections.abc import Sequence, Set
from typing import Any

from app.core.document import Passage
from app.core.index import Active, Changes, Hit, IndexRow, Standing, State
from app.records.documents import STATE, VERSION, version
from app.records.shapes import applicability_out, day_out, parts_out, words_out
from app.records.sql import Connection, Database, among

UNTOUCHED = "SELECT NOT EXISTS (SELECT 1 FROM knowledge_bases)"
MOVED = "SELECT id FROM documents WHERE kb = ? AND generation > ?"
ROWS = """SELECT c.id, c.document_id, c.indexed, c.codes, c.defines, v.vector
    FROM documents d JOIN chunks c ON c.document_id = d.id AND c.generation = d.generation
    LEFT JOIN vectors v ON v.text_hash = c.text_hash AND v.model = ?
    WHERE d.kb = ? AND d.generation > ? AND d.deleted = 0"""
ACTIVE = "SELECT id, generation, digest, chunks, applicability FROM documents WHERE kb = ? AND deleted = 0"
CODES = """SELECT DISTINCT k.code FROM chunk_codes k
    JOIN documents d ON d.id = k.document_id AND d.generation = k.generation
    WHERE k.kb = ? AND d.deleted = 0"""
PASSAGES = """SELECT c.id, c.document_id, d.path, d.title, c.section, d.revision, d.superseded_by, c.start_at, c.end_at,
    c.line, c.text, c.role, c.page, c.parts, c.codes, c.defines, d.applicability, d.valid_from, s.valid_from
    FROM chunks c JOIN documents d ON d.id = c.document_id AND d.generation = c.generation
    LEFT JOIN documents s ON s.id = d.superseded_by AND s.kb = d.kb AND s.deleted = 0
    WHERE c.kb = ? AND d.deleted = 0 AND c.id """
BY_CODE = """SELECT k.chunk_id, SUM(k.defines) * ? + COUNT(*) AS score
    FROM chunk_codes k JOIN documents d ON d.id = k.document_id AND d.generation = k.generation
    WHERE k.kb = ? AND d.deleted = 0 AND k.code """
BEST = " GROUP BY k.chunk_id, k.document_id, k.ordinal ORDER BY score DESC, k.document_id, k.ordinal LIMIT ?"


class SqlTruth:
    """Implements `retrieval.base.Truth` by its shape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def index_version(self, kb: str) -> int:
        return sum(version for (version,) in self._database.rows(VERSION, (kb,)))  # of none or one

    def state(self, kb: str) -> State:
        return next((State(*row) for row in self._database.rows(STATE, (kb,))), State())

    def untouched(self) -> bool:
        """Whether no knowledge base of this home has ever been written."""
        return bool(self._database.read_now(lambda connection: connection.execute(UNTOUCHED).fetchone()[0]))

    def changes(self, kb: str, since: int, model: str) -> Changes:
        def job(connection: Connection) -> Changes:
            current = version(connection, kb)
            if current <= since:
                return Changes(current)
            moved = frozenset(row[0] for row in connection.execute(MOVED, (kb, since)))
            rows = tuple(
                IndexRow(chunk, document, indexed, words_out(codes), words_out(defines), vector)
                for chunk, document, indexed, codes, defines, vector in connection.execute(ROWS, (model, kb, since))
            )
            return Changes(current, moved, rows)

        return self._database.read_now(job)

    def active(self, kb: str) -> Active:
        def job(connection: Connection) -> Active:
            rows = connection.execute(ACTIVE, (kb,))
            standing = {
                id_: Standing(gen, digest, chunks, applicability_out(limits))
                for id_, gen, digest, chunks, limits in rows
            }
            return Active(version(connection, kb), standing)

        return self._database.read_now(job)

    def codes(self, kb: str) -> Set[str]:
        return {code for (code,) in self._database.rows(CODES, (kb,))}

    def passages(self, kb: str, chunk_ids: Sequence[str]) -> list[Passage]:
        sql = PASSAGES + among(chunk_ids)
        found = {row[0]: row for row in self._database.rows(sql, (kb, *chunk_ids))}
        return [_passage(found[chunk]) for chunk in chunk_ids if chunk in found]

    def by_code(self, kb: str, codes: Sequence[str], k: int) -> list[Hit]:
        distinct = tuple(dict.fromkeys(codes))
        weight = len(distinct) + 1  # one definition outweighs every mention
        sql = BY_CODE + among(distinct) + BEST
        return [Hit(chunk, float(score)) for chunk, score in self._database.rows(sql, (weight, kb, *distinct, k))]


def _passage(row: tuple[Any, ...]) -> Passage:
    *plain, parts, codes, defines, limits, valid_from, superseded_on = row
    plain += parts_out(parts), words_out(codes), words_out(defines), applicability_out(limits)
    plain += 0.0, {}, day_out(valid_from), day_out(superseded_on)
    return Passage(*plain)
