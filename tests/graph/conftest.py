"""An agent over fakes: only the graph is real."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from app.graph.agent import DebugAgent
from app.graph.graphs import Graphs
from tests.fakes import FakeAnalyzer, FakeAnalyzers, FakePrompts, FakeRetriever, FakeRuns

Make = Callable[..., DebugAgent]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[DebugAgent] = []

    def agent(
        *analyzers: FakeAnalyzer,
        retriever: FakeRetriever | None = None,
        runs: FakeRuns | None = None,
        approval: bool = False,
        checkpoints: Path | None = None,
        **options: Any,
    ) -> DebugAgent:
        kept, table = runs or FakeRuns(), FakeAnalyzers(*analyzers)

        async def approval_on() -> bool:
            return approval

        file = checkpoints or tmp_path / "checkpoints.sqlite"
        graphs = Graphs(retriever or FakeRetriever(), table, FakePrompts(), kept, file)
        made.append(DebugAgent(graphs, table, kept, approval_on, **options))
        return made[-1]

    yield agent
    for each in made:
        await each.close()
