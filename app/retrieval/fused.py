"""The retriever: every lane at once, fused, loaded from the truth, and each asked code known or not."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TypeVar

from app.core.errors import RecordsUnavailable, StoreUnavailable
from app.retrieval.base import Query, Retrieved, Store, Truth
from app.retrieval.encoder import Encoder
from app.retrieval.explain import Explanation
from app.retrieval.reranking import Reranking
from app.retrieval.search import Search, neighboured
from app.telemetry import spans

T = TypeVar("T")


@dataclass(slots=True)
class FusedRetriever:
    """`pool` runs what blocks; with the embedded store a question takes one hop to it."""

    store: Store
    encoder: Encoder
    truth: Truth
    pool: Executor
    lane_k: int = 50
    reranking: Reranking = field(default_factory=Reranking)

    async def retrieve(self, query: Query) -> Retrieved:
        return (await self.explain(query)).retrieved

    async def explain(self, query: Query) -> Explanation:
        """The same search, with what each lane found and where the time went."""
        with spans.retrieval(self.store.name, query.k) as span:
            explanation = await self._search(query)
            span.queried(query.text)
            span.found(len(explanation.retrieved.passages))
            lanes = explanation.lanes
            span.fused(code=len(lanes.code), dense=len(lanes.dense), sparse=len(lanes.sparse))
            for reason in explanation.retrieved.degraded:
                span.note(reason)
            return explanation

    async def _search(self, query: Query) -> Explanation:
        try:
            search = Search(query, self.truth, self.encoder)
            lanes = await self.store.lanes(query, self.lane_k, search.encode)
            loaded, leading = search.look(lanes, self.reranking.depth)
            ordered, reason = await self.reranking.order(query.text, loaded, leading)
            search.watch.lap("rerank")
            search.degraded += [reason] if reason else []
            explanation = search.finish(lanes, ordered)
            if all(code.known for code in explanation.retrieved.fault_codes):
                return explanation
            known = await self.store.codes(query.kb)
            return await self._hop(lambda: neighboured(explanation, known))
        except (StoreUnavailable, RecordsUnavailable):
            return await self._hop(lambda: self._without_store(query))

    def _without_store(self, query: Query) -> Explanation:
        try:
            return Search(query, self.truth, self.encoder).without_store(f"{self.store.name}_down")
        except RecordsUnavailable as error:
            raise StoreUnavailable("Neither the index nor the documents can be read.") from error

    async def _hop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.pool, work)
