"""Keys in memory, counting how often they are asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.core.keys import KeyRow


@dataclass
class MemoryKeys:
    rows: dict[str, KeyRow] = field(default_factory=dict)  # by digest
    asked: int = 0

    async def find(self, digest: str) -> KeyRow | None:
        self.asked += 1
        row = self.rows.get(digest)
        return row if row and row.revoked_at is None else None

    async def add(self, row: KeyRow, digest: str) -> None:
        self.rows[digest] = row

    async def all(self) -> Sequence[KeyRow]:
        self.asked += 1
        return tuple(self.rows.values())

    async def revoke(self, key_id: str) -> None:
        self.rows = {d: replace(row, revoked_at=1.0) if row.id == key_id else row for d, row in self.rows.items()}


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now
