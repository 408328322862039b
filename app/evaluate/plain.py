"""The yardsticks of a retriever: BM25, the nearest vectors, and both joined by their ranks, over the same passages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.document import Passage
from app.core.question import Question
from app.evaluate.base import Search
from app.evaluate.bm25 import BM25

Vectors = NDArray[np.float32]  # (passages, dimensions), L2-normalised; zero where a passage has none
Encode = Callable[[str], NDArray[np.float32]]

LANE = 50  # passages of each ranking that are joined
RANK = 60  # of reciprocal rank fusion, as its authors chose it


@dataclass(frozen=True, slots=True)
class Plain:
    passages: Sequence[Passage]
    words: BM25  # over the passages' indexed texts
    vectors: Vectors
    encode: Encode

    def searches(self, text: Callable[[Question], str]) -> Mapping[str, Search]:
        """`text` is what of a question is searched for."""
        ways = {"BM25": self.sparse, "dense": self.dense, "RRF": self.fused}
        return {name: self._search(way, text) for name, way in ways.items()}

    def sparse(self, text: str, k: int) -> list[int]:
        return self.words.best(text, k)

    def dense(self, text: str, k: int) -> list[int]:
        return [int(number) for number in np.argsort(-(self.vectors @ self.encode(text)), kind="stable")[:k]]

    def fused(self, text: str, k: int) -> list[int]:
        return reciprocal([self.sparse(text, LANE), self.dense(text, LANE)])[:k]

    def _search(self, way: Callable[[str, int], list[int]], text: Callable[[Question], str]) -> Search:
        async def search(question: Question, k: int) -> Sequence[Passage]:
            return [self.passages[number] for number in way(text(question), k)]

        return search


def reciprocal(rankings: Sequence[Sequence[int]]) -> list[int]:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, number in enumerate(ranking, start=1):
            scores[number] = scores.get(number, 0.0) + 1 / (RANK + rank)
    return sorted(scores, key=lambda number: (-scores[number], number))
