"""Why a search found what it found: each lane's place and score of a passage, and where the time went."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.retrieval.base import Lanes, Query, Retrieved


@dataclass(frozen=True, slots=True)
class Place:
    rank: int  # from 1
    score: float  # the lane's own: cosine, BM25; 1 for a passage that defines the code, less for one that mentions it


@dataclass(frozen=True, slots=True)
class Explanation:
    query: Query
    retrieved: Retrieved
    lanes: Lanes
    milliseconds: Mapping[str, float]  # wait (for a thread and a fresh index), encode, lanes, fuse, passages, rerank

    def places(self, chunk_id: str) -> Mapping[str, Place]:
        """Lane -> where this passage stood in it; lanes that did not find it are left out."""
        found: dict[str, Place] = {}
        for lane in ("code", "dense", "sparse"):
            for rank, hit in enumerate(getattr(self.lanes, lane), start=1):
                if hit.chunk_id == chunk_id:
                    found[lane] = Place(rank, hit.score)
        return found


@dataclass(slots=True)
class Stopwatch:
    """`lap` names the time since the lap before; milliseconds of one name add up."""

    spent: dict[str, float] = field(default_factory=dict)
    last: float = field(default_factory=time.perf_counter)

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.spent[name] = self.spent.get(name, 0.0) + (now - self.last) * 1000
        self.last = now
