"""API keys: who holds one, what it may do; the key itself is not kept, only its sha256."""

from collections.abc import Sequence
from typing import Any

from app.core.errors import NotFound
from app.core.ids import now
from app.core.keys import KeyRow
from app.records.shapes import words_in, words_out
from app.records.sql import Connection, Database

COLUMNS = "SELECT id, name, scopes, kbs, created_at, revoked_at FROM keys"
ADD = """INSERT INTO keys (id, name, scopes, kbs, created_at, revoked_at, digest, approves)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
APPROVERS = "SELECT COUNT(*) FROM keys WHERE approves = 1 AND revoked_at IS NULL"


class SqlKeys:
    """Implements `gate.base.Keys` by its shape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, digest: str) -> KeyRow | None:
        sql = f"{COLUMNS} WHERE digest = ? AND revoked_at IS NULL"
        row = await self._database.read(lambda connection: connection.execute(sql, (digest,)).fetchone())
        return _key(row) if row else None

    async def add(self, row: KeyRow, digest: str) -> None:
        """Raises `Conflict` when the id or the digest is there already."""
        kbs = None if row.kbs is None else words_in(row.kbs)
        approves = int("approve" in row.scopes or "admin" in row.scopes)
        values = (row.id, row.name, words_in(row.scopes), kbs, row.created_at, row.revoked_at, digest, approves)
        await self._database.write(lambda connection: connection.execute(ADD, values) and None)

    async def all(self) -> Sequence[KeyRow]:
        rows = await self._database.read(
            lambda connection: connection.execute(f"{COLUMNS} ORDER BY created_at, id").fetchall()
        )
        return [_key(row) for row in rows]

    async def revoke(self, key_id: str) -> None:
        """A key that is revoked already stays as it is. Raises `NotFound`."""

        def job(connection: Connection) -> None:
            sql = "UPDATE keys SET revoked_at = COALESCE(revoked_at, ?) WHERE id = ?"
            if connection.execute(sql, (now(), key_id)).rowcount == 0:
                raise NotFound(f"There is no key {key_id!r}.")

        await self._database.write(job)

    async def may_approve(self) -> bool:
        """Whether any key that is not revoked may release held steps."""
        (count,) = await self._database.read(lambda connection: connection.execute(APPROVERS).fetchone())
        return bool(count)


def _key(row: tuple[Any, ...]) -> KeyRow:
    key_id, name, scopes, kbs, created_at, revoked_at = row
    return KeyRow(key_id, name, words_out(scopes), None if kbs is None else words_out(kbs), created_at, revoked_at)
