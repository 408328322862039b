"""The store in Weaviate where it differs from the one in this process: a server that is away, changed or refuses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Executor
from typing import Any

import pytest

pytest.importorskip("weaviate")

from app.core.errors import StoreUnavailable
from app.core.question import Asset
from app.core.settings.retrieval import RetrievalSettings
from app.core.settings.weaviate import WeaviateSettings
from app.retrieval.base import Lanes, Store
from app.retrieval.encoder import Encoder
from app.retrieval.fused import FusedRetriever
from app.retrieval.stores.table import STORES
from app.retrieval.stores.weaviate.rows import token
from tests.retrieval import places
from tests.retrieval.fakes import HashEmbedder, MemoryTruth, Text, asking
from tests.weaviate_server.server import Server

Make = Callable[..., Awaitable[Store]]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(module="text2vec-transformers").start()
    yield made
    made.faults.slow_s = 0
    made.stop()


@pytest.fixture
async def make(server: Server, truth: MemoryTruth, pool: Executor) -> AsyncIterator[Make]:
    opened: list[Store] = []

    async def made(model: str = "hash-384", replica: str = "none", mode: str = "fused", **changes: Any) -> Store:
        where = {"vectorizer": "none", "query_s": 5, "patience_s": 10} | places.at(server) | changes
        settings = RetrievalSettings(store="weaviate", mode=mode, replica=replica, weaviate=WeaviateSettings(**where))
        store = STORES["weaviate"](settings, truth, model, 384, pool)
        await store.open()
        opened.append(store)
        return store

    yield made
    for store in opened:
        await store.close()


async def look(store: Store, truth: MemoryTruth, text: str, *codes: str, k: int = 10, **fields: object) -> Lanes:
    return await store.lanes(asking(text, *codes, **fields), k, lambda words: truth.embedder.encode([words])[0])


def ids(hits: tuple[Any, ...]) -> list[str]:
    return [hit.chunk_id for hit in hits]


async def until(true: Callable[[], bool], seconds: float = 15) -> None:
    for _ in range(int(seconds / 0.05)):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about")


def held(server: Server, kb: str = "main") -> list[dict[str, Any]]:
    return [dict(thing.properties) for thing in server.collections["RailDebug"].tenants[kb].values()]


async def test_each_knowledge_base_is_a_tenant(make: Make, server: Server, truth: MemoryTruth) -> None:
    truth.put("a", "pantograph", kb="main")
    truth.put("b", "coupling", kb="depot")
    store = await make()
    assert (await store.write("main"), await store.write("depot")) == (1, 1)
    assert [row["document"] for row in held(server, "main")] == ["a"]
    assert [row["document"] for row in held(server, "depot")] == ["b"]


@pytest.mark.slow
async def test_a_dead_server_costs_one_wait_and_is_found_again_by_itself(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    (door,) = truth.put("door", "the door does not close")
    store = await make(query_s=0.4)
    assert ids((await look(store, truth, "door")).sparse) == [door]
    server.stop()
    with pytest.raises(StoreUnavailable, match="no answer within"):
        await look(store, truth, "door")
    for _ in range(20):
        with pytest.raises(StoreUnavailable, match=r"is not there|cannot answer"):
            await look(store, truth, "door")
    assert "no answer" in store.trouble or "connect" in store.trouble.lower()
    server.start()
    await until(lambda: store.trouble == "")
    assert ids((await look(store, truth, "door")).sparse) == [door]


@pytest.mark.slow
async def test_a_server_that_lost_its_disk_is_filled_again(make: Make, server: Server, truth: MemoryTruth) -> None:
    (door,) = truth.put("door", "the door does not close")
    store = await make(query_s=0.4)
    await store.write("main")
    server.stop()
    server.collections.clear()
    with pytest.raises(StoreUnavailable):
        await look(store, truth, "door")
    server.start()
    await until(lambda: store.trouble == "")
    assert ids((await look(store, truth, "door")).dense) == [door]


@pytest.mark.slow
async def test_absent_at_start_it_is_connected_when_it_comes(server: Server, make: Make, truth: MemoryTruth) -> None:
    (door,) = truth.put("door", "the door does not close")
    server.stop()
    store = await make(connect_s=0.5)
    assert store.trouble
    assert await store.write("main") == 0
    with pytest.raises(StoreUnavailable):
        await look(store, truth, "door")
    server.start()
    await until(lambda: store.trouble == "")
    assert ids((await look(store, truth, "door")).sparse) == [door]


@pytest.mark.slow
async def test_a_slow_server_is_left_and_taken_back_when_it_is_quick_again(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    truth.put("door", "the door does not close")
    store = await make(query_s=0.3)
    await store.write("main")
    server.faults.slow_s = 1.0
    with pytest.raises(StoreUnavailable, match=r"within 0\.3 s"):
        await look(store, truth, "door")
    await asyncio.sleep(1)
    assert store.trouble
    server.faults.slow_s = 0
    await until(lambda: store.trouble == "")


@pytest.mark.slow
async def test_garbage_is_an_unavailable_store(make: Make, server: Server, truth: MemoryTruth) -> None:
    truth.put("door", "the door does not close")
    store = await make()
    await store.write("main")
    server.faults.garbage = True
    with pytest.raises(StoreUnavailable):
        await look(store, truth, "door")
    assert store.trouble
    server.faults.garbage = False
    await until(lambda: store.trouble == "")
    assert (await look(store, truth, "door")).index_version == 1


@pytest.mark.slow
async def test_while_it_is_away_the_replica_answers_and_says_so(
    make: Make, server: Server, truth: MemoryTruth, pool: Executor
) -> None:
    (door,) = truth.put("door", Text("the door does not close", defines=("E73-B",)))
    store = await make(replica="embedded", query_s=0.4)
    retriever = FusedRetriever(store, Encoder(truth.embedder), truth, pool)
    assert (await retriever.retrieve(asking("door"))).degraded == ()
    server.stop()
    retrieved = await retriever.retrieve(asking("the doors do not close", "Z-9"))
    assert [passage.id for passage in retrieved.passages] == [door]
    assert {"dense", "sparse"} <= set(retrieved.passages[0].why)
    assert retrieved.degraded == ("weaviate_down",)
    assert "replica answers" in store.trouble
    truth.put("brake", "the brake holds")
    assert await store.write("main") == 2
    assert (await retriever.retrieve(asking("brake"))).index_version == 2
    server.start()
    await until(lambda: store.trouble == "")
    assert (await retriever.retrieve(asking("brake"))).degraded == ()


async def test_without_a_replica_the_codes_come_from_the_records(
    make: Make, server: Server, truth: MemoryTruth, pool: Executor
) -> None:
    (door,) = truth.put("door", Text("E73-B leaf", defines=("E73-B",)))
    store = await make(query_s=0.4)
    retriever = FusedRetriever(store, Encoder(truth.embedder), truth, pool)
    await store.write("main")
    server.stop()
    retrieved = await retriever.retrieve(asking("door", "E73-B", "E73-C"))
    assert [passage.id for passage in retrieved.passages] == [door]
    assert [(code.code, code.known) for code in retrieved.fault_codes] == [("E73-B", True), ("E73-C", False)]
    assert retrieved.degraded == ("weaviate_down",)


async def test_objects_that_are_refused_once_are_tried_again(make: Make, server: Server, truth: MemoryTruth) -> None:
    truth.put("one", "coupling")
    store = await make(batch=10)
    await store.write("main")
    truth.put("many", *[f"pantograph {n}" for n in range(30)])
    server.faults.drops = 3
    filling = await store.fill("main")
    assert (filling.good, filling.written, filling.unchanged, filling.failed) == (True, 30, 1, ())


@pytest.mark.slow
async def test_what_is_refused_to_the_last_leaves_the_older_index_answering(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    (old,) = truth.put("manual", "pantograph strip")
    store = await make(patience_s=5)
    await store.write("main")
    server.faults.refuses = "store is read-only due to: disk usage too high"
    truth.put("manual", "pantograph frame")
    lanes = await look(store, truth, "pantograph")
    assert (ids(lanes.sparse), lanes.index_version, lanes.degraded) == ([old], 1, ("index_behind",))
    assert "read-only" in store.trouble
    assert await store.write("main") == 1
    server.faults.refuses = ""
    assert await store.write("main") == 2
    assert store.trouble == ""
    assert (await look(store, truth, "pantograph")).degraded == ()


@pytest.mark.slow
async def test_a_filling_that_was_broken_off_goes_on_where_it_was(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    truth.put("many", *[f"pantograph {n}" for n in range(30)])
    store = await make(batch=10)
    server.faults.refuses, server.faults.takes = "no space left on device", 18  # one is the state
    broken = await store.fill("main")
    assert (broken.good, broken.right, broken.written) == (False, 17, 17)
    assert "no space left" in broken.failed[0]
    server.faults.refuses = ""
    seen: list[tuple[int, int]] = []
    whole = await store.fill("main", lambda done, of: seen.append((done, of)))
    assert (whole.good, whole.unchanged, whole.written) == (True, 17, 13)
    assert seen == [(10, 30), (20, 30), (30, 30)]


async def test_a_filling_sees_a_row_that_is_not_as_it_should_be(make: Make, server: Server, truth: MemoryTruth) -> None:
    truth.put("many", *[f"pantograph {n}" for n in range(3)])
    store = await make()
    await store.write("main")
    things = server.collections["RailDebug"].tenants["main"]
    broken = next(iter(things.values()))
    things[broken.id] = type(broken)(broken.id, {**broken.properties, "digest": "0"}, broken.vectors)
    filling = await store.fill("main")
    assert (filling.good, filling.written, filling.unchanged) == (True, 1, 2)


async def test_two_stores_that_fill_one_server_at_once_do_no_harm(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    truth.put("many", *[f"pantograph {n}" for n in range(30)])
    one, two = await make(), await make()
    assert await asyncio.gather(one.write("main"), two.write("main")) == [1, 1]
    assert len(held(server)) == 30
    truth.put("many", "coupling")
    assert [ids((await look(store, truth, "coupling")).sparse) for store in (one, two)] == [["many@2#0"]] * 2


async def test_vectors_of_another_embedder_are_thrown_away(make: Make, server: Server, truth: MemoryTruth) -> None:
    truth.put("door", "the door does not close")
    store = await make()
    await store.write("main")
    truth.embedder = Short()
    (again,) = truth.put("door", "the door does not close")
    other = await make(model="short-128")
    lanes = await look(other, truth, "door")
    assert ids(lanes.dense) == [again]
    assert len(held(server)) == 1


@pytest.mark.slow
async def test_a_first_filling_that_was_broken_off_is_not_mixed_with_another_embedders(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    truth.put("many", *[f"pantograph {n}" for n in range(30)])
    server.faults.refuses, server.faults.takes = "no space left on device", 18  # one is the state's
    assert await (await make(batch=10)).write("main") == 0
    server.faults.refuses = ""
    truth.embedder = Short()
    truth.put("many", *[f"pantograph {n}" for n in range(30)])
    filling = await (await make(model="short-128")).fill("main")
    assert (filling.good, filling.written) == (True, 30)


class Short(HashEmbedder):
    def encode(self, texts):  # type: ignore[no-untyped-def]
        return super().encode(texts)[:, :128]


async def test_records_that_were_put_back_to_an_older_state_are_filled_anew(
    make: Make, server: Server, truth: MemoryTruth, pool: Executor
) -> None:
    for n in range(3):
        truth.put("door", f"the door does not close {n}")
    await (await make()).write("main")
    older = MemoryTruth()
    (old,) = older.put("door", "the door was opened")
    settings = RetrievalSettings(
        store="weaviate", weaviate=WeaviateSettings(**places.at(server), vectorizer="none", patience_s=10, query_s=5)
    )
    store = STORES["weaviate"](settings, older, "hash-384", 384, pool)
    await store.open()
    assert ids((await look(store, older, "door")).sparse) == [old]
    assert [row["chunk"] for row in held(server)] == [old]
    await store.close()


async def test_a_collection_that_was_deleted_is_made_again_for_the_next_question(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    (door,) = truth.put("door", "the door does not close")
    store = await make()
    await store.write("main")
    server.collections.clear()
    with pytest.raises(StoreUnavailable, match="could not find class"):
        await look(store, truth, "door")
    assert ids((await look(store, truth, "door")).sparse) == [door]


async def test_somebody_elses_collection_is_left_alone(make: Make, server: Server, truth: MemoryTruth) -> None:
    await (await make()).write("main")
    server.collections["RailDebug"].config["description"] = "our cat pictures"
    store = await make()
    assert "not Rail Debug's" in store.trouble


async def test_an_older_schema_gets_its_new_properties_and_keeps_its_rows(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    truth.put("door", "the door does not close")
    await (await make()).write("main")
    config = server.collections["RailDebug"].config
    config["properties"] = [made for made in config["properties"] if made["name"] != "baselines"]
    await make()
    assert "baselines" in {made["name"] for made in server.collections["RailDebug"].config["properties"]}
    assert len(held(server)) == 1


async def test_a_schema_that_cannot_be_changed_in_place_is_made_anew(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    (door,) = truth.put("door", Text("the door does not close", defines=("E73-B",)))
    await (await make()).write("main")
    for made in server.collections["RailDebug"].config["properties"]:
        made["tokenization"] = "word" if made["name"] == "codes" else made.get("tokenization")
    store = await make()
    assert server.collections["RailDebug"].tenants == {}
    assert ids((await look(store, truth, "", "E73-B")).code) == [door]


async def test_a_key_opens_the_server_and_no_other_does(make: Make, server: Server, truth: MemoryTruth) -> None:
    truth.put("door", "the door does not close")
    server.key = "secret"
    assert (await make()).trouble
    assert (await make(api_key="wrong")).trouble
    assert await (await make(api_key="secret")).write("main") == 1


async def test_a_key_is_read_from_a_file_and_shown_nowhere(make: Make, server: Server, tmp_path: Any) -> None:
    server.key = "secret"
    file = tmp_path / "key"
    file.write_text("secret\n")
    assert (await make(api_key_file=file)).trouble == ""
    assert "secret" not in repr(WeaviateSettings(api_key="secret"))


def test_https_turns_tls_on_for_both_sides_and_anything_else_is_refused() -> None:
    from app.retrieval.stores.weaviate.link import make as client_of

    settings = WeaviateSettings(url="https://weaviate.example", grpc_port=443, grpc_host="grpc.weaviate.example")
    params = client_of(settings)._connection._connection_params
    assert (params.http.port, params.http.secure, params.grpc.port, params.grpc.secure) == (443, True, 443, True)
    with pytest.raises(ValueError, match="no http or https address"):
        WeaviateSettings(url="weaviate.example:8080")


async def test_near_text_is_the_dense_lane_where_a_module_answers(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    (door,) = truth.put("door", "the door does not close", vectors=False)
    truth.put("brake", "the brake holds", vectors=False)
    store = await make(vectorizer="auto")
    before = truth.embedder.encoded
    lanes = await look(store, truth, "door close")
    assert (ids(lanes.dense)[0], lanes.degraded) == (door, ())
    assert 0 < lanes.dense[0].score <= 1
    assert truth.embedder.encoded == before


async def test_our_own_vectors_answer_while_the_vectorizer_is_down(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    (door,) = truth.put("door", "the door does not close")
    store = await make(vectorizer="text2vec-transformers")
    await store.write("main")
    server.faults.vectorizer_down = True
    lanes = await look(store, truth, "door close")
    assert (ids(lanes.dense), lanes.degraded) == ([door], ("vectorizer_down",))
    assert "near-text" in store.trouble
    asked = server.asked.count("Search")
    await look(store, truth, "door close")
    assert server.asked.count("Search") - asked == 2  # words and vector: near-text is not tried again for a while


@pytest.mark.slow
async def test_a_slow_vectorizer_is_left_and_the_server_is_not(make: Make, server: Server, truth: MemoryTruth) -> None:
    (door,) = truth.put("door", "the door does not close")
    store = await make(vectorizer="text2vec-transformers", query_s=1)
    await store.write("main")
    server.faults.vectorizer_s = 2.0
    lanes = await look(store, truth, "door close")
    assert (ids(lanes.dense), ids(lanes.sparse), lanes.degraded) == ([door], [door], ("vectorizer_down",))


async def test_a_module_that_the_server_has_not_is_told(make: Make, server: Server) -> None:
    assert "no module 'text2vec-ollama'" in (await make(vectorizer="text2vec-ollama")).trouble


async def test_what_applies_to_the_asset_comes_into_a_lane_before_what_is_nearer(
    make: Make, server: Server, truth: MemoryTruth
) -> None:
    truth.put("other", *[f"pantograph strip {n}" for n in range(9)], classes=("Class 445",))
    (mine,) = truth.put("mine", "a long text that names the pantograph once and then speaks of it", classes=("442",))
    (all_,) = truth.put("all", "another long text that names the pantograph once, of every train")
    lanes = await look(await make(), truth, "pantograph strip", k=3, asset=Asset(vehicle_class="class 442"))
    assert {mine, all_} < set(ids(lanes.sparse))
    assert {mine, all_} < set(ids(lanes.dense))


async def test_a_code_in_thousands_of_rows_hides_no_other(
    make: Make, server: Server, truth: MemoryTruth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.retrieval.stores.weaviate.view.TOGETHER", 20)
    truth.put("log", *[Text(f"line {n}", codes=("A-1",)) for n in range(40)])
    (two,) = truth.put("table", Text("B-2", defines=("B-2",)))
    lanes = await look(await make(), truth, "", "A-1", "B-2", k=5)
    assert lanes.known == {"A-1": (), "B-2": (two,)}
    assert len(lanes.code) == 5
    assert ids(lanes.code)[0] == two


async def test_generations_that_are_gone_take_no_ones_place(make: Make, server: Server, truth: MemoryTruth) -> None:
    store = await make()
    for n in range(4):
        truth.put("manual", *[f"pantograph strip {n} {m}" for m in range(20)])
        await store.write("main")
    lanes = await look(store, truth, "pantograph strip", k=20)
    assert [len(lanes.sparse), len(lanes.dense)] == [20, 20]
    assert {chunk.split("#")[0] for chunk in ids(lanes.sparse)} == {"manual@4"}
    await until(lambda: len(held(server)) <= 40)  # of each document one old generation is kept


def test_a_code_is_one_token_that_no_stem_is() -> None:
    assert token("E73 B") == "§E73_B"
