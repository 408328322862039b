"""How a question is looked for in Weaviate: in every lane at once, or near-text first with BM25 as its fallback."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from app.core.errors import StoreMissing, StoreRefused
from app.retrieval.base import Hit, Lanes, Query, Truth, Vector
from app.retrieval.stores.weaviate.view import Lane, View, Words
from app.telemetry import spans

T = TypeVar("T")

NOTHING = Lane()
PAUSE = 30.0  # seconds after which a vectorizer that did not answer is asked once more


@dataclass(slots=True)
class Vectorizer:
    """Whether the server's module answers. It is a service of its own, and may be gone while the server is there."""

    clock: Callable[[], float]
    trouble: str = ""
    closed_until: float = field(default=float("-inf"))

    async def near(self, view: View, query: Query, k: int) -> Lane | None:
        """None while no vectorizer answers."""
        if not view.near_text or self.clock() < self.closed_until:
            return None
        try:
            found = await view.meaning(query.text, query.asset, k)
        except StoreMissing:
            raise
        except StoreRefused as error:
            self.closed_until, self.trouble = self.clock() + PAUSE, f"near-text: {error.message}"
            return None
        self.trouble = ""
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """`encode` runs in a worker thread; it is not called where the server makes the question's vector itself."""

    query: Query
    k: int
    encode: Callable[[], Awaitable[Vector | None]]
    vectorizer: Vectorizer


@dataclass(frozen=True, slots=True)
class Plan:
    """`tolerant`: a collection that is not there is no failure; the codes are read from the truth meanwhile."""

    find: Callable[[View, Asked], Awaitable[Lanes]]
    tolerant: bool = False


async def fused(view: View, asked: Asked) -> Lanes:
    """Every lane at once; the dense one by near-text where a vectorizer answers, else by our own vectors."""
    coded, (dense, notes), (sparse, words) = await asyncio.gather(
        _watched("code", asked, view.by_code(asked.query, asked.k)),
        _watched("dense", asked, _dense(view, asked)),
        _watched("sparse", asked, _sparse(view, asked)),
    )
    return _lanes(view, coded, words, dense=dense, sparse=sparse, notes=notes)


async def near_text_first(view: View, asked: Asked) -> Lanes:
    """Near-text alone, and BM25 alone when no vectorizer answers. Codes are looked up in either case."""
    query, k = asked.query, asked.k
    coded, near, words = await asyncio.gather(
        _watched("code", asked, view.by_code(query, k)),
        _watched("dense", asked, asked.vectorizer.near(view, query, k)),
        view.words(query.text),
    )
    if near is not None:
        return _lanes(view, coded, words, dense=near)
    sparse = await _watched("sparse", asked, view.sparse(words, query.codes, query.asset, k))
    return _lanes(view, coded, words, sparse=sparse, notes=("vectorizer_down",))


FUSED = Plan(fused)
NEAR_TEXT_FIRST = Plan(near_text_first, tolerant=True)


def without(truth: Truth, query: Query, k: int, version: int) -> Lanes:
    """The code lane of the truth. Raises what the truth raises."""
    found = {code: truth.by_code(query.kb, [code], k) for code in query.codes}
    known = {code: tuple(hit.chunk_id for hit in hits) for code, hits in found.items() if hits}
    hits = {hit.chunk_id: hit for hits in found.values() for hit in hits}
    return Lanes(tuple(hits.values())[:k], known=known, index_version=version, degraded=("collection_missing",))


def noted(lanes: Lanes, reason: str) -> Lanes:
    return replace(lanes, degraded=(*lanes.degraded, reason))


def _lanes(
    view: View,
    coded: tuple[tuple[Hit, ...], Mapping[str, tuple[str, ...]]],
    words: Words,
    *,
    dense: Lane = NOTHING,
    sparse: Lane = NOTHING,
    notes: tuple[str, ...] = (),
) -> Lanes:
    code, known = coded
    defining = dense.defining | sparse.defining
    return Lanes(
        code, dense.hits, sparse.hits, known, defining, words.absent, words.weights, view.active.version, notes
    )


async def _watched(name: str, asked: Asked, work: Awaitable[T]) -> T:
    with spans.lane(name, "weaviate", asked.query.kb):
        return await work


async def _dense(view: View, asked: Asked) -> tuple[Lane, tuple[str, ...]]:
    near = await asked.vectorizer.near(view, asked.query, asked.k)
    if near is not None:
        return near, ()
    notes = ("vectorizer_down",) if view.near_text else ()
    vector = await asked.encode()
    if vector is None:
        return Lane(), notes
    blind = ("vectors_missing",) if view.blind else ()
    return await view.dense(vector, asked.query.asset, asked.k), (*notes, *blind)


async def _sparse(view: View, asked: Asked) -> tuple[Lane, Words]:
    words = await view.words(asked.query.text)
    return await view.sparse(words, asked.query.codes, asked.query.asset, asked.k), words
