"""All vectors of a knowledge base, growing, and the rows of them that are nearest to a question.

Reading every vector is bound by memory, not by arithmetic. So a large shelf is first read in its leading principal
directions, a third of the numbers, and only the best of that are compared in full.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.retrieval.base import Vector

Rows = NDArray[np.float32]  # (rows, dimensions)
Numbers = NDArray[np.intp]

LARGE = 4096  # rows; below, all vectors fit the processor's cache and are compared in full
DIRECTIONS = 128  # hold 0.96 of the energy of hashed texts and 0.99 of MiniLM's
ROUGH = 8  # times k: compared in full; together they find 0.999 of the ten that are truly nearest


@dataclass(frozen=True, slots=True)
class Vectors:
    """What a view reads. `heads` are the rows in `directions`; both are None on a small shelf."""

    full: Rows
    heads: Rows | None = None
    directions: Rows | None = None  # (dimensions, DIRECTIONS)

    def nearest(self, vector: Vector, blind: Numbers, k: int) -> list[tuple[int, float]]:
        """-> (row, cosine), best first; rows in `blind` are not looked at."""
        seen = len(self.full) - len(blind)
        if self.heads is None or self.directions is None or seen <= ROUGH * k:
            scores = self.full @ vector
            scores[blind] = -np.inf
            best = _top(scores, min(k, seen))
            return list(zip(best.tolist(), scores[best].tolist(), strict=True))
        rough = self.heads @ (vector @ self.directions)
        rough[blind] = -np.inf
        rows = _some(rough, ROUGH * k)
        scores = self.full[rows] @ vector
        best = _top(scores, k)
        return list(zip(rows[best].tolist(), scores[best].tolist(), strict=True))


class Matrix:
    """Takes vectors in. Rows are only ever added: what was handed out stays true while more are written behind it."""

    def __init__(self, dimensions: int) -> None:
        self._full = Growing(dimensions)
        self._heads: Growing | None = None
        self._directions: Rows | None = None
        self._fitted = LARGE // 2  # rows there were when the directions were found; at twice as many they are renewed

    def extend(self, vectors: Sequence[bytes | None]) -> list[int]:
        """-> the rows that were added without a vector; they are zero."""
        first, blank = self._full.count, bytes(4 * self._full.width)
        fits = [vector is not None and len(vector) == len(blank) for vector in vectors]
        joined = b"".join(vector if vector and fit else blank for vector, fit in zip(vectors, fits, strict=True))
        added = np.frombuffer(joined, dtype="<f4").reshape(-1, self._full.width)
        self._full.extend(added)
        if self._full.count >= 2 * self._fitted and self._full.width > DIRECTIONS:
            self._fit()
        elif self._heads is not None and self._directions is not None:
            self._heads.extend(added @ self._directions)
        return [first + offset for offset, fit in enumerate(fits) if not fit]

    def view(self) -> Vectors:
        return Vectors(self._full.view(), self._heads.view() if self._heads else None, self._directions)

    def _fit(self) -> None:
        rows = self._full.view()
        sample = rows[:: max(1, len(rows) // LARGE)]
        _, directions = np.linalg.eigh((sample.T @ sample).astype(np.float64))  # in rising order of their energy
        self._directions = np.ascontiguousarray(directions[:, -DIRECTIONS:], dtype=np.float32)
        self._heads = Growing(DIRECTIONS)
        self._heads.extend(rows @ self._directions)
        self._fitted = len(rows)


class Growing:
    """Rows of one width in one piece of memory, with room behind them."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.count = 0
        self._buffer = np.empty((0, width), dtype=np.float32)

    def extend(self, rows: Rows) -> None:
        end = self.count + len(rows)
        if end > len(self._buffer):
            larger = np.empty((2 * end, self.width), dtype=np.float32)  # memory that nobody writes is not taken
            larger[: self.count] = self.view()
            self._buffer = larger
        self._buffer[self.count : end] = rows
        self.count = end

    def view(self) -> Rows:
        return self._buffer[: self.count]


def _some(scores: NDArray[np.float32], k: int) -> Numbers:
    """The k best, in no order."""
    return np.argpartition(scores, len(scores) - k)[len(scores) - k :]


def _top(scores: NDArray[np.float32], k: int) -> Numbers:
    """The k best, best first."""
    if k <= 0:
        return np.empty(0, dtype=np.intp)
    best = _some(scores, k)
    return np.asarray(best[np.argsort(-scores[best], kind="stable")])
