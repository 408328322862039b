"""Labels of prompts, and the list of everybody who moved one: a label never moves without its line."""

from collections.abc import Sequence

from app.core.ids import run_id
from app.core.principal import Principal
from app.core.promptlog import Pointer, PromptChange
from app.records.sql import Connection, Database

POINT = """INSERT INTO prompt_labels (name, label, version) VALUES (?, ?, ?)
    ON CONFLICT (name, label) DO UPDATE SET version = excluded.version"""
NOTE = """INSERT INTO prompt_changes (id, action, name, label, before, after, digest, who, note, at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
CHANGES = "SELECT action, name, label, before, after, digest, who, note, at FROM prompt_changes"


class SqlPromptLog:
    """Implements `prompts.base.PromptLog` by its shape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def point(self, principal: Principal, pointer: Pointer, change: PromptChange) -> None:
        principal.must("operate")

        def job(connection: Connection) -> None:
            connection.execute(POINT, (pointer.name, pointer.label, pointer.version))
            connection.execute(NOTE, _values(principal, change))

        await self._database.write(job)

    async def note(self, principal: Principal, change: PromptChange) -> None:
        principal.must("operate")
        await self._database.write(lambda connection: connection.execute(NOTE, _values(principal, change)) and None)

    async def labels(self, principal: Principal) -> Sequence[Pointer]:
        principal.must("ask")
        sql = "SELECT name, label, version FROM prompt_labels ORDER BY name, label"
        return await self._database.read(lambda connection: [Pointer(*row) for row in connection.execute(sql)])

    async def changes(self, principal: Principal, name: str | None = None, limit: int = 100) -> Sequence[PromptChange]:
        """The newest first."""
        principal.must("operate")
        where, values = (" WHERE name = ?", (name,)) if name else ("", ())
        sql = f"{CHANGES}{where} ORDER BY at DESC, id DESC LIMIT ?"
        return await self._database.read(
            lambda connection: [PromptChange(*row) for row in connection.execute(sql, (*values, limit))]
        )


def _values(principal: Principal, change: PromptChange) -> tuple[object, ...]:
    """Who did it is who is known to have done it."""
    told = (change.action, change.name, change.label, change.before, change.after, change.digest)
    return (run_id(), *told, principal.name, change.note, change.at)
