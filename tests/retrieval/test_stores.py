"""What every store promises: each test runs on every row of `STORES`."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor

import pytest

from app.core.errors import StoreUnavailable
from app.core.settings.retrieval import RetrievalSettings
from app.retrieval.base import Lanes, Query, Store
from app.retrieval.stores.table import STORES
from tests.retrieval import places
from tests.retrieval.fakes import MemoryTruth, Text, asking


def make(settings: RetrievalSettings, truth: MemoryTruth, pool: Executor) -> Store:
    return STORES[settings.store](settings, truth, truth.embedder.model, truth.embedder.dimensions, pool)


@pytest.fixture(params=sorted(STORES))
async def settings(request: pytest.FixtureRequest) -> AsyncIterator[RetrievalSettings]:
    """Of a place that is empty, and is so again afterwards."""
    if request.param == "weaviate":
        pytest.importorskip("weaviate")
        where = places.fresh()
        yield RetrievalSettings(store="weaviate", weaviate=where)
        await places.drop(where)
    else:
        yield RetrievalSettings(store=request.param)


@pytest.fixture
async def store(settings: RetrievalSettings, truth: MemoryTruth, pool: Executor) -> AsyncIterator[Store]:
    made = make(settings, truth, pool)
    await made.open()
    yield made
    await made.close()


async def look(store: Store, truth: MemoryTruth, query: Query, k: int = 10) -> Lanes:
    return await store.lanes(query, k, lambda text: truth.embedder.encode([text])[0])


def ids(hits: tuple[object, ...]) -> list[str]:
    return [hit.chunk_id for hit in hits]  # type: ignore[attr-defined]


async def test_an_empty_knowledge_base_has_empty_lanes(store: Store, truth: MemoryTruth) -> None:
    assert await look(store, truth, asking("door", "E73-B")) == Lanes()
    assert list(await store.codes("main")) == []
    assert await store.write("main") == 0


async def test_words_and_vectors_find_the_passage_that_speaks_of_the_matter(store: Store, truth: MemoryTruth) -> None:
    (door,) = truth.put("door", "The passenger door does not close because the edge sensor is dirty.")
    truth.put("brake", "The brake pipe loses pressure at the coupling.")
    lanes = await look(store, truth, asking("passenger doors not closing"))
    assert ids(lanes.sparse)[0] == ids(lanes.dense)[0] == door
    assert 0.0 < lanes.dense[0].score <= 1.0
    assert lanes.code == ()


async def test_a_code_is_found_where_it_is_defined_before_where_it_is_mentioned(
    store: Store, truth: MemoryTruth
) -> None:
    mentioned = truth.put("log", Text("09:12 E73-B raised", codes=("E73-B",)))
    defined = truth.put("table", Text("E73-B door", defines=("E73-B",)), Text("E73-B remedy", defines=("E73-B",)))
    lanes = await look(store, truth, asking("", "E73-B"))
    assert ids(lanes.code) == [*defined, *mentioned]
    assert lanes.code[1].score > lanes.code[2].score
    assert lanes.known == {"E73-B": tuple(defined)}


async def test_the_order_of_the_asked_codes_is_kept(store: Store, truth: MemoryTruth) -> None:
    one, two = truth.put("table", Text("one", defines=("A-1",)), Text("two", defines=("B-2",)))
    assert ids((await look(store, truth, asking("", "B-2", "A-1"))).code) == [two, one]
    assert ids((await look(store, truth, asking("", "A-1", "B-2"))).code) == [one, two]


async def test_a_near_miss_is_not_known(store: Store, truth: MemoryTruth) -> None:
    truth.put("table", Text("E73-A brake", defines=("E73-A",)))
    lanes = await look(store, truth, asking("", "E73-B"))
    assert (lanes.known, lanes.code) == ({}, ())


async def test_a_code_that_is_only_mentioned_is_known_and_defined_nowhere(store: Store, truth: MemoryTruth) -> None:
    (log,) = truth.put("log", Text("09:12 E73-B", codes=("E73-B",)))
    lanes = await look(store, truth, asking("", "E73-B"))
    assert lanes.known == {"E73-B": ()}
    assert ids(lanes.code) == [log]


async def test_a_whole_code_weighs_more_than_its_parts(store: Store, truth: MemoryTruth) -> None:
    truth.put("other", Text("E73 and B, B and E73: the column B of frame E73", codes=("E73-A",)))
    (right,) = truth.put("right", Text("E73-B: the leaf stands open", codes=("E73-B",)))
    truth.put("more", *[Text(f"filler number {n} about E73 parts") for n in range(5)])
    assert ids((await look(store, truth, asking("", "E73-B"))).sparse)[0] == right


async def test_codes_tells_every_code_of_the_knowledge_base_and_no_other(store: Store, truth: MemoryTruth) -> None:
    truth.put("table", Text("x", defines=("A-1",), codes=("A-1", "B-2")))
    truth.put("elsewhere", Text("y", defines=("C-3",)), kb="depot")
    assert sorted(await store.codes("main")) == ["A-1", "B-2"]
    assert sorted(await store.codes("depot")) == ["C-3"]


async def test_knowledge_bases_do_not_see_each_other(store: Store, truth: MemoryTruth) -> None:
    truth.put("a", "pantograph contact strip", kb="main")
    (other,) = truth.put("a", "pantograph contact strip", kb="depot")
    lanes = await look(store, truth, asking("pantograph", kb="depot"))
    assert ids(lanes.sparse) == ids(lanes.dense) == [other]


async def test_a_replaced_document_is_found_in_its_new_generation_only(store: Store, truth: MemoryTruth) -> None:
    truth.put("manual", Text("old pantograph text", defines=("P-1",)), "second old pantograph chunk")
    await look(store, truth, asking("pantograph"))
    (new,) = truth.put("manual", Text("new pantograph text", defines=("P-2",)))
    lanes = await look(store, truth, asking("pantograph", "P-1", "P-2"))
    assert ids(lanes.sparse) == ids(lanes.dense) == ids(lanes.code) == [new]
    assert lanes.known == {"P-2": (new,)}
    assert list(await store.codes("main")) == ["P-2"]


async def test_a_removed_document_is_not_found(store: Store, truth: MemoryTruth) -> None:
    truth.put("stays", "coupling hose")
    truth.put("goes", Text("pantograph", defines=("P-1",)))
    await store.write("main")
    truth.remove("goes")
    lanes = await look(store, truth, asking("pantograph", "P-1"))
    assert (lanes.known, lanes.sparse, lanes.code) == ({}, (), ())
    assert not any(hit.chunk_id.startswith("goes") for hit in lanes.dense)


async def test_an_ingest_by_another_process_is_seen_by_the_next_query(store: Store, truth: MemoryTruth) -> None:
    truth.put("one", "pantograph")
    before = await look(store, truth, asking("pantograph"))
    truth.put("two", "pantograph carbon strip")  # nobody told the store
    after = await look(store, truth, asking("pantograph"))
    assert after.index_version == before.index_version + 1 == truth.index_version("main")
    assert len(after.sparse) == 2


async def test_write_brings_the_index_to_the_truths_version(store: Store, truth: MemoryTruth) -> None:
    truth.put("one", "pantograph")
    truth.put("two", "pantograph")
    assert await store.write("main") == 2 == (await look(store, truth, asking("pantograph"))).index_version


async def test_sweep_drops_what_belongs_to_no_active_generation_and_says_how_many(
    store: Store, truth: MemoryTruth
) -> None:
    truth.put("manual", "old one", "old two", "old three")
    truth.put("stays", *[f"pantograph {n}" for n in range(20)])
    await store.write("main")
    (new,) = truth.put("manual", "new coupling")
    assert await store.sweep("main") == 3
    assert await store.sweep("main") == 0
    assert ids((await look(store, truth, asking("coupling"))).sparse) == [new]


async def test_a_store_that_was_thrown_away_is_rebuilt_from_the_truth(
    store: Store, settings: RetrievalSettings, truth: MemoryTruth, pool: Executor
) -> None:
    truth.put("a", Text("pantograph strip", defines=("P-1",)))
    truth.put("b", "brake hose")
    truth.put("a", Text("pantograph strip worn", defines=("P-1",)))
    seen = await look(store, truth, asking("pantograph", "P-1"))
    again = make(settings, truth, pool)
    await again.open()
    rebuilt = await look(again, truth, asking("pantograph", "P-1"))
    assert (ids(rebuilt.code), ids(rebuilt.sparse), ids(rebuilt.dense)) == (
        ids(seen.code),
        ids(seen.sparse),
        ids(seen.dense),
    )
    await again.close()


async def test_rows_without_a_vector_are_found_by_their_words_and_reported(store: Store, truth: MemoryTruth) -> None:
    (blind,) = truth.put("new", "pantograph strip", vectors=False)
    (seen,) = truth.put("old", "pantograph frame")
    lanes = await look(store, truth, asking("pantograph"))
    assert set(ids(lanes.sparse)) == {blind, seen}
    assert ids(lanes.dense) == [seen]
    assert lanes.degraded == ("vectors_missing",)


async def test_without_a_vector_the_other_lanes_still_answer(store: Store, truth: MemoryTruth) -> None:
    (one,) = truth.put("one", Text("pantograph", defines=("P-1",)), vectors=False)
    lanes = await store.lanes(asking("pantograph", "P-1"), 5, lambda _: None)
    assert (ids(lanes.sparse), ids(lanes.code), lanes.dense, lanes.degraded) == ([one], [one], (), ())


async def test_a_lane_is_no_longer_than_asked(store: Store, truth: MemoryTruth) -> None:
    truth.put("many", *[Text(f"pantograph strip {n}", codes=("P-1",)) for n in range(20)])
    lanes = await look(store, truth, asking("pantograph", "P-1"), k=3)
    assert [len(lane) for lane in (lanes.code, lanes.dense, lanes.sparse)] == [3, 3, 3]


@pytest.mark.parametrize(
    "text",
    [
        '+door -brake "',
        "text:* OR (",
        "code:E73-B^9 AND [a TO z]",
        "\\",
        "",
        "   ",
        "the of and",
        "\x00\ud800",
        "🚆" * 50,
    ],
)
async def test_a_question_is_never_a_query_language(store: Store, truth: MemoryTruth, text: str) -> None:
    truth.put("door", "The door does not close.")
    lanes = await look(store, truth, Query(text))
    assert lanes.index_version == 1


async def test_a_question_of_ten_thousand_characters_is_answered_by_its_rare_words(
    store: Store, truth: MemoryTruth
) -> None:
    truth.put("log", *[f"event {n} counter line" for n in range(30)])
    (rare,) = truth.put("manual", "The pantograph carbon is worn through.")
    long = " ".join(f"event counter line {n} w{n:x}" for n in range(500)) + " pantograph carbon"
    assert len(long) > 10_000
    assert ids((await look(store, truth, asking(long))).sparse)[0] == rare


async def test_what_is_rare_weighs_more(store: Store, truth: MemoryTruth) -> None:
    truth.put("log", *[f"the door of car {n}" for n in range(10)], "door pantograph")
    weights = (await look(store, truth, asking("Why do the doors have a pantograph, please, sourdough?"))).weights
    assert list(weights) == ["door", "pantograph", "sourdough"]
    assert 0 < weights["door"] < weights["pantograph"] < weights["sourdough"]


async def test_a_lost_truth_is_an_unavailable_store(store: Store, truth: MemoryTruth) -> None:
    truth.put("door", "The door does not close.")
    truth.down = True
    with pytest.raises(StoreUnavailable):
        await look(store, truth, asking("door"))


async def test_many_queries_beside_many_ingests_each_see_whole_generations(store: Store, truth: MemoryTruth) -> None:
    """Every generation has four chunks with one code of its own: a torn view would mix codes or lose chunks."""

    def ingest(generation: int) -> None:
        truth.put("manual", *[Text(f"pantograph part {n}", defines=(f"G-{generation}",)) for n in range(4)])

    ingest(0)
    truth.put("rest", *[f"coupling {n}" for n in range(30)])

    async def ask() -> set[int]:
        codes = [f"G-{n}" for n in range(25)]
        lanes = await look(store, truth, asking("pantograph", *codes))
        assert len(lanes.known) == 1
        assert {len(rows) for rows in lanes.known.values()} == {4}
        generations = {chunk_id.split("#")[0] for chunk_id in ids(lanes.sparse) if chunk_id.startswith("manual")}
        assert len(generations) == 1
        return {lanes.index_version}

    seen: set[int] = set()
    for generation in range(1, 25):
        asked = [asyncio.create_task(ask()) for _ in range(6)]
        ingest(generation)
        for version in await asyncio.gather(*asked):
            seen |= version
    assert len(seen) > 5
