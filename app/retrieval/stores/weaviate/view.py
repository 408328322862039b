"""One knowledge base as it was at one index version: every hit of Weaviate is held against it."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from app.core.question import Asset
from app.retrieval.asked import asked
from app.retrieval.base import Active, Hit, Query, Vector
from app.retrieval.stores.weaviate.rows import ANY, plain, token
from app.retrieval.stores.weaviate.schema import MEANING, OWN
from app.retrieval.stores.weaviate.tenant import Tenant
from app.retrieval.words import sound

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient
    from weaviate.collections import CollectionAsync

DEFINES, MENTIONS = 1.0, 0.5  # scores of the code lane, as in the other store
SPARE = 16  # hits asked for beyond k, so that a few of generations that are gone cost no second call
TOGETHER = 500  # rows of all asked codes that are fetched in one answer
MOST = 10_000  # objects that the server gives in one answer
MOST_WORDS = 32  # the rarest words of a pasted log find the passage
WEIGHED = 128  # words of one question whose frequency is asked for; figures and addresses come last
SCALE = 2.2  # Weaviate leaves out BM25's constant factor (k1 + 1); with it, its scores are those of the other store
READ = 4096  # characters of a question that near-text is sent

Found = Sequence[Any]  # the client's objects
Ask = Callable[["CollectionAsync", int, Any], Awaitable[Found]]
ROW = ["chunk", "document", "generation", "defines"]
CODED = [*ROW, "ordinal", "codes"]


@dataclass(frozen=True, slots=True)
class Lane:
    """`defining` are those of the hits that define some fault code."""

    hits: tuple[Hit, ...] = ()
    defining: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Words:
    """`weights` of the question's own words; `also`: what the trade says as well, and each one's share."""

    weights: Mapping[str, float]
    absent: frozenset[str]
    also: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class View:
    """`session` is of the connection that it was learned by. `counts` gathers words' frequencies as they are asked."""

    tenant: Tenant
    session: int
    active: Active
    near_text: bool = False
    blind: bool = False  # whether a chunk has no vector yet
    counts: dict[str, int] = field(default_factory=dict)

    async def dense(self, vector: Vector | None, asset: Asset, k: int) -> Lane:
        if vector is None:
            return Lane()
        near = vector.tolist()

        async def ask(of: "CollectionAsync", limit: int, where: Any) -> Found:
            reply = await of.query.near_vector(
                near, target_vector=OWN, limit=limit, filters=where, return_metadata=["distance"], return_properties=ROW
            )
            return list(reply.objects)

        return await self._lane(ask, _nearness, asset, k)

    async def meaning(self, text: str, asset: Asset, k: int) -> Lane:
        """The dense lane of the server's own module. Raises `StoreRefused` when no vectorizer answers in time."""
        said = sound(asked(text).told[:READ]).replace("\x00", " ")
        if not said.strip():
            return Lane()

        async def ask(of: "CollectionAsync", limit: int, where: Any) -> Found:
            reply = await of.query.near_text(
                said,
                target_vector=MEANING,
                limit=limit,
                filters=where,
                return_metadata=["distance"],
                return_properties=ROW,
            )
            return list(reply.objects)

        return await self._lane(ask, _nearness, asset, k, cuts=False)

    async def sparse(self, words: Words, codes: Sequence[str], asset: Asset, k: int) -> Lane:
        """The server weighs no single term: what the trade says as well is asked apart and counts by its mean share."""
        present = words.weights.keys() - words.absent
        terms = [token(code) for code in codes] + nlargest(MOST_WORDS, present, key=words.weights.__getitem__)
        also = nlargest(MOST_WORDS, words.also, key=words.also.__getitem__)
        share = sum(words.also[word] for word in also) / len(also) if also else 0.0
        own, other = await asyncio.gather(self._bm25(terms, 1.0, asset, k), self._bm25(also, share, asset, k))
        return _both(own, other, k)

    async def words(self, text: str) -> Words:
        """Weights are inverse document frequencies. The server counts rows that are gone too, until they are swept."""
        question = asked(text)
        further = (word for meant in question.meant for word in (*meant.said, *meant.other))
        every = sorted(dict.fromkeys((*question.words, *further)), key=lambda word: not word.isalpha())[:WEIGHED]
        await asyncio.gather(*(self._count(word) for word in every if word not in self.counts))
        weights = {word: self._weigh(word) for word in question.words if word in self.counts}
        also = {word: share for word, share in question.also(self._weigh).items() if self.counts.get(word)}
        return Words(weights, frozenset(word for word in weights if not self.counts[word]), also)

    async def by_code(self, query: Query, k: int) -> tuple[tuple[Hit, ...], Mapping[str, tuple[str, ...]]]:
        """-> the code lane, and every known code with the chunks that define it."""
        codes = query.codes
        if not codes:
            return (), {}
        rows = await self._coded("codes", codes, TOGETHER)
        if len(rows) == TOGETHER:  # a code of a log may stand in thousands of rows and hide the others
            each = await asyncio.gather(
                self._coded("defines", codes, MOST), *(self._coded("codes", [c], k) for c in codes)
            )
            rows = [row for found in each for row in found]
        return _code_lane(codes, rows, k)

    async def any(self, where: Any) -> bool:
        """Whether some active row is like that."""

        async def ask(of: "CollectionAsync", limit: int, where: Any) -> Found:
            return list((await of.query.fetch_objects(filters=where, limit=limit, return_properties=ROW)).objects)

        return bool(await self._living(ask, where, 1))

    async def _coded(self, name: str, codes: Sequence[str], k: int) -> list[Mapping[str, Any]]:
        """Rows by code, a document at a time and in the document's order. A mention is no definition."""
        from weaviate.classes.query import Filter

        async def ask(of: "CollectionAsync", limit: int, where: Any) -> Found:
            reply = await of.query.fetch_objects(filters=where, limit=limit, return_properties=CODED)
            return list(reply.objects)

        where = Filter.by_property(name).contains_any(list(codes))
        nothing = {"codes": (), "defines": ()}  # empty lists come back as nothing at all
        rows = [nothing | {n: v for n, v in one.properties.items() if v} for one in await self._living(ask, where, k)]
        return sorted(rows, key=lambda row: (row["document"], row.get("ordinal", 0)))

    async def _bm25(self, terms: Sequence[str], share: float, asset: Asset, k: int) -> Lane:
        from weaviate.classes.query import BM25Operator

        if not terms:
            return Lane()

        async def ask(of: "CollectionAsync", limit: int, where: Any) -> Found:
            reply = await of.query.bm25(
                " ".join(terms),
                query_properties=["words"],
                operator=BM25Operator.or_(minimum_match=1),
                limit=limit,
                filters=where,
                return_metadata=["score"],
                return_properties=ROW,
            )
            return list(reply.objects)

        return await self._lane(ask, lambda one: share * SCALE * (one.metadata.score or 0.0), asset, k)

    def _weigh(self, word: str) -> float:
        total, n = sum(standing.chunks for standing in self.active.documents.values()), self.counts.get(word, 0)
        return math.log(1 + (max(total - n, 0) + 0.5) / (n + 0.5))

    async def _count(self, word: str) -> None:
        from weaviate.classes.query import Filter

        has = Filter.by_property("words").equal(word)
        reply = await self.tenant.link.call(
            lambda client: self.tenant.of(client).aggregate.over_all(filters=has, total_count=True)
        )
        self.counts[word] = reply.total_count or 0

    async def _lane(self, ask: Ask, score: Callable[[Any], float], asset: Asset, k: int, *, cuts: bool = True) -> Lane:
        """What applies to the asset comes in first, however much else is nearer; the rest takes what room is left."""
        first = applying(asset)
        parts = await asyncio.gather(
            *(self._living(ask, where, k, cuts=cuts) for where in ([first, None] if first else [None]))
        )
        hits = {one.properties["chunk"]: score(one) for found in reversed(parts) for one in found}
        chosen = list(dict.fromkeys(one.properties["chunk"] for found in parts for one in found))[:k]
        defining = {one.properties["chunk"] for found in parts for one in found if one.properties.get("defines")}
        return Lane(
            tuple(sorted((Hit(id_, hits[id_]) for id_ in chosen), key=lambda hit: -hit.score)),
            frozenset(defining.intersection(chosen)),
        )

    async def _living(self, ask: Ask, where: Any, k: int, *, cuts: bool = True) -> list[Any]:
        """The best k of the active generations, each chunk once."""
        limit = min(k + SPARE, MOST)
        while True:
            found = await self.tenant.link.call(partial(self._ask, ask=ask, limit=limit, where=where), cuts=cuts)
            living = {one.properties["chunk"]: one for one in found if self._lives(one.properties)}
            if len(living) >= k or len(found) < limit or limit == MOST:
                return list(living.values())[:k]
            limit = min(4 * limit, MOST)

    async def _ask(self, client: "WeaviateAsyncClient", ask: Ask, limit: int, where: Any) -> Found:
        return await ask(self.tenant.of(client), limit, where)

    def _lives(self, row: Mapping[str, Any]) -> bool:
        standing = self.active.documents.get(row["document"])
        return standing is not None and standing.generation == row["generation"]


def _both(own: Lane, other: Lane, k: int) -> Lane:
    """What both found counts for both."""
    scores: dict[str, float] = {}
    for hit in (*own.hits, *other.hits):
        scores[hit.chunk_id] = scores.get(hit.chunk_id, 0.0) + hit.score
    best = nlargest(k, scores, key=scores.__getitem__)
    return Lane(tuple(Hit(id_, scores[id_]) for id_ in best), (own.defining | other.defining).intersection(best))


def _code_lane(
    codes: Sequence[str], rows: Sequence[Mapping[str, Any]], k: int
) -> tuple[tuple[Hit, ...], Mapping[str, tuple[str, ...]]]:
    """What defines a code comes before what mentions it, each in the order of the asked codes."""
    seen = {code for row in rows for code in row["codes"]}
    known = {c: tuple(dict.fromkeys(row["chunk"] for row in rows if c in row["defines"])) for c in codes if c in seen}
    first = dict.fromkeys(chunk for own in known.values() for chunk in own)
    rest = dict.fromkeys(row["chunk"] for c in codes for row in rows if c in row["codes"] and row["chunk"] not in first)
    return (*(Hit(chunk, DEFINES) for chunk in first), *(Hit(chunk, MENTIONS) for chunk in rest))[:k], known


def applying(asset: Asset) -> Any:
    """A filter on what speaks of this asset or of none in particular; None where nothing is known of it."""
    from weaviate.classes.query import Filter

    named = {"vehicle_classes": asset.vehicle_class, "baselines": asset.baseline}
    limits = [Filter.by_property(name).contains_any([ANY, plain(of)]) for name, of in named.items() if of]
    return Filter.all_of(limits) if limits else None


def _nearness(one: Any) -> float:
    return 1.0 - float(one.metadata.distance if one.metadata.distance is not None else 1.0)
