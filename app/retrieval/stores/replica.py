"""A second index in this process: it answers while the first one is away, and says so."""

from collections.abc import Callable, Set
from dataclasses import dataclass, replace

from app.core.errors import StoreUnavailable
from app.retrieval.base import Filling, Lanes, Query, Store, Vector


@dataclass(slots=True)
class WithReplica:
    first: Store
    second: Store

    @property
    def name(self) -> str:
        return self.first.name

    @property
    def trouble(self) -> str:
        return self.first.trouble and f"{self.first.trouble} (the {self.second.name} replica answers)"

    async def open(self) -> None:
        await self.second.open()
        await self.first.open()

    async def close(self) -> None:
        await self.first.close()
        await self.second.close()

    async def lanes(self, query: Query, k: int, encode: Callable[[str], Vector | None]) -> Lanes:
        try:
            return await self.first.lanes(query, k, encode)
        except StoreUnavailable:
            found = await self.second.lanes(query, k, encode)
            return replace(found, degraded=(*found.degraded, f"{self.first.name}_down"))

    async def codes(self, kb: str) -> Set[str]:
        return await self.second.codes(kb)

    async def write(self, kb: str) -> int:
        version = await self.second.write(kb)
        await self.first.write(kb)
        return version

    async def fill(self, kb: str, told: Callable[[int, int], None] = lambda done, of: None) -> Filling:
        return await self.first.fill(kb, told)

    async def sweep(self, kb: str) -> int:
        await self.second.sweep(kb)
        return await self.first.sweep(kb)
