"""One question put to one analyzer, as the agent would put it: its text cut into statements, each one checked."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from app.analyzers.base import Analyzer
from app.analyzers.benchmark.base import Paper, Trial
from app.analyzers.closing import closing
from app.core.brief import Brief, End, Restart, Text
from app.core.errors import AnalyzerError, AnalyzerTimeout
from app.core.statement import Checked, Statement
from app.receipts.check import Evidence, check
from app.receipts.draft import Cutter
from app.receipts.ledger import Ledger
from app.receipts.spans import find

READ = 50_000  # characters of what was handed in, in which a number may have its source


async def attempt(analyzer: Analyzer, paper: Paper) -> Trial:
    """Its budget holds here as well: what would be too late for a user is an error."""
    begun = time.perf_counter()
    brief = replace(paper.brief, deadline=time.monotonic() + analyzer.budget_s)
    hearing = Hearing(brief, begun)
    try:
        async with asyncio.timeout(analyzer.budget_s):
            end = await hearing.listen(analyzer)
    except TimeoutError:
        return Trial(paper, _ms(begun), error=AnalyzerTimeout.code)
    except AnalyzerError as error:
        return Trial(paper, _ms(begun), error=error.code)
    checked = hearing.checked
    return Trial(
        paper,
        latency_ms=_ms(begun),
        first_ms=hearing.first_ms,
        tokens_in=end.tokens_in,
        tokens_out=end.tokens_out,
        cost=end.cost,
        currency=end.currency,
        statements=len(checked),
        valid=sum(valid(one.statement, hearing.evidence) for one in checked),
        proved=sum(one.mark == "supported" for one in checked),
        told="\n".join(said(one.statement) for one in checked if one.mark != "struck"),
    )


@dataclass(slots=True)
class Hearing:
    brief: Brief
    begun: float
    first_ms: float | None = None
    checked: list[Checked] = field(default_factory=list)
    evidence: Evidence = field(init=False)
    _cutter: Cutter = field(default_factory=Cutter)
    _ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        brief = self.brief
        self.evidence = Evidence(brief.evidence, brief.question.material[:READ], frozenset(brief.codes))

    async def listen(self, analyzer: Analyzer) -> End:
        end = End()
        async with closing(analyzer.stream(self.brief)) as deltas:
            async for delta in deltas:
                match delta:
                    case Text(text):
                        self._take(self._cutter.feed(text))
                    case Restart():
                        self.checked, self._cutter, self._ledger = [], Cutter(), Ledger()
                    case End():
                        end = delta
        self._take(self._cutter.close(end.finish == "stop"))
        return end

    def _take(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            if self.first_ms is None:
                self.first_ms = _ms(self.begun)
            self.checked.append(check(statement, self.evidence, self._ledger))


def valid(statement: Statement, evidence: Evidence) -> bool:
    """It cites passages that there are, and what it quotes stands in one of them."""
    cited = [evidence.numbers.get(number) for number in statement.citations]
    pages = [page for page in cited if page is not None]
    there = bool(pages) and len(pages) == len(cited)
    return there and (not statement.quote or any(find(statement.quote, page) for page in pages))


def said(statement: Statement) -> str:
    return f"{statement.text} {statement.expected or ''}".strip()


def _ms(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000
