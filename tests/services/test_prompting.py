"""Prompts in the whole house: an experiment from question to outcome, labels and files that move, Langfuse away."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from app.analyzers.table import BACKENDS
from app.core.feedback import Feedback
from app.core.principal import EVALUATION, LOCAL
from app.core.question import Question
from app.core.settings import Settings
from app.core.settings.analyzers import AnalyzerSpec
from app.core.settings.prompts import ExperimentSettings, LangfuseSettings
from app.prompts.base import Subject
from app.prompts.files import FilePrompts
from app.prompts.trials import assigned
from app.services import prompting
from app.services.build import build
from app.services.hall import Services
from tests.bench.prompt_faults import Rendering
from tests.langfuse_server import PUBLIC, SECRET, langfuse_server
from tests.retrieval.fakes import HashEmbedder

House = Callable[..., AbstractAsyncContextManager[Services]]
SECOND = FilePrompts().load().written("analyze").text.replace("version: 1", "version: 2")
ARMS = {"old": {"use": "file"}, "new": {"use": "2"}}


@pytest.fixture
def house(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> House:
    assert isinstance(BACKENDS, dict)
    monkeypatch.setitem(BACKENDS, "rendering", Rendering)
    folder = settings.folder / "prompts"
    folder.mkdir()
    (folder / "analyze@2.md").write_text(SECOND)

    @asynccontextmanager
    async def open_house(**prompts: Any) -> AsyncIterator[Services]:
        changes = {
            "analyzer": "rendering",
            "analyzers": {"rendering": AnalyzerSpec(kind="rendering")},
            "prompts": settings.prompts.model_copy(update=prompts),
        }
        async with build(settings.model_copy(update=changes), embedder=HashEmbedder()) as services:
            yield services

    return open_house


@pytest.fixture
def hole() -> Iterator[socket.socket]:
    """Takes calls, and says nothing."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen(64)
        yield made


async def test_an_experiment_between_two_versions_from_question_to_outcome(house: House) -> None:
    spec = ExperimentSettings.model_validate({"arms": ARMS})
    async with house(experiments={"words": spec}) as services:
        (trial,) = services.experiments.trials.running
        for number in range(10):
            subject = Subject("any", "main", f"talk-{number}", "local")
            version = {"old": 1, "new": 2}[assigned(trial, subject).name]
            for _ in range(2):
                answer = await services.agent.ask(Question("What is E73-B?", conversation_id=f"talk-{number}"), LOCAL)
                assert answer.prompt == f"analyze@{version}/default"
        await services.agent.ask(Question("What is E73-B?"), EVALUATION)
        await services.agent.ask(Question("What is E987-X?"), LOCAL)  # nobody is asked, no prompt is met
        (found,) = await services.experiments.standings(LOCAL)
        assert sum(arm.exposed for arm in found.arms) == 10
        assert {arm.measured["verified"].mean for arm in found.arms if arm.exposed} == {1.0}
        assert sum(arm.measured["latency"].n for arm in found.arms) == 10
        await services.experiments.stop("words", "main", "enough", LOCAL)
        for number in range(4):
            answer = await services.agent.ask(Question("What is E73-B?", conversation_id=f"talk-{number}"), LOCAL)
            assert answer.prompt == "analyze@1/default"


async def test_what_happened_is_written_when_the_house_closes(house: House) -> None:
    spec = ExperimentSettings.model_validate({"arms": ARMS})
    async with house(experiments={"words": spec}) as services:
        await services.agent.ask(Question("What is E73-B?", conversation_id="talk"), LOCAL)
    async with house() as services:
        (found,) = await services.experiments.standings(LOCAL)
        assert sum(arm.exposed for arm in found.arms) == sum(arm.measured["verified"].n for arm in found.arms) == 1


async def test_a_moved_label_and_a_new_file_are_seen(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompting, "LABELS_S", 0.05)
    async with house() as services:
        async with asyncio.timeout(10):
            await services.prompts.promote("analyze", 2, "prod", "", LOCAL)
            while (await asked(services)) != "analyze@2/default":
                await asyncio.sleep(0.05)
            (settings.folder / "prompts" / "analyze@3.md").write_text(SECOND.replace("version: 2", "version: 3"))
            while ("analyze", 3) not in services.prompts.room.files.versions:
                await asyncio.sleep(0.05)
        (settings.folder / "prompts" / "analyze@4.md").write_text("no prompt")
        await asyncio.sleep(0.3)
        assert await asked(services) == "analyze@2/default"


@pytest.mark.parametrize("listens", [False, True])
async def test_langfuse_being_away_holds_up_neither_start_nor_answer_nor_end(
    house: House, listens: bool, hole: socket.socket
) -> None:
    pytest.importorskip("langfuse")
    host = f"http://127.0.0.1:{hole.getsockname()[1] if listens else 9}"
    own = LangfuseSettings.model_validate(
        {"host": host, "public_key": "pk", "secret_key": "sk", "warm_s": 0.1, "timeout_s": 1.0}
    )
    async with house(langfuse=own) as services:
        assert await asked(services) == "analyze@1/default"
        async with asyncio.timeout(10):
            while not services.prompts.room.troubles():
                await asyncio.sleep(0.05)
        parts = (await services.readiness()).parts
        assert "cannot be reached" in parts["prompt:analyze:production"].told
        assert (await services.readiness()).ready
        begun = time.monotonic()
    assert time.monotonic() - begun < 8


@pytest.mark.slow
async def test_feedback_reaches_langfuse_as_scores_of_the_trace(house: House) -> None:
    pytest.importorskip("langfuse")
    with langfuse_server() as server:
        own = {"host": server.url, "public_key": PUBLIC, "secret_key": SECRET}
        async with house(langfuse=LangfuseSettings.model_validate(own)) as services:
            answer = await services.agent.ask(Question("What is E73-B?"), LOCAL)
            await services.feedback.give(Feedback(answer.run_id, "up", text="good"), LOCAL)
        (score,) = server.stats()["scores"].values()
    assert (score["name"], score["value"], score["comment"]) == ("user-feedback", 1, "good")
    assert score["traceId"] == answer.trace_id != ""
    assert score["metadata"] == {"run_id": answer.run_id, "prompt": answer.prompt, "analyzer": answer.analyzer}


async def asked(services: Services) -> str:
    return (await services.agent.ask(Question("What is E73-B?"), LOCAL)).prompt
