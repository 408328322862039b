"""Benchmark rounds, as the text they were told in."""

from collections.abc import Sequence

from app.core.ids import now
from app.core.principal import Principal
from app.records.grants import must_read
from app.records.sql import Connection, Database

ADD = """INSERT INTO benchmark_rounds (id, kb, owner, at, status, round) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING"""
LATEST = "SELECT round FROM benchmark_rounds WHERE kb = ? ORDER BY at DESC, id DESC LIMIT ?"


class SqlBenchmarks:
    """Figures of the service and no content, so whoever may read a knowledge base may read those of its questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, principal: Principal, kb: str, *, round_id: str, status: str, text: str) -> None:
        principal.must("operate", kb)
        row = (round_id, kb, principal.name, now(), status, text)

        def job(connection: Connection) -> None:
            connection.execute(ADD, row)

        await self._database.write(job)

    async def latest(self, principal: Principal, kb: str, limit: int) -> Sequence[str]:
        """The newest first."""
        must_read(principal, kb)

        def job(connection: Connection) -> list[str]:
            return [text for (text,) in connection.execute(LATEST, (kb, limit))]

        return await self._database.read(job)
