"""A second reading changes the order of what fusion found, and nothing else; when it fails the order stays."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import pytest

from app.core.errors import RerankerUnavailable
from app.retrieval.encoder import Encoder
from app.retrieval.fused import FusedRetriever
from app.retrieval.reranking import AGAIN, Reranking
from app.retrieval.stores.embedded import EmbeddedStore
from tests.retrieval.fakes import MemoryTruth, Text, asking


@dataclass
class Longest:
    """Likes long passages; `fails` and `waits` are its faults."""

    name: str = "longest"
    remote: bool = False
    fails: bool = False
    waits: float = 0.0
    asked: list[tuple[str, int]] = field(default_factory=list)
    closed: bool = False

    async def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        self.asked.append((question, len(texts)))
        await asyncio.sleep(self.waits)
        if self.fails:
            raise RerankerUnavailable("It is gone.")
        return [float(len(text)) for text in texts]

    async def close(self) -> None:
        self.closed = True


def retriever(truth: MemoryTruth, pool: Executor, reranking: Reranking) -> FusedRetriever:
    store = EmbeddedStore(truth, truth.embedder.model, truth.embedder.dimensions, pool)
    return FusedRetriever(store, Encoder(truth.embedder), truth, pool, 20, reranking)


@pytest.fixture
def shelf(truth: MemoryTruth) -> MemoryTruth:
    truth.put("short", "The door jams.")
    truth.put("long", "Among many other things of which this tells at length, once in a while a door jams as well.")
    truth.put("code", Text("E73-B", defines=("E73-B",)))
    return truth


async def test_the_second_reading_decides_the_order_and_is_told_in_why(shelf: MemoryTruth, pool: Executor) -> None:
    plain = await retriever(shelf, pool, Reranking()).retrieve(asking("door jams"))
    assert [passage.document_id for passage in plain.passages][:2] == ["short", "long"]
    reader = Longest()
    found = await retriever(shelf, pool, Reranking(reader, depth=10)).retrieve(asking("door jams"))
    assert [passage.document_id for passage in found.passages][:2] == ["long", "short"]
    assert found.passages[0].why["rerank"] > found.passages[1].why["rerank"]
    assert reader.asked == [("door jams", 3)]
    assert not found.degraded


async def test_what_defines_an_asked_code_leads_whatever_the_reranker_says(shelf: MemoryTruth, pool: Executor) -> None:
    reranking = Reranking(Longest(), depth=10)
    found = await retriever(shelf, pool, reranking).retrieve(asking("door jams", "E73-B"))
    assert [passage.document_id for passage in found.passages] == ["code", "long", "short"]


@pytest.mark.parametrize("reader", [Longest(fails=True), Longest(waits=5.0)], ids=["fails", "hangs"])
async def test_a_reranker_that_is_gone_costs_one_failure_and_not_one_a_question(
    reader: Longest, shelf: MemoryTruth, pool: Executor
) -> None:
    now = [0.0]
    reranking = Reranking(reader, depth=10, patience=0.02, clock=lambda: now[0])
    ours = retriever(shelf, pool, reranking)
    for _ in range(3):
        found = await ours.retrieve(asking("door jams"))
        assert [passage.document_id for passage in found.passages][:2] == ["short", "long"]
        assert found.degraded == ("reranker_unavailable",)
    assert len(reader.asked) == 1
    assert reranking.why_not
    now[0], reader.fails, reader.waits = AGAIN + 1, False, 0.0
    assert not (await ours.retrieve(asking("door jams"))).degraded
    assert reranking.why_not == ""


async def test_deeper_passages_come_within_its_reach(truth: MemoryTruth, pool: Executor) -> None:
    for number in range(12):
        truth.put(f"d{number}", f"door jams {'again ' * number}")
    reader = Longest()
    query = asking("door jams", k=2)
    found = await retriever(truth, pool, Reranking(reader, depth=12)).retrieve(query)
    assert reader.asked == [("door jams", 12)]
    assert [passage.document_id for passage in found.passages] == ["d11", "d10"]


async def test_one_passage_needs_no_second_reading(truth: MemoryTruth, pool: Executor) -> None:
    truth.put("one", "The door jams.")
    reader = Longest()
    await retriever(truth, pool, Reranking(reader, depth=10)).retrieve(asking("door"))
    assert reader.asked == []


async def test_closing_closes_what_it_holds() -> None:
    reader = Longest()
    await Reranking(reader).close()
    await Reranking().close()
    assert reader.closed
