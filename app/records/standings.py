"""How far each analyzer is trusted and which one is active, each change with its line in the audit."""

from collections.abc import Mapping

from app.core.standing import Choice, Entry, Standing
from app.core.wire import from_json, to_json
from app.records import audit
from app.records.sql import Connection, Database

ALL = "SELECT analyzer, label, stage, told, at FROM analyzer_standings"
PUT = """INSERT INTO analyzer_standings (analyzer, label, stage, told, at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (analyzer) DO UPDATE
    SET label = excluded.label, stage = excluded.stage, told = excluded.told, at = excluded.at"""
TELL = "UPDATE analyzer_standings SET told = ?, at = ? WHERE analyzer = ? AND label = ? AND stage = ?"
CHOSEN = "SELECT choice FROM analyzer_choice WHERE place = 1"
CHOOSE = """INSERT INTO analyzer_choice (place, choice) VALUES (1, ?)
    ON CONFLICT (place) DO UPDATE SET choice = excluded.choice"""


class SqlStandings:
    """Implements `analyzers.base.Standings` by its shape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Mapping[str, Standing]:
        rows = await self._database.read(lambda connection: connection.execute(ALL).fetchall())
        return {row[0]: Standing(*row) for row in rows}

    async def put(self, standing: Standing, entry: Entry) -> None:
        values = (standing.analyzer, standing.label, standing.stage, standing.told, standing.at)
        line = audit.dated(entry)

        def job(connection: Connection) -> None:
            connection.execute(PUT, values)
            audit.add(connection, line)

        await self._database.write(job)

    async def tell(self, standing: Standing) -> None:
        values = (standing.told, standing.at, standing.analyzer, standing.label, standing.stage)
        await self._database.write(lambda connection: connection.execute(TELL, values) and None)

    async def chosen(self) -> Choice | None:
        row = await self._database.read(lambda connection: connection.execute(CHOSEN).fetchone())
        return from_json(Choice, row[0]) if row else None

    async def choose(self, choice: Choice, entry: Entry) -> None:
        told, line = to_json(choice).decode(), audit.dated(entry)

        def job(connection: Connection) -> None:
            connection.execute(CHOOSE, (told,))
            audit.add(connection, line)

        await self._database.write(job)
