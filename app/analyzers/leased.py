"""An analyzer that holds its place in memory for as long as it answers."""

from collections.abc import AsyncIterator

from app.analyzers.closing import closing
from app.analyzers.pool import Pool
from app.analyzers.seat import Seat
from app.analyzers.wrapping import Wrapping
from app.core.brief import Brief, Delta


class Leased(Wrapping):
    """The first in order is loaded when it is wanted; one that only stands behind it must be there already."""

    def __init__(self, pool: Pool, seat: Seat, *, wait: bool = True, evict: bool = True) -> None:
        super().__init__(seat.face)
        self.pool, self.seat, self.wait, self.evict = pool, seat, wait, evict

    async def load(self) -> None:
        await self.pool.load(self.seat, evict=self.evict)

    async def unload(self) -> None:
        await self.pool.unload(self.seat)

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        async with (
            self.pool.lease(self.seat, wait=self.wait, evict=self.evict) as analyzer,
            closing(analyzer.stream(brief)) as deltas,
        ):
            async for delta in deltas:
                yield delta
