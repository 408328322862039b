"""Postgres is killed with -9 in the middle of 500 runs, again and again: what was acknowledged is there."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.core.diagnosis import Diagnosis
from app.core.errors import RecordsUnavailable
from app.core.principal import LOCAL
from app.core.question import Question
from app.core.settings import load
from app.core.wire import to_json
from app.services.build import build
from app.services.hall import Services
from tests.drills.conftest import Serve
from tests.postgres_server import PostgresServer, discard, postgres_server
from tests.retrieval.fakes import HashEmbedder

pytestmark = pytest.mark.slow
RUNS, CALLERS = 500, 8
KILLED_AT = (60, 170, 280, 390)  # answers
DOWN_S = 0.5
KNOWN = ("E73-B", "E43-A", "E70-A", "AUX-2101", "PNT-2210", "0xB0310001")


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    made = postgres_server()
    try:
        made.start()
        yield made
    finally:
        discard(made)


@dataclass
class Callers:
    services: Services
    left: Iterator[int] = field(default_factory=lambda: iter(range(RUNS)))
    answers: dict[str, Diagnosis] = field(default_factory=dict)
    refused: int = 0

    async def ask(self) -> None:
        """An answer that the door gives out is acknowledged; an error is not, and the question is put again."""
        for number in self.left:
            question = Question(f"{KNOWN[number % len(KNOWN)]}: what now, {number}?")
            while (answer := await self.once(question)) is None:
                self.refused += 1
                await asyncio.sleep(0.1)
            self.answers[answer.run_id] = answer

    async def once(self, question: Question) -> Diagnosis | None:
        try:
            return await self.services.agent.ask(question, LOCAL)
        except RecordsUnavailable:
            return None

    async def all(self) -> None:
        await asyncio.gather(*(self.ask() for _ in range(CALLERS)))


async def killing(server: PostgresServer, callers: Callers) -> int:
    """-> how often it was killed while callers asked."""
    for count, at in enumerate(KILLED_AT, start=1):
        while len(callers.answers) < at:
            await asyncio.sleep(0.005)
        await asyncio.sleep(random.Random(count).uniform(0, 0.05))
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(DOWN_S)
        await asyncio.to_thread(server.start)
    return len(KILLED_AT)


async def test_of_500_runs_none_that_was_acknowledged_is_lost(
    tmp_path: Path, server: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    own = load(home=tmp_path / "home", database_url=server.database())
    async with build(own, embedder=HashEmbedder(), serve=True) as services:
        callers = Callers(services)
        asking = asyncio.create_task(callers.all())
        kills = await killing(server, callers)
        await asking
    spooled = sum("record_spooled" in answer.degraded for answer in callers.answers.values())
    async with build(own, embedder=HashEmbedder(), serve=True) as after:  # takes up what waits in files
        lost = [run for run, answer in callers.answers.items() if not await kept(after, run, answer)]
    with capsys.disabled():
        print(
            f"\n{kills} kills, {RUNS} runs acknowledged, {callers.refused} refused and asked again, "
            f"{spooled} spooled, {len(lost)} lost"
        )
    assert lost == []
    assert len(callers.answers) == RUNS
    assert spooled
    assert not any("record_lost" in answer.degraded for answer in callers.answers.values())


async def kept(services: Services, run: str, answer: Diagnosis) -> bool:
    row = await services.runs.get(LOCAL, run)
    return bool(row.pack) and to_json(row.pack.diagnosis) == to_json(answer) if row.pack else False


async def test_two_services_share_one_postgres(server: PostgresServer, serve: Serve) -> None:
    """Each in a process of its own, with a home of its own: a run that one answered is read from the other."""
    url = server.database()
    first, second = (serve(stocked=False, DATABASE_URL=url) for _ in range(2))
    async with first.client() as one, second.client() as other:
        run = (await one.post("/api/v1/debug", json={"question": "E73-B"})).json()["run_id"]
        assert (await other.get(f"/api/v1/runs/{run}")).json()["status"] == "answered"
        files = {"file": ("new.md", b"# E999-K\n\nE999-K: the new valve sticks.\n")}
        assert (await other.post("/api/v1/documents", files=files)).status_code == 201
        found = (await one.post("/api/v1/debug", json={"question": "E999-K"})).json()
        assert [(code["code"], code["known"]) for code in found["fault_codes"]] == [("E999-K", True)]
