"""Vectors apart from the documents that they belong to: which model's serve, which are still missing, which can go."""

from collections.abc import Mapping, Sequence

from app.core.index import Serving
from app.records.sql import Connection, Database

KBS = "SELECT kb FROM knowledge_bases ORDER BY kb"
SERVING = "SELECT model, settings FROM serving"
SERVE = (
    "DELETE FROM serving",
    "INSERT INTO serving (one, model, settings) VALUES (1, ?, ?)",
)
# `chunks` holds active generations only, so each of these texts is one that search reads.
MISSING = """SELECT DISTINCT c.text_hash, c.indexed FROM chunks c
    LEFT JOIN vectors v ON v.text_hash = c.text_hash AND v.model = ?
    WHERE v.text_hash IS NULL AND c.text_hash > ? ORDER BY c.text_hash LIMIT ?"""
TOTAL = "SELECT COUNT(DISTINCT text_hash) FROM chunks"
MADE = """SELECT COUNT(*) FROM vectors v WHERE v.model = ?
    AND EXISTS (SELECT 1 FROM chunks c WHERE c.text_hash = v.text_hash)"""
# A document may have been replaced while its vector was made.
ADD = """INSERT INTO vectors (text_hash, model, vector) SELECT ?, ?, ?
    WHERE EXISTS (SELECT 1 FROM chunks WHERE text_hash = ?) ON CONFLICT (text_hash, model) DO NOTHING"""
OTHERS = "SELECT text_hash, model FROM vectors WHERE model <> ? LIMIT ?"
DROP = "DELETE FROM vectors WHERE text_hash = ? AND model = ?"


class SqlVectors:
    """All knowledge bases of a home together: equal texts share a vector."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def serving(self) -> Serving | None:
        """The model whose index answered last; None in a home that never had one."""
        row = await self._database.read(lambda connection: connection.execute(SERVING).fetchone())
        return Serving(*row) if row else None

    async def serve(self, serving: Serving) -> None:
        def job(connection: Connection) -> None:
            connection.execute(SERVE[0])
            connection.execute(SERVE[1], (serving.model, serving.settings))

        await self._database.write(job)

    async def progress(self, model: str) -> tuple[int, int]:
        """-> how many texts have a vector of this model, and how many there are."""

        def job(connection: Connection) -> tuple[int, int]:
            (made,), (total,) = (connection.execute(MADE, (model,)).fetchone(), connection.execute(TOTAL).fetchone())
            return made, total

        return await self._database.read(job)

    async def knowledge_bases(self) -> Sequence[str]:
        rows = await self._database.read(lambda connection: connection.execute(KBS).fetchall())
        return [kb for (kb,) in rows]

    async def missing(self, model: str, after: str, limit: int) -> Sequence[tuple[str, str]]:
        """-> text hash and text of the next ones behind `after`, in the order of the hashes."""
        return await self._database.read(
            lambda connection: connection.execute(MISSING, (model, after, limit)).fetchall()
        )

    async def add(self, model: str, vectors: Mapping[str, bytes]) -> None:
        rows = [(text_hash, model, vector, text_hash) for text_hash, vector in vectors.items()]
        await self._database.write(lambda connection: connection.executemany(ADD, rows) and None)

    async def drop_others(self, model: str, limit: int) -> int:
        """-> how many went; to be called until none does, so that no single write is long."""

        def job(connection: Connection) -> int:
            rows = connection.execute(OTHERS, (model, limit)).fetchall()
            connection.executemany(DROP, rows)
            return len(rows)

        return await self._database.write(job)
