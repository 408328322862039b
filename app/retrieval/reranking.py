"""A second reading of the best passages: bounded in time, and left out for a while after it failed."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from app.core.document import Passage
from app.core.errors import RerankerUnavailable
from app.retrieval.base import Reranker
from app.telemetry import spans

AGAIN = 30.0  # seconds after a failure before the reranker is asked once more
DOWN = "reranker_unavailable"  # of `degraded`


@dataclass(slots=True)
class Reranking:
    """`reranker` None leaves every order as it is, and lets no passage be loaded for nothing."""

    reranker: Reranker | None = None
    depth: int = 0  # passages that are read again
    patience: float = 2.0
    clock: Callable[[], float] = time.monotonic
    why_not: str = ""  # the last failure, empty when there is none
    _closed_until: float = field(default=float("-inf"), repr=False)

    async def order(self, question: str, passages: Sequence[Passage], leading: int) -> tuple[list[Passage], str]:
        """-> the passages and, where they kept their order against the settings, why. The first `leading` stay."""
        rest = passages[leading:]
        if self.reranker is None or len(rest) < 2:
            return list(passages), ""
        if self.clock() < self._closed_until:
            return list(passages), DOWN
        try:
            with spans.lane("rerank", "", "") as span:
                span.found(len(rest))
                scores = await self._scores(self.reranker, question, rest)
        except (RerankerUnavailable, TimeoutError) as error:
            self._closed_until = self.clock() + AGAIN
            self.why_not = str(error) or f"{self.reranker.name} gave no answer in {self.patience:g} s."
            return list(passages), DOWN
        self.why_not = ""
        marked = [_marked(passage, score) for passage, score in zip(rest, scores, strict=True)]
        return [*passages[:leading], *sorted(marked, key=lambda passage: -passage.why["rerank"])], ""

    async def _scores(self, reranker: Reranker, question: str, passages: Sequence[Passage]) -> Sequence[float]:
        async with asyncio.timeout(self.patience):
            return await reranker.scores(question, [_read(passage) for passage in passages])

    async def close(self) -> None:
        if self.reranker is not None:
            await self.reranker.close()


def _read(passage: Passage) -> str:
    return f"{passage.title}\n{passage.section}\n{passage.text}"


def _marked(passage: Passage, score: float) -> Passage:
    return replace(passage, why={**passage.why, "rerank": score})
