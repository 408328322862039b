"""An analyzer around another one: all but `stream` is the inner one's, and each wrapper adds one concern there."""

from collections.abc import AsyncIterator

from app.analyzers.base import Analyzer
from app.core.brief import Brief, Delta, Footprint, Identity


class Wrapping:
    def __init__(self, inner: Analyzer) -> None:
        self.inner = inner
        self.name = inner.name

    @property
    def identity(self) -> Identity:
        return self.inner.identity

    @property
    def budget_s(self) -> float:
        return self.inner.budget_s

    @property
    def footprint(self) -> Footprint:
        return self.inner.footprint

    def count(self, text: str) -> int:
        return self.inner.count(text)

    async def load(self) -> None:
        await self.inner.load()

    async def unload(self) -> None:
        await self.inner.unload()

    def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        return self.inner.stream(brief)
