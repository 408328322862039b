"""A question in, passages out: what leads, what comes last, and what is still said when a part is gone."""

from concurrent.futures import Executor

import numpy as np
import pytest

from app.core.diagnosis import NearCode
from app.core.errors import EmbedderUnavailable, StoreUnavailable
from app.core.question import Asset
from app.retrieval import search
from app.retrieval.base import Lanes, Query
from app.retrieval.encoder import Encoder
from app.retrieval.fused import FusedRetriever
from app.retrieval.stores.embedded import EmbeddedStore
from tests.retrieval.fakes import HashEmbedder, MemoryTruth, Text, asking


class NoEmbedder(HashEmbedder):
    def load(self) -> None:
        raise EmbedderUnavailable("No weights here.")


class NoStore(EmbeddedStore):
    async def lanes(self, *_: object) -> Lanes:  # type: ignore[override]
        raise StoreUnavailable("The index is gone.")


@pytest.fixture
def retriever(truth: MemoryTruth, pool: Executor) -> FusedRetriever:
    return make(truth, pool)


def make(
    truth: MemoryTruth,
    pool: Executor,
    embedder: HashEmbedder | None = None,
    store: type[EmbeddedStore] = EmbeddedStore,
) -> FusedRetriever:
    embedder = embedder or truth.embedder
    index = store(truth, embedder.model, embedder.dimensions, pool)
    return FusedRetriever(index, Encoder(embedder), truth, pool, lane_k=20)


async def found(retriever: FusedRetriever, query: Query) -> list[str]:
    return [passage.id for passage in (await retriever.retrieve(query)).passages]


async def test_an_empty_knowledge_base_finds_nothing_and_is_not_degraded(retriever: FusedRetriever) -> None:
    retrieved = await retriever.retrieve(asking("the door does not close", "E73-B"))
    assert (retrieved.passages, retrieved.relevance, retrieved.degraded) == ((), 0.0, ())
    assert [(code.code, code.known) for code in retrieved.fault_codes] == [("E73-B", False)]


async def test_passages_carry_their_score_and_each_lanes_share_of_it(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    truth.put("door", "The passenger door does not close.")
    truth.put("brake", "The brake pipe loses pressure.")
    explanation = await retriever.explain(asking("door does not close"))
    best, lanes = explanation.retrieved.passages[0], explanation.lanes
    assert best.document_id == "door"
    assert best.why["dense"] == pytest.approx(lanes.dense[0].score / 3)
    assert 0 < best.why["sparse"] < 2 / 3
    assert best.score == pytest.approx(sum(best.why.values()))


async def test_what_defines_the_code_leads_however_well_others_fit_the_words(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    truth.put("chat", *[Text(f"the door does not close {n}", codes=("E73-B",)) for n in range(5)])
    (first, second) = truth.put("table", Text("E73-B leaf", defines=("E73-B",)), Text("cure", defines=("E73-B",)))
    assert (await found(retriever, asking("the door does not close", "E73-B")))[:2] == [first, second]


async def test_several_known_codes_each_have_a_definition_within_k(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    first, *_ = truth.put("a", *[Text(f"A-1 part {n}", defines=("A-1",)) for n in range(10)])
    second, *_ = truth.put("b", *[Text(f"B-2 part {n}", defines=("B-2",)) for n in range(10)])
    (third,) = truth.put("c", Text("C-3", defines=("C-3",)))
    assert (await found(retriever, asking("part", "A-1", "B-2", "C-3", k=4)))[:3] == [first, second, third]


async def test_superseded_passages_are_left_out_while_others_answer(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    (old,) = truth.put("rev-a", Text("E73-B: 3 mm", defines=("E73-B",)), superseded_by="rev-b")
    (new,) = truth.put("rev-b", Text("E73-B: 4 mm", defines=("E73-B",)))
    (talk,) = truth.put("talk", "E73-B was discussed")
    passages = (await retriever.retrieve(asking("E73-B", "E73-B"))).passages
    assert [passage.id for passage in passages] == [new, talk]
    asked = (await retriever.retrieve(asking("E73-B in the superseded edition", "E73-B"))).passages
    assert old in {passage.id for passage in asked}


async def test_a_code_that_only_a_superseded_document_defines_still_leads(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    (old,) = truth.put("rev-a", Text("E73-B: 3 mm", defines=("E73-B",)), superseded_by="rev-b")
    truth.put("talk", *[f"E73-B was discussed {n}" for n in range(9)])
    assert (await found(retriever, asking("E73-B discussed", "E73-B", k=3)))[0] == old


async def test_current_passages_are_looked_for_behind_superseded_ones(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    truth.put("old", *[f"pantograph pantograph strip {n}" for n in range(6)], superseded_by="new")
    new = truth.put("new", *[f"a long text in which the pantograph is named once {n}" for n in range(3)])
    assert set(await found(retriever, asking("pantograph strip", k=3))) == set(new)


async def test_passages_of_another_asset_come_last_and_are_marked_not_dropped(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    (other,) = truth.put("class-445", Text("E73-B is a brake fault", defines=("E73-B",)), classes=("Class 445",))
    (mine,) = truth.put("class-442", Text("E73-B is a door fault", defines=("E73-B",)), classes=("Class 442",))
    (all_,) = truth.put("general", "E73-B needs a signed sheet")
    passages = (await retriever.retrieve(asking("", "E73-B", asset=Asset(vehicle_class="442")))).passages
    assert [passage.id for passage in passages] == [mine, all_, other]
    assert "other_asset" in passages[-1].why
    unnamed = await found(retriever, asking("", "E73-B"))
    assert set(unnamed[:2]) == {other, mine}


async def test_a_baseline_narrows_like_a_class(retriever: FusedRetriever, truth: MemoryTruth) -> None:
    truth.put("x", "pantograph")
    passage = (await retriever.retrieve(asking("pantograph", asset=Asset(baseline="3.6.0")))).passages[0]
    assert "other_asset" not in passage.why


async def test_each_distinct_code_is_told_once_as_it_was_first_spelled(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    truth.put("table", Text("x", defines=("A-1",)))
    codes = (await retriever.retrieve(asking("", "A-1", "Z-9", "A-1"))).fault_codes
    assert [(code.code, code.spelled, code.known) for code in codes] == [("A-1", "a-1", True), ("Z-9", "z-9", False)]


async def test_unknown_codes_get_the_known_ones_they_may_be_mistaken_for(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    truth.put("table", Text("x", defines=("A-1",)))
    explanation = await retriever.explain(asking("", "A-2", "A-1"))
    asked: list[tuple[str, frozenset[str]]] = []

    def near(code: str, known: frozenset[str]) -> tuple[NearCode, ...]:
        asked.append((code, known))
        return (NearCode("A-1", "one digit apart"),)

    unknown, known = search.neighboured(explanation, {"A-1"}, near).retrieved.fault_codes
    assert [miss.code for miss in unknown.near] == ["A-1"]
    assert known.near == ()
    assert asked == [("A-2", frozenset({"A-1"}))]


async def test_without_an_embedder_words_and_codes_are_searched(truth: MemoryTruth, pool: Executor) -> None:
    truth.put("door", Text("The door does not close.", defines=("E73-B",)))
    retrieved = await make(truth, pool, NoEmbedder()).retrieve(asking("door", "E73-B"))
    assert [passage.document_id for passage in retrieved.passages] == ["door"]
    assert set(retrieved.passages[0].why) == {"code", "sparse"}
    assert retrieved.degraded == ("embedder_unavailable",)


async def test_rows_without_vectors_are_reported(retriever: FusedRetriever, truth: MemoryTruth) -> None:
    truth.put("door", "The door does not close.", vectors=False)
    retrieved = await retriever.retrieve(asking("door"))
    assert (len(retrieved.passages), retrieved.degraded) == (1, ("vectors_missing",))


async def test_without_its_store_the_codes_are_read_from_the_truth(truth: MemoryTruth, pool: Executor) -> None:
    (mentioned,) = truth.put("log", Text("E73-B raised", codes=("E73-B",)))
    (defined,) = truth.put("table", Text("E73-B leaf", defines=("E73-B",)))
    retrieved = await make(truth, pool, store=NoStore).retrieve(asking("door", "E73-B", "Z-9"))
    assert [passage.id for passage in retrieved.passages] == [defined, mentioned]
    assert [(code.code, code.known) for code in retrieved.fault_codes] == [("E73-B", True), ("Z-9", False)]
    assert retrieved.degraded == ("embedded_down",)
    assert retrieved.index_version == 2


async def test_when_not_even_the_codes_can_be_read_the_store_is_unavailable(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    truth.put("door", "door")
    truth.down = True
    with pytest.raises(StoreUnavailable):
        await retriever.retrieve(asking("door", "E73-B"))


async def test_passages_that_left_since_the_index_was_read_are_left_out(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    truth.put("goes", "pantograph strip")
    (stays,) = truth.put("stays", "pantograph frame")

    class Leaving(HashEmbedder):
        def encode(self, texts):  # type: ignore[no-untyped-def]
            vectors = super().encode(texts)
            truth.remove("goes")
            return vectors

    retriever.encoder = Encoder(Leaving())
    assert await found(retriever, asking("pantograph strip")) == [stays]


async def test_an_on_topic_question_is_more_relevant_than_an_off_topic_one(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    truth.put("door", "The passenger door does not close because the edge sensor is dirty.")
    truth.put("brake", "The brake pipe loses pressure at the coupling.")
    on = (await retriever.retrieve(asking("passenger door not closing"))).relevance
    off = (await retriever.retrieve(asking("best sourdough recipe for beginners"))).relevance
    assert off < 0.2
    assert on > 0.8


async def test_a_question_with_a_known_code_is_relevant_whatever_its_words_are(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    truth.put("door", Text("The passenger door does not close.", defines=("E73-B",)))
    assert (await retriever.retrieve(asking("what on earth", "E73-B"))).relevance == 1.0
    assert (await retriever.retrieve(asking("what on earth", "E73-C"))).relevance < 0.5


async def test_the_explanation_has_each_lanes_place_and_the_milliseconds(
    retriever: FusedRetriever, truth: MemoryTruth
) -> None:
    (door,) = truth.put("door", Text("The door does not close.", defines=("E73-B",)))
    truth.put("brake", "The brake pipe.")
    explanation = await retriever.explain(asking("door", "E73-B"))
    places = explanation.places(door)
    assert {lane: place.rank for lane, place in places.items()} == {"code": 1, "dense": 1, "sparse": 1}
    assert places["dense"].score == pytest.approx(explanation.lanes.dense[0].score)
    assert {"encode", "lanes", "passages"} <= explanation.milliseconds.keys()


async def test_the_same_words_are_encoded_once(retriever: FusedRetriever, truth: MemoryTruth) -> None:
    truth.put("door", "The door does not close.")
    before = truth.embedder.encoded
    for _ in range(3):
        await retriever.retrieve(asking("door"))
    assert truth.embedder.encoded == before + 1


async def test_an_empty_question_is_not_encoded(retriever: FusedRetriever, truth: MemoryTruth) -> None:
    truth.put("door", "The door does not close.")
    before = truth.embedder.encoded
    retrieved = await retriever.retrieve(Query("  "))
    assert (retrieved.passages, retrieved.degraded, truth.embedder.encoded) == ((), (), before)


def test_a_failed_embedder_is_tried_again_after_a_while() -> None:
    class Flaky(HashEmbedder):
        loads = 0

        def load(self) -> None:
            self.loads += 1
            if self.loads == 1:
                raise EmbedderUnavailable("Not yet.")

    now = 0.0
    embedder = Flaky()
    encoder = Encoder(embedder, clock=lambda: now)
    assert encoder("door") is None
    assert encoder.why_not == "Not yet."
    assert encoder("door") is None
    assert embedder.loads == 1
    now = 61.0
    vector = encoder("door")
    assert vector is not None
    assert np.linalg.norm(vector) == pytest.approx(1.0)
    assert (embedder.loads, encoder.why_not) == (2, "")
