"""What must hold in the records' file at any moment, however its last writer ended."""

import sqlite3
from contextlib import closing
from pathlib import Path

from app.records.home import Records

BROKEN = {
    "an active document without exactly one text": """SELECT id FROM documents d WHERE deleted = 0 AND 1 <>
        (SELECT COUNT(*) FROM texts t WHERE t.document_id = d.id AND t.generation = d.generation)""",
    "a document without all its chunks": """SELECT id FROM documents d WHERE chunks <>
        (SELECT COUNT(*) FROM chunks c WHERE c.document_id = d.id AND c.generation = d.generation)""",
    "a text of no active generation": """SELECT document_id FROM texts t WHERE NOT EXISTS (SELECT 1 FROM documents d
        WHERE d.id = t.document_id AND d.generation = t.generation AND d.deleted = 0)""",
    "a chunk of no active generation": """SELECT id FROM chunks c WHERE NOT EXISTS (SELECT 1 FROM documents d
        WHERE d.id = c.document_id AND d.generation = c.generation AND d.deleted = 0 AND d.kb = c.kb)""",
    "a code of no chunk": """SELECT code FROM chunk_codes k WHERE NOT EXISTS (SELECT 1 FROM chunks c
        WHERE c.id = k.chunk_id AND c.generation = k.generation AND c.kb = k.kb)""",
    "a vector of no chunk": """SELECT text_hash FROM vectors v WHERE NOT EXISTS
        (SELECT 1 FROM chunks c WHERE c.text_hash = v.text_hash)""",
    "a generation beyond the index version": """SELECT id FROM documents d WHERE generation >
        COALESCE((SELECT index_version FROM knowledge_bases b WHERE b.kb = d.kb), 0)""",
    "an answered run without its pack": """SELECT id FROM runs r WHERE status = 'answered' AND NOT EXISTS
        (SELECT 1 FROM packs p WHERE p.run_id = r.id AND p.kb = r.kb AND p.owner = r.owner)""",
}


async def faulty(records: Records) -> dict[str, list[object]]:
    """The same of either database, as far as it is asked in plain SQL."""
    found = {
        what: await records.db.read(lambda connection, sql=sql: connection.execute(sql).fetchall())
        for what, sql in BROKEN.items()
    }
    return {what: rows for what, rows in found.items() if rows}


def broken(path: Path) -> dict[str, list[object]]:
    with closing(sqlite3.connect(path)) as connection:
        found = {what: connection.execute(sql).fetchall() for what, sql in BROKEN.items()}
        found["SQLite's own check"] = [r for r in connection.execute("PRAGMA integrity_check") if r != ("ok",)]
        found["a foreign key"] = connection.execute("PRAGMA foreign_key_check").fetchall()
    return {what: rows for what, rows in found.items() if rows}
