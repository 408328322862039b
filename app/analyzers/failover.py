"""Several analyzers in order: when one fails the next answers, whole, and never in the middle of another's sentence."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.core.brief import Begin, Brief, Delta, End, Footprint, Identity, Restart, Text
from app.core.errors import AnalyzerBadOutput, AnalyzerError, AnalyzerTimeout


@dataclass
class Passed:
    """Who was passed over, and whether the reader has already seen a word."""

    reasons: list[str] = field(default_factory=list)
    spoken: bool = False


class Failover:
    """Its name and identity are those of the first in order; the last one is not cut short, since nobody follows it."""

    def __init__(self, order: Sequence[Analyzer]) -> None:
        self.order = tuple(order)
        self.name = self.order[0].name

    @property
    def identity(self) -> Identity:
        return self.order[0].identity

    @property
    def budget_s(self) -> float:
        return self.order[0].budget_s

    @property
    def footprint(self) -> Footprint:
        return self.order[0].footprint

    def count(self, text: str) -> int:
        return self.order[0].count(text)

    async def load(self) -> None:
        for analyzer in self.order:
            await analyzer.load()

    async def unload(self) -> None:
        for analyzer in self.order:
            await analyzer.unload()

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        passed = Passed()
        *others, last = self.order
        for analyzer in others:
            until = min(time.monotonic() + analyzer.budget_s, brief.deadline)
            try:
                async with closing(_attempt(analyzer, brief, until, passed)) as deltas:
                    async for delta in deltas:
                        yield delta
                return
            except AnalyzerError as error:
                passed.reasons.append(f"{analyzer.name}: {error.code}")
        async with closing(_attempt(last, brief, float("inf"), passed)) as deltas:
            async for delta in deltas:
                yield delta


async def _attempt(analyzer: Analyzer, brief: Brief, until: float, passed: Passed) -> AsyncIterator[Delta]:
    """One analyzer's answer. Its `Begin` waits for its first word, so that one that says nothing leaves no trace."""
    begin: Begin | None = None
    silent = True
    async with closing(analyzer.stream(brief)) as deltas:
        while (delta := await _next(deltas, until, analyzer)) is not None:
            if isinstance(delta, Begin):
                begin = replace(delta, reason="; ".join(passed.reasons))
                continue
            if isinstance(delta, Text) and silent:
                if not delta.text.strip():
                    continue
                for opening in _opening(begin, passed, analyzer):
                    yield opening
                silent = False
            if isinstance(delta, End) and silent:
                break
            yield delta
            if isinstance(delta, End):
                return
    raise AnalyzerBadOutput(f"{analyzer.name!r} {'said nothing' if silent else 'did not end its answer'}.")


def _opening(begin: Begin | None, passed: Passed, analyzer: Analyzer) -> list[Delta]:
    """What stands before an analyzer's first word; after a word of another one it voids that."""
    restart = [Restart("; ".join(passed.reasons))] if passed.spoken else []
    passed.spoken = True
    return [*restart, begin or Begin(analyzer.identity, reason="; ".join(passed.reasons))]


async def _next(deltas: AsyncIterator[Delta], until: float, analyzer: Analyzer) -> Delta | None:
    """The clock runs only here: a timeout around the whole stream would strike the reader, who runs in between."""
    if until == float("inf"):
        return await anext(deltas, None)
    try:
        async with asyncio.timeout(max(0.0, until - time.monotonic())):
            return await anext(deltas, None)
    except TimeoutError as error:
        raise AnalyzerTimeout(f"{analyzer.name!r} took longer than its budget.") from error
