"""The audit: who decided what, and when. Nothing here changes or removes a line."""

import json
from collections.abc import Sequence
from dataclasses import replace

from app.core import ids
from app.core.principal import Principal
from app.core.standing import Entry
from app.records.sql import Connection, Database

ADD = "INSERT INTO audit (id, at, who, kb, what, details) VALUES (?, ?, ?, ?, ?, ?)"
NEWEST = "SELECT id, at, who, kb, what, details FROM audit ORDER BY at DESC, id DESC LIMIT ?"


class SqlAudit:
    """Implements `records.base.Audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, entry: Entry) -> None:
        line = dated(entry)
        await self._database.write(lambda connection: add(connection, line))

    async def list(self, principal: Principal, limit: int = 100) -> Sequence[Entry]:
        principal.must("admin")
        rows = await self._database.read(lambda connection: connection.execute(NEWEST, (limit,)).fetchall())
        return [Entry(who, what, kb, json.loads(details), key, at) for key, at, who, kb, what, details in rows]


def dated(entry: Entry) -> Entry:
    """Before the transaction, which may be run a second time."""
    return replace(entry, id=entry.id or ids.run_id(), at=entry.at or ids.now())


def add(connection: Connection, entry: Entry) -> None:
    """Within the transaction of what it tells of."""
    details = json.dumps(dict(entry.details), ensure_ascii=False)
    connection.execute(ADD, (entry.id, entry.at, entry.who, entry.kb, entry.what, details))
