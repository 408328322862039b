"""One knowledge base as it was at one index version: never changed, so it is read without a lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np

from app.retrieval.asked import asked
from app.retrieval.base import Hit, IndexRow, Lanes, Query, Vector
from app.retrieval.stores.matrix import Numbers, Vectors
from app.retrieval.stores.sparse import Reader
from app.telemetry import spans

NAME = "embedded"
DEFINES, MENTIONS = 1.0, 0.5  # scores of the code lane


@dataclass(frozen=True, slots=True)
class CodeRows:
    """Where one fault code stands, a document at a time and in the document's order."""

    defines: tuple[int, ...] = ()
    mentions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    version: int
    rows: Sequence[IndexRow]  # shared with later views, which only ever append; without text and vector
    documents: Mapping[str, tuple[int, ...]]
    codes: Mapping[str, CodeRows]
    vectors: Vectors
    reader: Reader
    dead: frozenset[int] = frozenset()
    unseen: frozenset[int] = frozenset()  # rows that live and have no vector
    blind: Numbers = field(default_factory=lambda: np.empty(0, dtype=np.intp))  # both of them, for the dense lane

    def lanes(self, query: Query, vector: Vector | None, k: int) -> Lanes:
        codes = query.codes
        question, weigh = asked(query.text), self.reader.weigh
        weights = {word: weigh(word) for word in question.words}
        strangest = self.reader.strangest
        absent = frozenset(word for word, weight in weights.items() if weight >= strangest)
        present = {word: weight for word, weight in weights.items() if word not in absent}
        with spans.lane("dense", NAME, query.kb) as span:
            dense = [] if vector is None else self.vectors.nearest(vector, self.blind, k)
            span.found(len(dense))
        with spans.lane("sparse", NAME, query.kb) as span:
            sparse = self.reader.find(present, question.also(weigh), codes, k)
            span.found(len(sparse))
        with spans.lane("code", NAME, query.kb) as span:
            coded = tuple(islice(self._by_code(codes), k))
            span.found(len(coded))
        return Lanes(
            code=coded,
            dense=self._hits(dense),
            sparse=self._hits(sparse),
            known={code: self._ids(self.codes[code].defines) for code in codes if code in self.codes},
            defining=frozenset(self.rows[row].chunk_id for row, _ in (*dense, *sparse) if self.rows[row].defines),
            absent=absent,
            weights=weights,
            index_version=self.version,
            degraded=("vectors_missing",) if self.unseen and vector is not None else (),
        )

    def _by_code(self, codes: Sequence[str]) -> "chain[Hit]":
        known = [self.codes[code] for code in codes if code in self.codes]
        defining = dict.fromkeys(row for code in known for row in code.defines)
        mentioning = dict.fromkeys(row for code in known for row in code.mentions if row not in defining)
        return chain(
            (Hit(self.rows[row].chunk_id, DEFINES) for row in defining),
            (Hit(self.rows[row].chunk_id, MENTIONS) for row in mentioning),
        )

    def _hits(self, found: Sequence[tuple[int, float]]) -> tuple[Hit, ...]:
        return tuple(Hit(self.rows[row].chunk_id, score) for row, score in found)

    def _ids(self, rows: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.rows[row].chunk_id for row in rows)
