"""Rows laid out by likeness, so that a question reads the cells near to it and not the whole shelf.

An inverted file over the leading directions: spherical k-means makes the cells, and the rows of a cell lie together in
memory. Built in a second for 100,000 rows; measured beside a graph index in docs/reports/scale.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Numbers = NDArray[np.intp]

PROBES = 32  # cells that a question reads
SAMPLE = 64  # rows for each cell that the centres are found from
ROUNDS = 6  # of k-means; more move the recall by less than a thousandth
SLAB = 4096  # rows that are assigned at once; all together would need a matrix of rows by cells


@dataclass(frozen=True, slots=True)
class Cells:
    """`heads` are ordered by cell; `numbers` says which row each was, `starts` and `ends` where a cell lies."""

    centres: Rows  # (cells, directions), unit vectors
    heads: Rows  # (rows, directions)
    numbers: Numbers
    starts: Numbers
    ends: Numbers

    def near(self, head: Rows) -> tuple[Numbers, Rows]:
        """-> the rows of the nearest cells, and the product of each with `head`."""
        likeness = self.centres @ head
        probes = min(PROBES, len(likeness))
        chosen = np.argpartition(likeness, len(likeness) - probes)[len(likeness) - probes :]
        parts = [slice(self.starts[cell], self.ends[cell]) for cell in chosen]
        numbers = np.concatenate([self.numbers[part] for part in parts])
        return numbers, np.concatenate([self.heads[part] @ head for part in parts])


def cells(heads: Rows) -> Cells:
    """The same rows make the same cells."""
    count = max(1, int(2 * np.sqrt(len(heads))))
    centres = _centres(heads, count)
    owner = _nearest(heads, centres)
    numbers = np.argsort(owner, kind="stable")
    ends = np.cumsum(np.bincount(owner, minlength=count))
    starts = np.concatenate([[0], ends[:-1]])
    return Cells(centres, np.ascontiguousarray(heads[numbers]), numbers, starts, ends)


def _centres(heads: Rows, count: int) -> Rows:
    dice = np.random.default_rng(0)
    sample = heads[dice.choice(len(heads), min(len(heads), SAMPLE * count), replace=False)]
    centres = _unit(sample[:count].copy())
    for _ in range(ROUNDS):
        owner = _nearest(sample, centres)
        order = np.argsort(owner, kind="stable")
        sizes = np.bincount(owner, minlength=len(centres))
        held = sizes > 0
        sums = np.add.reduceat(sample[order], (np.cumsum(sizes) - sizes)[held], axis=0)
        centres[held] = _unit(sums)
    return centres


def _nearest(rows: Rows, centres: Rows) -> Numbers:
    slabs = (rows[at : at + SLAB] @ centres.T for at in range(0, len(rows), SLAB))
    return np.concatenate([np.argmax(slab, axis=1) for slab in slabs])


def _unit(rows: Rows) -> Rows:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), dtype=np.float32)
