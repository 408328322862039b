"""The compiled graphs. LangGraph takes a second to import, so that is done at first need and beside the event loop."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.analyzers.base import Analyzers
from app.prompts.base import Prompts
from app.records.base import Runs
from app.retrieval.base import Retriever

if TYPE_CHECKING:
    from app.graph.checkpoints import OnInterrupt


@dataclass(frozen=True, slots=True)
class Compiled:
    plain: Any  # without a saver: it cannot wait, and costs less
    waiting: Any  # for runs whose critical steps may be held
    saver: "OnInterrupt"


@dataclass(slots=True)
class Graphs:
    retriever: Retriever
    analyzers: Analyzers
    prompts: Prompts
    runs: Runs
    checkpoints: Path  # file of the saver; made with the first held step
    k: int = 8
    database: str | None = None  # Postgres, that holds checkpoints instead of the file
    _compiled: Compiled | None = None
    _compiling: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def compiled(self) -> Compiled:
        async with self._compiling:
            if self._compiled is None:
                await asyncio.to_thread(__import__, "app.graph.build")
                self._compiled = self._compile()
            return self._compiled

    def _compile(self) -> Compiled:
        from app.graph.build import build
        from app.graph.nodes import Nodes

        nodes = Nodes(self.retriever, self.analyzers, self.prompts, self.runs, self.k)
        saver = self._saver()
        return Compiled(build(nodes), build(nodes, saver), saver)

    def _saver(self) -> "OnInterrupt":
        if self.database is None:
            from app.graph.checkpoints import InterruptSaver

            return InterruptSaver(self.checkpoints)
        from app.graph.checkpoints_postgres import PostgresInterruptSaver

        return PostgresInterruptSaver(self.database)

    async def close(self) -> None:
        if self._compiled is not None:
            await self._compiled.saver.close()
