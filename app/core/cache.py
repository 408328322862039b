"""One cache for the house: bytes by key, kept for a while; what is not there is simply made again."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

OVERHEAD = 200  # bytes that an entry costs beside its key and value


class Cache(Protocol):
    """Used on the event loop. Never raises: a cache that cannot be reached has nothing and takes nothing.

    Whoever calls puts into the key all that the value depends on, so that no entry is ever wrong, only unused.
    """

    async def get(self, key: str) -> bytes | None: ...
    async def set(self, key: str, value: bytes, ttl: float) -> None:
        """`ttl` in seconds."""
        ...

    @property
    def size(self) -> int:
        """Bytes that it holds in this process."""
        ...

    @property
    def why_not(self) -> str:
        """Why less than the whole cache works; empty when it does."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Entry:
    value: bytes
    until: float
    size: int


class MemoryCache:
    """At most `limit` bytes; what was not asked for longest goes first."""

    why_not = ""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.size = 0
        self._clock = clock
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if self._clock() >= entry.until:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        self._drop(key)
        size = len(key) + len(value) + OVERHEAD
        if size > self.limit or ttl <= 0:
            return
        self._entries[key] = Entry(value, self._clock() + ttl, size)
        self.size += size
        while self.size > self.limit:
            self._drop(next(iter(self._entries)))

    async def close(self) -> None:
        self._entries.clear()
        self.size = 0

    def _drop(self, key: str) -> None:
        if entry := self._entries.pop(key, None):
            self.size -= entry.size
