"""Many may write at once; who must have it quiet shuts the way, and those under way come out first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class Turnstile:
    inside: int = 0
    shut: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        async with self._changed:
            await self._changed.wait_for(lambda: not self.shut)
            self.inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self.inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        async with self._changed:
            await self._changed.wait_for(lambda: not self.shut)
            self.shut = True
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: not self.inside)
            yield
        finally:
            async with self._changed:
                self.shut = False
                self._changed.notify_all()
