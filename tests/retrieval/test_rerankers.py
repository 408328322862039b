"""What every reranker promises, and what each does when its model or its server is not as it should be."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import InvalidSettings, RerankerUnavailable
from app.core.settings.models import RerankingSettings
from app.retrieval.base import Reranker
from app.retrieval.rerankers.remote import RemoteReranker
from app.retrieval.rerankers.table import RERANKERS
from tests.retrieval.model_server import ModelServer, serving
from tests.retrieval.tiny import bert

TEXTS = ["the door jams", "brake pipe leaks", "a pantograph of the bogie", "pressure ?"]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as made:
        yield made


HEAVY = {"cross-encoder": [pytest.mark.slow]}  # torch takes seconds to import
ROWS = [pytest.param(name, marks=HEAVY.get(name, [])) for name in RERANKERS if name != "none"]


@pytest.fixture(params=ROWS)
async def reranker(
    request: pytest.FixtureRequest, server: ModelServer, tmp_path: Path, pool: Executor
) -> AsyncIterator[Reranker]:
    """A row that is added here by name runs through every test below."""
    settings = RerankingSettings(url=f"{server.url}/rerank")
    if request.param == "cross-encoder":
        pytest.importorskip("transformers")
        folder = bert(tmp_path / "cross", "BertForSequenceClassification", num_labels=1)
        settings = RerankingSettings(path=folder)
    made = RERANKERS[request.param](settings, pool)
    assert made is not None
    yield made
    await made.close()


async def test_each_text_gets_one_number_and_the_same_one_every_time(reranker: Reranker) -> None:
    first = await reranker.scores("brake pipe", TEXTS)
    assert len(first) == len(TEXTS)
    assert len(set(first)) > 1
    assert list(await reranker.scores("brake pipe", TEXTS)) == pytest.approx(list(first))


async def test_a_score_belongs_to_its_text_in_whatever_order_they_come(reranker: Reranker) -> None:
    forth = await reranker.scores("brake pipe", TEXTS)
    back = await reranker.scores("brake pipe", TEXTS[::-1])
    assert list(back)[::-1] == pytest.approx(list(forth), abs=1e-5)


async def test_long_and_odd_texts_are_read(reranker: Reranker) -> None:
    assert len(await reranker.scores("?" * 10_000, ["", "door " * 5_000, "\x00🚆"])) == 3


def test_a_reranker_on_this_machine_says_so(reranker: Reranker) -> None:
    assert not reranker.remote
    assert reranker.name in RERANKERS


def test_none_is_a_row_and_makes_nothing(pool: Executor) -> None:
    assert RERANKERS["none"](RerankingSettings(), pool) is None


@pytest.mark.parametrize("name", [name for name in RERANKERS if name != "none"])
def test_what_is_missing_in_the_settings_is_told_at_once(name: str, pool: Executor) -> None:
    with pytest.raises(InvalidSettings, match=r"retrieval\.reranking\."):
        RERANKERS[name](RerankingSettings(), pool)


@pytest.mark.slow
async def test_a_folder_without_a_model_is_told(tmp_path: Path, pool: Executor) -> None:
    pytest.importorskip("transformers")
    made = RERANKERS["cross-encoder"](RerankingSettings(path=tmp_path), pool)
    assert made is not None
    with pytest.raises(RerankerUnavailable, match="holds no cross-encoder"):
        await made.scores("door", TEXTS)


async def test_the_shape_of_text_embeddings_inference_is_spoken_too(server: ModelServer) -> None:
    remote = RemoteReranker(f"{server.url}/rerank", texts_as="texts", model="m", key="secret")
    assert list(await remote.scores("brake pipe leaks", TEXTS)) == [0, 3, 0, 0]
    await remote.close()
    body, authorization = server.asked[0]
    assert (body["texts"], body["model"], authorization) == (TEXTS, "m", "Bearer secret")
    assert "secret" not in repr(remote)


BENT: dict[str, Any] = {
    "no list": lambda answer: {"data": 1},
    "too few": lambda answer: {"results": answer["results"][:1]},
    "twice the same": lambda answer: {"results": [{"index": 0, "relevance_score": 1.0}] * 4},
    "no number": lambda answer: {"results": [{"index": n, "relevance_score": "high"} for n in range(4)]},
    "no score": lambda answer: {"results": [{"index": n} for n in range(4)]},
}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT.keys())
async def test_an_answer_that_is_no_ranking_is_refused(server: ModelServer, bend: Any) -> None:
    server.bend = bend
    remote = RemoteReranker(f"{server.url}/rerank")
    with pytest.raises(RerankerUnavailable, match="gave no ranking"):
        await remote.scores("door", TEXTS)
    await remote.close()


async def test_a_server_that_refuses_is_slow_or_gone_is_unavailable(server: ModelServer) -> None:
    remote = RemoteReranker(f"{server.url}/rerank", timeout_s=0.2)
    server.status = 503
    with pytest.raises(RerankerUnavailable, match="answered 503"):
        await remote.scores("door", TEXTS)
    server.status, server.wait_s = 200, 5.0
    with pytest.raises(RerankerUnavailable, match="cannot be asked"):
        await remote.scores("door", TEXTS)
    await remote.close()
    gone = RemoteReranker("http://127.0.0.1:9/rerank", timeout_s=2.0)
    with pytest.raises(RerankerUnavailable, match="cannot be asked"):
        await gone.scores("door", TEXTS)
    await gone.close()


def test_what_is_behind_another_address_is_remote() -> None:
    assert RemoteReranker("https://api.jina.ai/v1/rerank").remote
    assert not RemoteReranker("http://localhost:8080/rerank").remote
    assert not RemoteReranker("http://[::1]:8080/rerank").remote
