"""An API key as it is kept: never the key itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyRow:
    id: str
    name: str
    scopes: tuple[str, ...]
    kbs: tuple[str, ...] | None
    created_at: float
    revoked_at: float | None = None
