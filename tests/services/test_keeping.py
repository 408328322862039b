"""A database that takes nothing stops no answer: the packs wait, the service says so, and brings them in afterwards."""

import asyncio
from pathlib import Path

import pytest

from app.core.principal import LOCAL
from app.core.question import Question
from app.core.settings import Settings
from app.core.settings.records import RecordsSettings
from app.records.sql import Connection
from app.services import keeping
from app.services.build import build
from app.services.hall import Services
from tests.retrieval.fakes import HashEmbedder

ASKED = Question("E73-B after the brake test?")


async def pages(services: Services, limit: int | None) -> None:
    """A disk without room; None gives it back."""

    def job(connection: Connection) -> None:
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {1_000_000 if limit is None else count + limit}").fetchone()

    await services.health.records.db.write(job)


async def full(services: Services) -> None:
    """Until not even a run fits that is only accepted."""
    from app.core.errors import RecordsUnavailable

    await pages(services, 0)
    with pytest.raises(RecordsUnavailable):
        for number in range(200):
            await services.runs.accept(LOCAL, f"filler-{number}", Question("x" * 20_000))


async def eventually(services: Services, state: str, *said: str) -> str:
    for _ in range(400):
        part = (await services.readiness()).parts["records"]
        if part.state == state and all(words in part.told for words in said):
            return part.told
        await asyncio.sleep(0.02)
    raise AssertionError(f"the records did not become {state}")


async def test_a_full_disk_is_told_and_what_was_spooled_comes_in(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "DRAIN_S", 0.05)
    async with build(settings, embedder=HashEmbedder(), serve=True) as services:
        await eventually(services, "ok")
        await full(services)
        answers = [await services.agent.ask(ASKED, LOCAL) for _ in range(3)]
        assert {answer.verdict for answer in answers} == {"answered"}
        assert all("record_spooled" in answer.degraded for answer in answers)
        await eventually(services, "degraded", "full", "3 evidence packs wait in the spool")
        assert (await services.readiness()).ready
        await pages(services, None)
        await eventually(services, "ok")
        for answer in answers:
            row = await services.runs.get(LOCAL, answer.run_id)
            assert row.pack
            assert row.pack.diagnosis == answer
        assert not list((settings.folder / "spool").glob("*"))


async def test_a_service_sweeps_by_itself(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "DRAIN_S", 0.05)
    own = RecordsSettings(runs_days=1e-9, sweep_s=0.05)
    async with build(settings.model_copy(update={"records": own}), embedder=HashEmbedder(), serve=True) as services:
        await services.agent.ask(ASKED, LOCAL)
        for _ in range(400):
            if await services.audit.list(LOCAL):
                break
            await asyncio.sleep(0.02)
        (line,) = await services.audit.list(LOCAL)
        assert (line.what, line.details["count"]) == ("records.swept", 1)


async def test_the_spool_may_lie_on_another_disk(settings: Settings, tmp_path: Path) -> None:
    own = RecordsSettings(spool=tmp_path / "elsewhere")
    async with build(settings.model_copy(update={"records": own}), embedder=HashEmbedder()) as services:
        await full(services)
        answer = await services.agent.ask(ASKED, LOCAL)
        assert [path.stem for path in (tmp_path / "elsewhere").glob("*.json")] == [answer.run_id]
