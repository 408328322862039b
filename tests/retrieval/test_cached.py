"""An equal question is answered from what is kept, until anything that decides the answer has changed."""

import asyncio
import random
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest

from app.core.cache import MemoryCache
from app.core.principal import LOCAL
from app.core.question import Asset
from app.records.home import open_records
from app.retrieval.base import Query, Retrieved, Retriever
from app.retrieval.cached import CachedEmbedder, CachedRetriever
from app.retrieval.encoder import Encoder
from app.retrieval.fused import FusedRetriever
from app.retrieval.stores.embedded import EmbeddedStore
from tests.records.samples import cut
from tests.retrieval.fakes import HashEmbedder, MemoryTruth, Text, asking


@dataclass
class Counted:
    """The retriever below, and how often it was asked."""

    below: Retriever
    asked: int = 0
    degraded: tuple[str, ...] = ()

    async def retrieve(self, query: Query) -> Retrieved:
        self.asked += 1
        return replace(await self.below.retrieve(query), degraded=self.degraded)


@dataclass
class Kept:
    """A cached retriever with all that stands below it."""

    truth: MemoryTruth
    pool: Executor
    cache: MemoryCache = field(default_factory=lambda: MemoryCache(2**24))
    recipe: str = "one"

    def __post_init__(self) -> None:
        store = EmbeddedStore(self.truth, "hash-384", 384, self.pool)
        self.counted = Counted(FusedRetriever(store, Encoder(HashEmbedder()), self.truth, self.pool))
        self.retriever = CachedRetriever(self.counted, self.truth, self.cache, self.pool, self.recipe, ttl=60)


@pytest.fixture
def kept(truth: MemoryTruth, pool: Executor) -> Kept:
    truth.put("table", Text("E73-B brake pipe", defines=("E73-B",)), "The door does not close.")
    return Kept(truth, pool)


async def test_an_equal_question_finds_the_very_same_without_a_search(kept: Kept) -> None:
    query = asking("the door does not close", "E73-B", "E73-C", asset=Asset(vehicle_class="442"))
    first = await kept.retriever.retrieve(query)
    again = await kept.retriever.retrieve(query)
    assert again == first
    assert kept.counted.asked == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "the door does not open"},
        {"k": 3},
        {"asset": Asset(vehicle_class="442")},
        {"asset": Asset(baseline="442")},
        {"at": date(2020, 1, 1)},
        {"mentions": ()},
    ],
    ids=str,
)
async def test_whatever_differs_in_the_question_is_searched_anew(kept: Kept, other: dict[str, object]) -> None:
    query = asking("the door does not close", "E73-B")
    await kept.retriever.retrieve(query)
    await kept.retriever.retrieve(replace(query, **other))  # type: ignore[arg-type]
    assert kept.counted.asked == 2


async def test_other_settings_do_not_share_what_was_found(kept: Kept) -> None:
    other = Kept(kept.truth, kept.pool, kept.cache, recipe="another embedder")
    await kept.retriever.retrieve(asking("door"))
    await other.retriever.retrieve(asking("door"))
    assert other.counted.asked == 1


async def test_what_is_degraded_is_not_kept(kept: Kept) -> None:
    kept.counted.degraded = ("weaviate_down",)
    await kept.retriever.retrieve(asking("door"))
    kept.counted.degraded = ()
    assert (await kept.retriever.retrieve(asking("door"))).degraded == ()
    assert kept.counted.asked == 2


async def test_after_an_ingest_the_old_finding_is_never_told(kept: Kept) -> None:
    before = await kept.retriever.retrieve(asking("pantograph"))
    (new,) = kept.truth.put("roof", "The pantograph bellows leak.")
    after = await kept.retriever.retrieve(asking("pantograph"))
    assert new in {passage.id for passage in after.passages}
    assert after.index_version == before.index_version + 1


async def test_rubbish_in_a_shared_cache_is_passed_over(kept: Kept) -> None:
    query = asking("door")
    first = await kept.retriever.retrieve(query)
    for key in list(kept.cache._entries):
        await kept.cache.set(key, b'{"passages": 7}', ttl=60)
    assert await kept.retriever.retrieve(query) == first


async def test_an_unreadable_version_leaves_it_to_the_retriever(kept: Kept) -> None:
    await kept.retriever.retrieve(asking("door"))
    kept.truth.down = True
    with pytest.raises(Exception, match=r"can be read"):
        await kept.retriever.retrieve(asking("door"))


async def test_while_documents_change_no_answer_is_older_than_its_question(tmp_path: Path, pool: Executor) -> None:
    """Real records: what was acknowledged before a question was asked is in its answer, however often it is asked."""
    records = open_records(tmp_path)
    await records.open()
    embedder = HashEmbedder()
    store = EmbeddedStore(records.truth, embedder.model, embedder.dimensions, pool)
    fused = FusedRetriever(store, Encoder(embedder), records.truth, pool)
    cache = MemoryCache(2**24)
    retriever = CachedRetriever(fused, records.truth, cache, pool, "recipe", ttl=60)
    acknowledged = hits = 0
    ingesting = True

    async def ingest() -> None:
        nonlocal acknowledged, ingesting
        for number in range(25):
            await records.documents.replace(LOCAL, "main", [cut("a.md", 2, revision=f"R{number}")])
            acknowledged, asked = number, hits
            while hits < asked + 2:
                await asyncio.sleep(random.random() / 1000)
        ingesting = False

    async def ask() -> None:
        nonlocal hits
        while ingesting:
            least = acknowledged
            found = await retriever.retrieve(asking("brake", k=5))
            revisions = {int(passage.revision[1:]) for passage in found.passages}
            assert not revisions or min(revisions) >= least
            hits += 1

    try:
        await records.documents.replace(LOCAL, "main", [cut("a.md", 2, revision="R0")])
        await asyncio.gather(ingest(), *(ask() for _ in range(4)))
    finally:
        await records.close()
    assert hits >= 50


async def test_a_question_s_vector_is_made_once_for_all_processes(pool: Executor) -> None:
    cache = MemoryCache(2**20)
    one, other = HashEmbedder(), HashEmbedder()
    loop = asyncio.get_running_loop()
    first = await loop.run_in_executor(pool, CachedEmbedder(one, cache, 60).encode, ["door"])
    again = await loop.run_in_executor(pool, CachedEmbedder(other, cache, 60).encode, ["door"])
    assert (first == again).all()
    assert (one.encoded, other.encoded) == (1, 0)


async def test_another_model_s_vector_is_not_taken(pool: Executor) -> None:
    cache = MemoryCache(2**20)
    one, other = HashEmbedder(), HashEmbedder(model="other")
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(pool, CachedEmbedder(one, cache, 60).encode, ["door"])
    await loop.run_in_executor(pool, CachedEmbedder(other, cache, 60).encode, ["door"])
    assert other.encoded == 1


@pytest.mark.slow
async def test_two_processes_that_share_a_redis_never_tell_what_is_stale(truth: MemoryTruth, pool: Executor) -> None:
    pytest.importorskip("redis")
    from app.core.redis_cache import RedisCache
    from tests.redis_server import redis_server

    server = redis_server()
    server.start()
    caches = [RedisCache(server.url, MemoryCache(0)) for _ in range(2)]
    one, other = (Kept(truth, pool, cache) for cache in caches)  # type: ignore[arg-type]
    try:
        truth.put("door", "The passenger door does not close.")
        found = await one.retriever.retrieve(asking("door"))
        assert await other.retriever.retrieve(asking("door")) == found
        assert other.counted.asked == 0, "the other process found it"
        (new,) = truth.put("door", "The passenger door closes now.")
        assert [p.id for p in (await other.retriever.retrieve(asking("door"))).passages] == [new]
        server.kill()
        assert [p.id for p in (await one.retriever.retrieve(asking("door"))).passages] == [new]
        assert caches[0].why_not
    finally:
        for cache in caches:
            await cache.close()
        server.kill()
