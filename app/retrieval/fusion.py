"""Several lanes become one ranking: what defines an asked code leads, the rest by score.

Scores are added, not ranks. A cosine is a share of what is possible already; BM25 becomes one when it is divided by the
most that the question's words can reach. So a lane that found little of the question says little, which its ranks hide.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import NamedTuple

from app.core.document import Passage
from app.retrieval.base import Lanes

DENSE, SPARSE = 1 / 3, 2 / 3  # flat around it on the sample's training split; see docs/reports/retrieval.md
DEFINITION = 1 / 30  # who tells of a symptom asks for a fault: between equals, what defines one leads
DEFINED = 1.0  # what defines an asked code stands above all that does not
MENTIONED = 0.25
BARE = frozenset({"narrative", "log"})  # roles of a passage that says neither what a fault is nor what helps
STEEPEST = 2.2  # times a word's weight: what BM25 (k1 = 1.2) gives at most for it


class Candidate(NamedTuple):
    """`why` has the share of each lane that found it; `score` is their sum."""

    chunk_id: str
    score: float
    why: Mapping[str, float]


def fuse(lanes: Lanes) -> tuple[list[Candidate], int]:
    """-> candidates, best first, and how many of them lead because they define an asked code.

    Of the passages that only mention a code none is first among equals, so each gets the same share.
    """
    shares: dict[str, dict[str, float]] = defaultdict(dict)
    leading = in_turn(lanes.known.values())
    for place, chunk_id in enumerate(leading, start=1):
        shares[chunk_id]["code"] = DEFINED + 1 / place
    for hit in lanes.code:
        shares[hit.chunk_id].setdefault("code", MENTIONED)
    for hit in lanes.dense:
        shares[hit.chunk_id]["dense"] = DENSE * max(hit.score, 0.0)
    reachable = _reachable(lanes)
    for hit in lanes.sparse:
        shares[hit.chunk_id]["sparse"] = SPARSE * hit.score / reachable
    for chunk_id in lanes.defining - set(leading):
        shares[chunk_id]["definition"] = DEFINITION
    candidates = {chunk_id: Candidate(chunk_id, sum(why.values()), why) for chunk_id, why in shares.items()}
    first = [candidates.pop(chunk_id) for chunk_id in leading]
    return first + sorted(candidates.values(), key=lambda candidate: -candidate.score), len(first)


def _reachable(lanes: Lanes) -> float:
    """The most that BM25 can give to this question; a store that cannot weigh words offers its best hit instead."""
    return STEEPEST * sum(lanes.weights.values()) or max((hit.score for hit in lanes.sparse), default=1.0) or 1.0


def in_turn(rows: Iterable[Sequence[str]]) -> list[str]:
    """One of each row, then the next of each, and so on; what comes twice is kept once."""
    return list(dict.fromkeys(item for turn in zip_longest(*rows) for item in turn if item is not None))


def telling_first(defining: Iterable[Passage]) -> list[Passage]:
    """Of what defines an asked code, a bare entry of a table of parameters comes behind what tells of the fault."""
    return sorted(defining, key=lambda passage: passage.role in BARE)


def explained(passage: Passage, candidate: Candidate) -> Passage:
    return replace(passage, score=candidate.score, why=candidate.why)


def batches(candidates: Sequence[Candidate], first: int, size: int, most: int) -> Iterator[Sequence[Candidate]]:
    """The first batch is `first` long, the others `size`; no more than `most` candidates in all."""
    end = min(first, most)
    yield candidates[:end]
    for start in range(end, min(most, len(candidates)), size):
        yield candidates[start : min(start + size, most)]
