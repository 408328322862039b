"""The gate: a key becomes a Principal; on a laptop without keys, whoever sits at it is `local`."""

import hmac
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from app.core.errors import NotAuthenticated, TooLarge
from app.core.keys import KeyRow
from app.core.principal import LOCAL, Principal
from app.core.settings.gate import GateSettings
from app.gate import keys as forms
from app.gate.base import Keys


@lru_cache(maxsize=256)
def is_loopback(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


@dataclass(slots=True)
class KeyGate:
    """What the records said of a key is believed for `trust_s` seconds: so soon a revocation is seen.

    A key that was not found is not remembered: whoever tries keys fills no memory and pushes nobody out.
    """

    keys: Keys
    settings: GateSettings
    limit: int  # bytes of the largest thing that is taken; a door may take less
    trust_s: float = 2.0
    most: int = 1024
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, Principal]] = field(default_factory=dict)
    _rows: tuple[float, tuple[KeyRow, ...]] = (float("-inf"), ())

    async def admit(self, credentials: str | None, address: str, size: int) -> Principal:
        if size > self.limit:
            raise TooLarge(f"{size} bytes were sent; {self.limit} are taken.")
        if credentials:
            return await self._holder(credentials)
        if await self._all():  # revoked ones too: revoking the last key must not open the door
            raise NotAuthenticated("This service asks for a key.")
        if not is_loopback(address):
            raise NotAuthenticated(
                "No key was made yet, so only the machine itself is served.",
                hint="Make a key there with `rail-debug keys create` and send it as `Authorization: Bearer …`.",
            )
        return LOCAL

    async def approval_on(self) -> bool:
        if self.settings.approval is not None:
            return self.settings.approval
        return any(row.revoked_at is None and _principal(row).may("approve") for row in await self._all())

    async def _holder(self, credentials: str) -> Principal:
        scheme, _, key = credentials.partition(" ")
        key = key.strip()
        key_id = forms.key_id(key) if scheme.lower() == "bearer" else None
        if key_id is None:
            raise NotAuthenticated("The credentials are no key of this service.")
        digest = forms.digest(key)
        now = self.clock()
        until, principal = self._known.get(digest, (now, LOCAL))
        if until > now:
            return principal
        self._known.pop(digest, None)
        row = await self.keys.find(digest)
        if row is None or not hmac.compare_digest(row.id, key_id):
            raise NotAuthenticated("This key is not known, or it was revoked.")
        return self._remember(digest, now, _principal(row))

    def _remember(self, digest: str, now: float, principal: Principal) -> Principal:
        if len(self._known) >= self.most:
            del self._known[next(iter(self._known))]  # the oldest: dicts keep the order of insertion
        self._known[digest] = (now + self.trust_s, principal)
        return principal

    async def _all(self) -> tuple[KeyRow, ...]:
        until, rows = self._rows
        now = self.clock()
        if now >= until:
            rows = tuple(await self.keys.all())
            self._rows = (now + self.trust_s, rows)
        return rows


def _principal(row: KeyRow) -> Principal:
    kbs = None if row.kbs is None else frozenset(row.kbs)
    return Principal(row.name, frozenset(row.scopes), kbs)
