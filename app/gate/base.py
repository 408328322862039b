"""Who may come in: what the gate needs from the records, and the one call that every door makes."""

from collections.abc import Sequence
from typing import Protocol

from app.core.keys import KeyRow
from app.core.principal import Principal
from app.gate.errors import problem

__all__ = ["Gate", "KeyRow", "Keys", "problem"]  # doors come in here, and `problem` is how they tell an error


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
