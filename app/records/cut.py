"""A cut document as rows: all that can be worked out before the writer's turn, so that its turn is short."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.core.document import Chunk
from app.core.errors import InvalidInput
from app.core.ids import now, text_hash
from app.core.wire import to_json
from app.records.base import Cut
from app.records.shapes import parts_in, words_in
from app.records.sql import Connection

Row = tuple[object, ...]

DOCUMENT = """INSERT INTO documents (generation, id, kb, owner, path, title, format, revision, valid_from,
    superseded_by, applicability, digest, chunks, deleted, updated_at,
    seal, root)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, owner = excluded.owner, path = excluded.path,
    title = excluded.title, format = excluded.format, revision = excluded.revision, valid_from = excluded.valid_from,
    superseded_by = excluded.superseded_by, applicability = excluded.applicability, digest = excluded.digest,
    chunks = excluded.chunks, deleted = 0, updated_at = excluded.updated_at,
    seal = excluded.seal, root = excluded.root"""
TEXT = "INSERT INTO texts (generation, document_id, text) VALUES (?, ?, ?)"
CHUNK = """INSERT INTO chunks (generation, id, document_id, kb, ordinal, start_at, end_at, line, page, section, role,
    parts, codes, defines, text_hash, text, indexed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
CODE = """INSERT INTO chunk_codes (generation, kb, code, chunk_id, document_id, ordinal, defines)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
VECTOR = "INSERT INTO vectors (text_hash, model, vector) VALUES (?, ?, ?) ON CONFLICT (text_hash, model) DO NOTHING"


@dataclass(frozen=True, slots=True)
class Rows:
    """Each row but a vector's lacks its first column, the generation, which only the transaction knows."""

    ids: frozenset[str]
    documents: list[Row] = field(default_factory=list)
    texts: list[Row] = field(default_factory=list)
    chunks: list[Row] = field(default_factory=list)
    codes: list[Row] = field(default_factory=list)
    vectors: list[Row] = field(default_factory=list)


def rows(kb: str, owner: str, cuts: Sequence[Cut]) -> Rows:
    """Raises `InvalidInput` when a document stands twice in the cuts or belongs to another knowledge base."""
    found = Rows(frozenset(cut.document.id for cut in cuts))
    if len(found.ids) < len(cuts):
        raise InvalidInput("A document stands twice in one batch; nothing was written.")
    at = now()
    for cut in cuts:
        document = cut.document
        if document.kb != kb:
            raise InvalidInput(f"{document.id!r} belongs to knowledge base {document.kb!r}, not {kb!r}.")
        found.documents.append(_document(cut, cut.owner or owner, at))
        found.texts.append((document.id, document.text))
        for chunk in cut.chunks:
            seal = text_hash(chunk.indexed)
            found.chunks.append(_chunk(kb, chunk, seal))
            found.codes.extend(_codes(kb, chunk))
            if seal in cut.vectors:
                found.vectors.append((seal, cut.model, cut.vectors[seal]))
    return found


def write(connection: Connection, rows: Rows, generation: int) -> None:
    """Raises `Conflict` when an id is held by another knowledge base."""

    def stamped(rows: list[Row]) -> Iterator[Row]:
        return ((generation, *row) for row in rows)

    connection.executemany(DOCUMENT, stamped(rows.documents))
    connection.executemany(TEXT, stamped(rows.texts))
    connection.executemany(CHUNK, stamped(rows.chunks))
    connection.executemany(CODE, stamped(rows.codes))
    connection.executemany(VECTOR, rows.vectors)


def _document(cut: Cut, owner: str, at: float) -> Row:
    document = cut.document
    return (
        document.id,
        document.kb,
        owner,
        document.path,
        document.title,
        document.format,
        document.revision,
        document.valid_from.isoformat() if document.valid_from else None,
        document.superseded_by,
        to_json(document.applicability).decode(),
        hashlib.sha256(document.text.encode()).hexdigest(),
        len(cut.chunks),
        at,
        cut.seal,
        cut.root,
    )


def _chunk(kb: str, chunk: Chunk, seal: str) -> Row:
    return (
        chunk.id,
        chunk.document_id,
        kb,
        chunk.ordinal,
        chunk.start,
        chunk.end,
        chunk.line,
        chunk.page,
        chunk.section,
        chunk.role,
        parts_in(chunk.parts),
        words_in(chunk.codes),
        words_in(chunk.defines),
        seal,
        chunk.text,
        chunk.indexed,
    )


def _codes(kb: str, chunk: Chunk) -> Iterator[Row]:
    for code in dict.fromkeys((*chunk.defines, *chunk.codes)):
        yield kb, code, chunk.id, chunk.document_id, chunk.ordinal, int(code in chunk.defines)
