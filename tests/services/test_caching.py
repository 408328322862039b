"""The house with its caches: a dead Redis is told and costs nothing, and settings make keys."""

from pathlib import Path

import pytest

from app.core.principal import LOCAL
from app.core.question import Question
from app.core.settings import Settings, load
from app.core.settings.cache import CacheSettings
from app.retrieval.cached import CachedRetriever
from app.retrieval.fused import FusedRetriever
from app.services.build import build
from app.services.caching import recipe
from app.services.hall import Services
from tests.retrieval.fakes import HashEmbedder

NOBODY = "redis://127.0.0.1:1/0"  # a port that nobody listens on


async def test_without_its_redis_the_service_answers_and_says_so(settings: Settings) -> None:
    pytest.importorskip("redis")
    lone = settings.model_copy(update={"cache": CacheSettings(redis_url=NOBODY)})  # type: ignore[arg-type]
    async with build(lone, embedder=HashEmbedder()) as services:
        for _ in range(2):
            assert (await services.agent.ask(Question("E73-B?"), LOCAL)).verdict == "answered"
        part = (await services.readiness()).parts["cache"]
        assert part.state == "degraded"
        assert "redis" in part.told


async def test_a_second_equal_question_finds_the_same_and_an_ingest_changes_it(services: Services) -> None:
    first = await services.agent.ask(Question("E91-Q?"), LOCAL)
    assert (await services.agent.ask(Question("E91-Q?"), LOCAL)).verdict == first.verdict == "unknown_code"
    table = b"# revision: B\nCode,Meaning,Check\nE91-Q,Sand box heater open circuit,Measure the element\n"
    await services.pipeline.upload(LOCAL, "main", "sand.csv", table)
    assert (await services.agent.ask(Question("E91-Q?"), LOCAL)).verdict == "answered"


@pytest.mark.parametrize(
    ("cache", "kind"),
    [({}, CachedRetriever), ({"search_ttl_s": 0}, FusedRetriever), ({"memory_mb": 0}, FusedRetriever)],
)
async def test_what_keeps_nothing_is_not_built(settings: Settings, cache: dict[str, float], kind: type) -> None:
    chosen = settings.model_copy(update={"cache": CacheSettings(**cache)})  # type: ignore[arg-type]
    async with build(chosen, embedder=HashEmbedder(), answers=False) as services:
        assert isinstance(services.switch.current.retriever, kind)


def test_every_search_setting_and_the_embedder_make_another_recipe() -> None:
    settings = load()
    other = settings.model_copy(update={"retrieval": settings.retrieval.model_copy(update={"lane_k": 7})})
    assert len({recipe("a", settings), recipe("b", settings), recipe("a", other)}) == 3
    assert recipe("a", settings) == recipe("a", settings.model_copy(update={"home": Path("/elsewhere")}))
