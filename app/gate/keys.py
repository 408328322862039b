"""API keys `rd_<id>_<secret>`: made, shown once, and known afterwards by their digest alone."""

import hashlib
import re
import secrets
from collections.abc import Sequence

from app.core import ids
from app.core.errors import InvalidInput
from app.core.keys import KeyRow
from app.core.principal import SCOPES
from app.gate.base import Keys

FORM = re.compile(r"rd_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
NAME = re.compile(r"\w[\w .@-]{0,63}")


def digest(key: str) -> str:
    """Plain sha256 is enough: 256 random bits cannot be guessed, however fast the hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_id(key: str) -> str | None:
    form = FORM.fullmatch(key)
    return form.group(1) if form else None


async def create(keys: Keys, name: str, scopes: Sequence[str], kbs: Sequence[str] | None = None) -> tuple[KeyRow, str]:
    """-> the row and the key itself, which nobody can show again. `name` is who acts: rows belong to it."""
    if not NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} is no name for a key.", hint="Use 1 to 64 letters, digits, spaces and . @ _ -.")
    if not scopes or set(scopes) - SCOPES:
        unknown = ", ".join(sorted(set(scopes) - SCOPES)) or "none"
        raise InvalidInput(f"The scopes are not right: {unknown}.", hint=f"Choose from {', '.join(sorted(SCOPES))}.")
    if kbs is not None and not kbs:
        raise InvalidInput("A key for no knowledge base opens nothing.", hint="Name some, or leave them out for all.")
    made = secrets.token_hex(4)
    key = f"rd_{made}_{secrets.token_urlsafe(32)}"
    granted = None if kbs is None else tuple(sorted({ids.kb_slug(kb) for kb in kbs}))
    row = KeyRow(made, name, tuple(sorted(set(scopes))), granted, ids.now())
    await keys.add(row, digest(key))
    return row, key
