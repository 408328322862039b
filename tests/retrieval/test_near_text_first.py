"""The mode `near_text_first`: near-text, BM25 where no vectorizer answers, and no collection is no failure."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor
from typing import Any

import pytest

pytest.importorskip("weaviate")

from app.core.errors import InvalidSettings
from app.core.settings.retrieval import RetrievalSettings
from app.core.settings.weaviate import WeaviateSettings
from app.retrieval.base import Retrieved
from app.retrieval.encoder import Encoder
from app.retrieval.fused import FusedRetriever
from app.retrieval.stores.table import STORES
from tests.retrieval import places
from tests.retrieval.fakes import MemoryTruth, Text, asking
from tests.weaviate_server.server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(module="text2vec-transformers").start()
    yield made
    made.stop()


@pytest.fixture
async def retriever(server: Server, truth: MemoryTruth, pool: Executor) -> AsyncIterator[FusedRetriever]:
    made = over(server, truth, pool)
    await made.store.open()
    yield made
    await made.store.close()


def over(server: Server, truth: MemoryTruth, pool: Executor, **changes: Any) -> FusedRetriever:
    where = WeaviateSettings(**places.at(server) | {"query_s": 5, "patience_s": 10} | changes)
    settings = RetrievalSettings(store="weaviate", mode="near_text_first", weaviate=where)
    return FusedRetriever(
        STORES["weaviate"](settings, truth, "hash-384", 384, pool), Encoder(truth.embedder), truth, pool
    )


def found(retrieved: Retrieved) -> list[str]:
    return [passage.id for passage in retrieved.passages]


async def test_near_text_alone_ranks(retriever: FusedRetriever, truth: MemoryTruth) -> None:
    (door,) = truth.put("door", "the door does not close")
    truth.put("brake", "the brake holds")
    before = truth.embedder.encoded
    retrieved = await retriever.retrieve(asking("door close"))
    assert (found(retrieved)[0], retrieved.degraded) == (door, ())
    assert set(retrieved.passages[0].why) == {"dense"}
    assert truth.embedder.encoded == before


async def test_bm25_answers_when_no_vectorizer_does(
    retriever: FusedRetriever, server: Server, truth: MemoryTruth
) -> None:
    (door,) = truth.put("door", "the door does not close")
    await retriever.store.write("main")
    server.faults.vectorizer_down = True
    retrieved = await retriever.retrieve(asking("doors closing"))
    assert (found(retrieved), retrieved.degraded) == ([door], ("vectorizer_down",))
    assert set(retrieved.passages[0].why) == {"sparse"}


async def test_a_server_without_a_vectorizer_is_asked_by_bm25(
    server: Server, truth: MemoryTruth, pool: Executor
) -> None:
    (door,) = truth.put("door", "the door does not close")
    retriever = over(server, truth, pool, vectorizer="none", collection="Plain")
    await retriever.store.open()
    assert found(await retriever.retrieve(asking("door"))) == [door]
    await retriever.store.close()


async def test_codes_lead_in_this_mode_too(retriever: FusedRetriever, truth: MemoryTruth) -> None:
    truth.put("talk", "the door does not close", "the doors do close")
    (table,) = truth.put("table", Text("E73-B leaf", defines=("E73-B",)))
    retrieved = await retriever.retrieve(asking("the door does not close", "E73-B", "E73-C"))
    assert found(retrieved)[0] == table
    assert [(code.code, code.known) for code in retrieved.fault_codes] == [("E73-B", True), ("E73-C", False)]


async def test_a_missing_collection_is_tolerated(retriever: FusedRetriever, server: Server, truth: MemoryTruth) -> None:
    (table,) = truth.put("table", Text("E73-B leaf", defines=("E73-B",)))
    await retriever.store.write("main")
    server.collections.clear()
    retrieved = await retriever.retrieve(asking("leaf", "E73-B"))
    assert (found(retrieved), retrieved.degraded) == ([table], ("collection_missing",))
    retrieved = await retriever.retrieve(asking("leaf", "E73-B"))
    assert (found(retrieved), retrieved.degraded) == ([table], ())


async def test_the_mode_needs_weaviate(truth: MemoryTruth, pool: Executor) -> None:
    with pytest.raises(InvalidSettings, match="near_text_first"):
        STORES["embedded"](RetrievalSettings(mode="near_text_first"), truth, "hash-384", 384, pool)
