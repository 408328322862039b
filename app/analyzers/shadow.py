"""A shadow answers what users asked, once they have their answer; nobody hears it, and only its figures are kept."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.analyzers.trust import Trust
from app.analyzers.wrapping import Wrapping
from app.core.brief import Brief, Delta, End, Text
from app.core.errors import AnalyzerError, RecordsUnavailable
from app.core.settings.qualify import QualifySettings
from app.core.standing import Standing
from app.receipts.check import Evidence, check
from app.receipts.draft import Cutter
from app.receipts.intervals import wilson
from app.receipts.ledger import Ledger

log = logging.getLogger(__name__)
LOOK_S = 0.05  # between two looks whether users leave the machine in peace
PATIENCE_S = 60.0  # a question that found no quiet moment is let go


@dataclass(slots=True)
class Tally:
    """What a shadow has shown so far, since this process began."""

    answers: int = 0
    errors: int = 0
    statements: int = 0
    supported: int = 0
    seconds: float = 0.0

    @property
    def told(self) -> str:
        low, high = wilson(self.supported, self.statements)
        share = self.supported / self.statements if self.statements else 0.0
        mean = self.seconds / self.answers * 1000 if self.answers else 0.0
        supported = f"supported {share:.3f} [{low:.3f}, {high:.3f}] of {self.statements} statements"
        return f"in the shadow: {self.answers} answers, {self.errors} errors, {supported}, {mean:.0f} ms an answer"


@dataclass(eq=False)
class Shadow:
    """`names` are the analyzers that stand in the shadow now; `busy` says whether users are being answered."""

    settings: QualifySettings
    trust: Trust
    names: Callable[[], Sequence[str]]
    bare: Callable[[str], Analyzer]
    busy: Callable[[], bool]
    tallies: dict[str, Tally] = field(default_factory=dict)
    dice: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self._queue: asyncio.Queue[Brief] = asyncio.Queue(self.settings.queue)

    def offer(self, brief: Brief) -> None:
        """A question that was answered. It costs the one who asked nothing, and when many wait it is let go."""
        if self.names() and self.dice() < self.settings.sample and not self._queue.full():
            self._queue.put_nowait(brief)

    async def run(self) -> None:
        while True:
            brief = await self._queue.get()
            for name in self.names():
                if await self._quiet():
                    await self._answer(name, brief)

    async def _quiet(self) -> bool:
        until = time.monotonic() + PATIENCE_S
        while self.busy():
            if time.monotonic() > until:
                return False
            await asyncio.sleep(LOOK_S)
        return True

    async def _answer(self, name: str, brief: Brief) -> None:
        analyzer, tally = self.bare(name), self.tallies.setdefault(name, Tally())
        begun = time.monotonic()
        try:
            async with asyncio.timeout(analyzer.budget_s):
                marks = await judged(analyzer, replace(brief, deadline=begun + analyzer.budget_s))
            tally.statements += len(marks)
            tally.supported += marks.count("supported")
        except (AnalyzerError, TimeoutError) as error:
            tally.errors += 1
            log.info("%s failed in the shadow: %s", name, error)
        tally.answers += 1
        tally.seconds += time.monotonic() - begun
        await self._keep(analyzer, tally)

    async def _keep(self, analyzer: Analyzer, tally: Tally) -> None:
        standing = Standing(analyzer.name, analyzer.identity.label, "shadow", tally.told, time.time())
        try:
            await self.trust.tell(standing)
        except RecordsUnavailable as error:
            log.warning("what %s showed is not kept: %s", analyzer.name, error.message)


async def judged(analyzer: Analyzer, brief: Brief) -> list[str]:
    """The mark of every statement, by the check that an answer passes before a user sees it."""
    evidence = Evidence(brief.evidence, brief.question.material, frozenset(brief.codes))
    cutter, ledger, found = Cutter(), Ledger(), []
    async with closing(analyzer.stream(brief)) as deltas:
        async for delta in deltas:
            if isinstance(delta, Text):
                found += cutter.feed(delta.text)
    found += cutter.close(True)
    return [check(statement, evidence, ledger).mark for statement in found]


class Shadowed(Wrapping):
    """An analyzer whose whole answers are also questions to those in the shadow."""

    def __init__(self, inner: Analyzer, shadow: Shadow) -> None:
        super().__init__(inner)
        self.shadow = shadow

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        async with closing(self.inner.stream(brief)) as deltas:
            async for delta in deltas:
                yield delta
                if isinstance(delta, End):
                    self.shadow.offer(brief)
