"""Documents and what they are cut into: replaced whole, in one transaction, or not at all."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence

from app.core.document import Document
from app.core.errors import Conflict, NotFound
from app.core.ids import kb_slug, now
from app.core.principal import Principal
from app.records import cut
from app.records.base import Cut, DocumentRow
from app.records.grants import granted, must_read
from app.records.shapes import applicability_out, day_out
from app.records.sql import Connection, Database, among, slices

RAISE = """INSERT INTO knowledge_bases (kb, index_version, stamp) VALUES (?, 1, ?)
    ON CONFLICT (kb) DO UPDATE SET index_version = knowledge_bases.index_version + 1, stamp = excluded.stamp
    RETURNING index_version"""
VERSION = "SELECT index_version FROM knowledge_bases WHERE kb = ?"
STATE = "SELECT index_version, stamp FROM knowledge_bases WHERE kb = ?"
DIGESTS = "SELECT d.id, d.digest FROM documents d WHERE d.kb = ? AND d.deleted = 0"
COMPLETE = """ AND NOT EXISTS (SELECT 1 FROM chunks c
    LEFT JOIN vectors v ON v.text_hash = c.text_hash AND v.model = ?
    WHERE c.document_id = d.id AND v.text_hash IS NULL)"""
LISTED = """SELECT id, kb, owner, path, title, revision, format, digest, generation, chunks, updated_at,
    superseded_by, seal, root
    FROM documents WHERE kb = ? AND deleted = 0 ORDER BY path, id"""
WHOLE = """SELECT d.id, d.kb, d.path, d.title, t.text, d.format, d.revision, d.valid_from, d.superseded_by,
    d.applicability FROM documents d JOIN texts t ON t.document_id = d.id AND t.generation = d.generation
    WHERE d.id = ? AND d.deleted = 0"""

VECTORS = "SELECT text_hash, vector FROM vectors WHERE model = ? AND text_hash "
HOLDERS = "SELECT id, kb, deleted FROM documents WHERE id "
HASHES = "SELECT text_hash FROM chunks WHERE document_id "
FORGET = (
    "DELETE FROM chunk_codes WHERE document_id ",
    "DELETE FROM chunks WHERE document_id ",
    "DELETE FROM texts WHERE document_id ",
)
BURY = "UPDATE documents SET deleted = 1, chunks = 0, generation = ?, updated_at = ? WHERE id = ?"
SWEEP = """DELETE FROM vectors WHERE text_hash = ?
    AND NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.text_hash = vectors.text_hash)"""


class SqlDocuments:
    """Implements `records.base.Documents`. A document's owner is named with it, else who brought it in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, principal: Principal, kb: str, cuts: Sequence[Cut]) -> int:
        principal.must("ingest", kb_slug(kb))
        rows = await asyncio.to_thread(cut.rows, kb, principal.name, cuts)

        def job(connection: Connection) -> int:
            if not rows.ids:
                return version(connection, kb)
            hashes = _forget(connection, _active(connection, kb, rows.ids))
            generation = _next(connection, kb)
            cut.write(connection, rows, generation)
            _sweep(connection, hashes)
            return generation

        return await self._database.write(job)

    async def remove(self, principal: Principal, kb: str, document_ids: Sequence[str]) -> int:
        principal.must("ingest", kb)

        def job(connection: Connection) -> int:
            active = _active(connection, kb, frozenset(document_ids))
            if not active:
                return version(connection, kb)
            _sweep(connection, _forget(connection, active))
            generation = _next(connection, kb)
            connection.executemany(BURY, [(generation, now(), document) for document in active])
            return generation

        return await self._database.write(job)

    async def list(self, principal: Principal, kb: str) -> Sequence[DocumentRow]:
        must_read(principal, kb)
        found = await self._database.read(lambda connection: connection.execute(LISTED, (kb,)).fetchall())
        return [DocumentRow(*row) for row in found]

    async def get(self, principal: Principal, document_id: str) -> Document:
        must_read(principal)
        where, kbs = granted(principal, "d.kb")
        row = await self._database.read(
            lambda connection: connection.execute(f"{WHOLE} AND {where}", (document_id, *kbs)).fetchone()
        )
        if row is None:
            raise NotFound(f"There is no document {document_id!r}.")
        *plain, valid_from, superseded_by, applicability = row
        plain += day_out(valid_from), superseded_by, applicability_out(applicability)
        return Document(*plain)

    async def digests(self, principal: Principal, kb: str, model: str) -> Mapping[str, str]:
        principal.must("ingest", kb)
        sql, values = (DIGESTS + COMPLETE, (kb, model)) if model else (DIGESTS, (kb,))  # no model: nothing to complete
        return dict(await self._database.read(lambda connection: connection.execute(sql, values).fetchall()))

    async def vectors(self, model: str, hashes: Sequence[str]) -> Mapping[str, bytes]:
        def job(connection: Connection) -> dict[str, bytes]:
            found: dict[str, bytes] = {}
            for some in slices(hashes):
                found.update(connection.execute(VECTORS + among(some), (model, *some)))
            return found

        return await self._database.read(job)


def version(connection: Connection, kb: str) -> int:
    row = connection.execute(VERSION, (kb,)).fetchone()
    return int(row[0]) if row else 0


def _next(connection: Connection, kb: str) -> int:
    (generation,) = connection.execute(RAISE, (kb, secrets.token_hex(8))).fetchone()
    return int(generation)


def _active(connection: Connection, kb: str, ids: frozenset[str]) -> list[str]:
    """Those of the documents that have rows. Raises `Conflict` when another knowledge base holds an id."""
    active: list[str] = []
    for some in slices(sorted(ids)):
        for document, holder, deleted in connection.execute(HOLDERS + among(some), some):
            if holder != kb:
                raise Conflict(f"The id {document!r} is taken.", hint="Give the document another id.")
            if not deleted:
                active.append(document)
    return active


def _forget(connection: Connection, documents: Sequence[str]) -> set[str]:
    """Delete the rows of the generations that are replaced -> the hashes of their texts."""
    hashes: set[str] = set()
    for some in slices(documents):
        hashes.update(row[0] for row in connection.execute(HASHES + among(some), some))
        for delete in FORGET:
            connection.execute(delete + among(some), some)
    return hashes


def _sweep(connection: Connection, hashes: set[str]) -> None:
    """Vectors are shared by equal texts: drop those that no chunk of any knowledge base needs any more."""
    connection.executemany(SWEEP, [(text,) for text in hashes])
