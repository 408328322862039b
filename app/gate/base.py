"""Who may come in: what the gate needs from the records, and the one call that every door makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.core.principal import Principal


@dataclass(frozen=True, slots=True)
class KeyRow:
    id: str
    name: str
    scopes: tuple[str, ...]
    kbs: tuple[str, ...] | None
    created_at: float
    revoked_at: float | None = None


class Keys(Protocol):
    """API keys; only their sha256 is kept."""

    async def find(self, digest: str) -> KeyRow | None:
        """The key that is not revoked and has this digest."""
        ...

    async def add(self, row: KeyRow, digest: str) -> None: ...
    async def all(self) -> Sequence[KeyRow]: ...
    async def revoke(self, key_id: str) -> None:
        """Raises `NotFound`."""
        ...


class Gate(Protocol):
    async def admit(self, credentials: str | None, address: str, size: int) -> Principal:
        """`credentials` is the Authorization header. Raises `NotAuthenticated`, `Forbidden` or `TooLarge`.

        With no key made yet, callers from loopback are `local`; all others are refused.
        """
        ...

    async def approval_on(self) -> bool:
        """Whether critical steps are held: as set, else whether any key may approve."""
        ...
