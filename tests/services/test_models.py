"""An embedder or a reranker by setting: refused where it may not be, used where it may, left out when it is gone."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from app.core.errors import InvalidSettings
from app.core.settings import Settings, load
from app.core.settings.models import EmbeddingSettings, RerankingSettings
from app.retrieval.base import Query
from app.services.build import build
from app.services.parts import reread
from tests.retrieval.fakes import HashEmbedder
from tests.retrieval.model_server import serving


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def having(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update={"retrieval": settings.retrieval.model_copy(update=changes)})


def test_nothing_is_read_again_by_default(pool: Executor) -> None:
    assert reread(load().retrieval, pool).reranker is None
    assert reread(load().retrieval, pool).depth == 0


def test_a_reranker_off_this_machine_needs_leave(pool: Executor) -> None:
    away = RerankingSettings(url="https://api.example.org/rerank")
    settings = having(load(), reranker="remote", reranking=away)
    with pytest.raises(InvalidSettings, match="not on this machine") as caught:
        reread(settings.retrieval, pool)
    assert "ALLOW_REMOTE" in caught.value.hint
    assert reread(having(settings, allow_remote=True).retrieval, pool).reranker is not None


def test_an_unknown_reranker_is_told_with_those_that_there_are(pool: Executor) -> None:
    with pytest.raises(InvalidSettings, match=r"retrieval\.reranker: 'oracle'") as caught:
        reread(having(load(), reranker="oracle").retrieval, pool)
    assert "cross-encoder" in caught.value.hint


async def test_an_embedder_off_this_machine_needs_leave(settings: Settings) -> None:
    away = EmbeddingSettings(url="https://api.example.org/v1", model="m", dimensions=8)
    with pytest.raises(InvalidSettings, match="not on this machine"):
        async with build(having(settings, embedder="openai", embedding=away), answers=False):
            pass


async def test_the_hall_reads_again_by_a_server_and_goes_on_without_it(settings: Settings) -> None:
    with serving() as server:
        own = having(settings, reranker="remote", reranking=RerankingSettings(url=f"{server.url}/rerank"))
        async with build(own, embedder=HashEmbedder()) as services:
            found = await services.retriever.retrieve(Query("the doors do not close"))
            assert all("rerank" in passage.why for passage in found.passages)
            server.status = 500
            found = await services.retriever.retrieve(Query("the brake does not release"))
            assert found.passages
            assert found.degraded == ("reranker_unavailable",)
