"""An analyzer whose answers are spans."""

from collections.abc import AsyncIterator

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.core.brief import Brief, Delta, End, Identity
from app.telemetry.spans import inference


class Traced:
    def __init__(self, inner: Analyzer) -> None:
        self.inner = inner
        self.name = inner.name

    @property
    def identity(self) -> Identity:
        return self.inner.identity

    @property
    def budget_s(self) -> float:
        return self.inner.budget_s

    async def load(self) -> None:
        await self.inner.load()

    async def unload(self) -> None:
        await self.inner.unload()

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        with inference(self.identity) as span:
            async with closing(self.inner.stream(brief)) as deltas:
                async for delta in deltas:
                    if isinstance(delta, End):
                        span.used(delta.tokens_in, delta.tokens_out)
                    yield delta
