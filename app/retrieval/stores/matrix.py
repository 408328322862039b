"""All vectors of a knowledge base, growing, and the rows of them that are nearest to a question.

Reading every vector is bound by memory, not by arithmetic. So a large shelf is first read in its leading principal
directions, a third of the numbers, and of a vast one only in the cells near to the question; the best of that are
compared in full.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.retrieval.base import Vector
from app.retrieval.stores.cells import Cells, cells

Rows = NDArray[np.float32]  # (rows, dimensions)
Numbers = NDArray[np.intp]

LARGE = 4096  # rows; below, all vectors fit the processor's cache and are compared in full
DIRECTIONS = 128  # hold 0.96 of the energy of hashed texts and 0.99 of MiniLM's
VAST = 32_768  # rows; from here on they lie in cells
LATE = 1.25  # times as many rows as lie in cells: then the cells are made anew
ROUGH = 8  # times k: compared in full; together they find 0.999 of the ten that are truly nearest


@dataclass(frozen=True, slots=True)
class Vectors:
    """What a view reads. `heads` are the rows in `directions`, without those in `cells`; none on a small shelf."""

    full: Rows
    heads: Rows | None = None  # (rows that are in no cell, DIRECTIONS)
    directions: Rows | None = None  # (dimensions, DIRECTIONS)
    cells: Cells | None = None

    def nearest(self, vector: Vector, blind: Numbers, k: int) -> list[tuple[int, float]]:
        """-> (row, cosine), best first; rows in `blind` are not looked at."""
        seen = len(self.full) - len(blind)
        if self.heads is None or self.directions is None or seen <= ROUGH * k:
            return self._in_full(vector, blind, k)
        head = np.asarray(vector @ self.directions, dtype=np.float32)
        late = self.heads @ head
        rows = self._some(late, blind, k) if self.cells is None else self._near(self.cells, head, late, blind, k)
        if len(rows) < k:  # almost all of the cells has been replaced
            return self._in_full(vector, blind, k)
        return _paired(rows, self.full[rows] @ vector, k)

    def _some(self, rough: NDArray[np.float32], blind: Numbers, k: int) -> Numbers:
        rough[blind] = -np.inf
        return _some(rough, ROUGH * k)

    def _near(self, cells: Cells, head: Rows, late: NDArray[np.float32], blind: Numbers, k: int) -> Numbers:
        """Candidates of the nearest cells and of what came after the cells were made."""
        held, scores = cells.near(head)
        rows = np.concatenate([held, np.arange(len(self.full) - len(late), len(self.full))])
        rough = np.concatenate([scores, late])
        hidden = np.zeros(len(self.full), dtype=np.bool_)
        hidden[blind] = True
        rough[hidden[rows]] = -np.inf
        best = rows[_some(rough, min(ROUGH * k, len(rough)))]
        return np.asarray(best[~hidden[best]], dtype=np.intp)

    def _in_full(self, vector: Vector, blind: Numbers, k: int) -> list[tuple[int, float]]:
        scores = self.full @ vector
        scores[blind] = -np.inf
        return _paired(np.arange(len(scores)), scores, min(k, len(scores) - len(blind)))


class Matrix:
    """Takes vectors in. Rows are only ever added: what was handed out stays true while more are written behind it."""

    def __init__(self, dimensions: int) -> None:
        self._full = Growing(dimensions)
        self._heads: Growing | None = None
        self._directions: Rows | None = None
        self._cells: Cells | None = None
        self._renewed = LARGE  # rows at which directions and cells are found anew

    def extend(self, vectors: Sequence[bytes | None]) -> list[int]:
        """-> the rows that were added without a vector; they are zero."""
        first, blank = self._full.count, bytes(4 * self._full.width)
        fits = [vector is not None and len(vector) == len(blank) for vector in vectors]
        joined = b"".join(vector if vector and fit else blank for vector, fit in zip(vectors, fits, strict=True))
        added = np.frombuffer(joined, dtype="<f4").reshape(-1, self._full.width)
        self._full.extend(added)
        if self._full.count >= self._renewed and self._full.width > DIRECTIONS:
            self._fit()
        elif self._heads is not None and self._directions is not None:
            self._heads.extend(added @ self._directions)
        return [first + offset for offset, fit in enumerate(fits) if not fit]

    def view(self) -> Vectors:
        heads = self._heads.view() if self._heads else None
        return Vectors(self._full.view(), heads, self._directions, self._cells)

    def _fit(self) -> None:
        rows = self._full.view()
        sample = rows[:: max(1, len(rows) // LARGE)]
        _, directions = np.linalg.eigh((sample.T @ sample).astype(np.float64))  # in rising order of their energy
        self._directions = np.ascontiguousarray(directions[:, -DIRECTIONS:], dtype=np.float32)
        self._heads = Growing(DIRECTIONS)
        heads = np.asarray(rows @ self._directions, dtype=np.float32)
        if len(rows) >= VAST:
            self._cells, self._renewed = cells(heads), int(len(rows) * LATE)
        else:
            self._heads.extend(heads)
            self._renewed = min(2 * len(rows), VAST)


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


def _paired(rows: Numbers, scores: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
    """The k best rows with their scores, best first."""
    if k <= 0:
        return []
    best = _some(scores, min(k, len(scores)))
    best = best[np.argsort(-scores[best], kind="stable")]
    return list(zip(rows[best].tolist(), scores[best].tolist(), strict=True))
