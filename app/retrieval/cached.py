"""What was found is kept for the next equal question, and a question's vector for every process that may need it.

The key of a finding holds the state of the knowledge base, so an ingest makes no stale answer possible: after it nobody
asks for the old key again.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from app.core.cache import Cache
from app.core.errors import RecordsUnavailable
from app.core.wire import from_json, to_json
from app.retrieval.base import Embedder, Query, Retrieved, Retriever, State, Truth
from app.telemetry import spans

PATIENCE = 0.5  # seconds a worker thread waits for the event loop, which may be busy


@dataclass(frozen=True, slots=True)
class CachedRetriever:
    """`recipe` names all that decides beside the question and the documents: embedder, lanes, release."""

    retriever: Retriever
    truth: Truth
    cache: Cache
    pool: Executor
    recipe: str
    ttl: float

    async def retrieve(self, query: Query) -> Retrieved:
        state = await asyncio.get_running_loop().run_in_executor(self.pool, self._state, query.kb)
        if not state.stamp:
            return await self.retriever.retrieve(query)
        key = self._key(query, state)
        if (held := await self._held(key, query)) is not None:
            return held
        found = await self.retriever.retrieve(query)
        if found.index_version == state.version and not found.degraded:
            await self.cache.set(key, to_json(found), self.ttl)
        return found

    def _state(self, kb: str) -> State:
        try:
            return self.truth.state(kb)
        except RecordsUnavailable:  # the retriever knows what is left to do
            return State()

    def _key(self, query: Query, state: State) -> str:
        asked = to_json(replace(query, at=query.day))
        seed = b"\x1f".join((self.recipe.encode(), str(state.version).encode(), state.stamp.encode(), asked))
        return f"found:{hashlib.sha256(seed).hexdigest()}"

    async def _held(self, key: str, query: Query) -> Retrieved | None:
        held = await self.cache.get(key)
        if held is None:
            return None
        try:
            found = from_json(Retrieved, held)
        except ValueError:  # whoever shares the cache has put something else there
            return None
        with spans.retrieval("cache", query.k) as span:
            span.found(len(found.passages))
        return found


@dataclass(slots=True)
class CachedEmbedder:
    """Questions come alone and are kept; documents come many at a time, and the records keep their vectors."""

    embedder: Embedder
    cache: Cache
    ttl: float
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    @property
    def model(self) -> str:
        return self.embedder.model

    @property
    def dimensions(self) -> int:
        return self.embedder.dimensions

    @property
    def remote(self) -> bool:
        return self.embedder.remote

    def load(self) -> None:
        self.embedder.load()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if len(texts) != 1:
            return self.embedder.encode(texts)
        seed = f"{self.model}\x1f{texts[0]}"
        key = f"vector:{hashlib.sha256(seed.encode()).hexdigest()}"
        if (held := self._held(key)) is not None:
            return held
        made = self.embedder.encode(texts)
        asyncio.run_coroutine_threadsafe(self.cache.set(key, made.astype("<f4").tobytes(), self.ttl), self.loop)
        return made

    def _held(self, key: str) -> NDArray[np.float32] | None:
        try:
            held = asyncio.run_coroutine_threadsafe(self.cache.get(key), self.loop).result(PATIENCE)
        except TimeoutError:
            return None
        if held is None or len(held) != 4 * self.dimensions:
            return None
        return np.frombuffer(held, dtype="<f4").reshape(1, -1).astype(np.float32)
