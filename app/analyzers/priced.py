"""An analyzer whose answers tell what they cost."""

from collections.abc import AsyncIterator
from dataclasses import replace

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.analyzers.wrapping import Wrapping
from app.core.brief import Brief, Delta, End
from app.core.settings.analyzers import Price


class Priced(Wrapping):
    def __init__(self, inner: Analyzer, price: Price) -> None:
        super().__init__(inner)
        self.price = price

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        async with closing(self.inner.stream(brief)) as deltas:
            async for delta in deltas:
                yield self._priced(delta) if isinstance(delta, End) else delta

    def _priced(self, end: End) -> End:
        cost = (end.tokens_in * self.price.input + end.tokens_out * self.price.output) / 1000
        return replace(end, cost=round(cost, 6), currency=self.price.currency)
