"""Steps held in Postgres are released by another process than the one that held them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.principal import LOCAL, Principal
from app.core.question import Question
from app.graph.agent import DebugAgent
from app.graph.graphs import Graphs
from tests.fakes import CAUSE, ISOLATE, FakeAnalyzer, FakeAnalyzers, FakePrompts, FakeRetriever, FakeRuns, said
from tests.postgres_server import PostgresServer, discard, postgres_server

pytestmark = pytest.mark.slow
ASKED = Question("E73-B: what now?")
APPROVER = Principal("chief", scopes=frozenset({"ask", "approve"}))


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    made = postgres_server()
    try:
        made.start()
        yield made
    finally:
        discard(made)


def agent(tmp_path: Path, url: str, runs: FakeRuns) -> DebugAgent:
    async def approval_on() -> bool:
        return True

    table = FakeAnalyzers(FakeAnalyzer(text=said(CAUSE, ISOLATE)))
    graphs = Graphs(FakeRetriever(), table, FakePrompts(), runs, tmp_path / "none.db", database=url)  # type: ignore[arg-type]
    return DebugAgent(graphs, table, runs, approval_on)  # type: ignore[arg-type]


async def test_a_held_step_is_released_elsewhere_also_after_a_restart_of_the_server(
    tmp_path: Path, server: PostgresServer
) -> None:
    runs, url = FakeRuns(), server.database()
    first, second = agent(tmp_path, url, runs), agent(tmp_path, url, runs)
    one, other = [(await first.ask(ASKED, LOCAL)).run_id for _ in range(2)]
    assert (await second.decide(one, "approve", "seen", APPROVER)).verdict == "answered"
    server.kill()
    lost = await second.ask(ASKED, LOCAL)
    assert lost.verdict == "awaiting_approval"
    assert "approve_failed:checkpoint" in lost.degraded
    server.start()
    assert (await second.decide(other, "reject", "no", APPROVER)).verdict == "rejected"
    assert not (tmp_path / "none.db").exists()
    for each in (first, second):
        await each.close()
