"""Analyzers whose recent briefs are remembered, in memory alone, so that all of them can be asked the same later."""

from collections import deque
from collections.abc import AsyncIterator, Mapping

from app.analyzers.base import Analyzer, Analyzers
from app.analyzers.closing import closing
from app.analyzers.wrapping import Wrapping
from app.core.brief import Brief, Delta
from app.core.question import Question


class Recent:
    """The newest distinct questions."""

    def __init__(self, size: int) -> None:
        self._briefs: deque[Brief] = deque(maxlen=size)

    def see(self, brief: Brief) -> None:
        """Who asks the same again leaves one brief. A comparison of few, once a question."""
        if all(kept.question.material != brief.question.material for kept in self._briefs):
            self._briefs.append(timeless(brief))

    def briefs(self) -> tuple[Brief, ...]:
        return tuple(self._briefs)


def timeless(brief: Brief) -> Brief:
    """What was asked, without by when it had to be answered and for whom."""
    return Brief(
        question=brief.question,
        evidence=brief.evidence,
        codes=brief.codes,
        history=brief.history,
        prompts=brief.prompts,
        schema=brief.schema,
        options=brief.options,
    )


class Watched(Wrapping):
    def __init__(self, inner: Analyzer, recent: Recent) -> None:
        super().__init__(inner)
        self.recent = recent

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        self.recent.see(brief)
        async with closing(self.inner.stream(brief)) as deltas:
            async for delta in deltas:
                yield delta


class Benchmarked:
    """Implements `Analyzers` around others."""

    def __init__(self, inner: Analyzers, recent: Recent) -> None:
        self.inner, self.recent = inner, recent

    @property
    def active(self) -> str:
        return self.inner.active

    def pick(self, name: str | None) -> Analyzer:
        return Watched(self.inner.pick(name), self.recent)

    def choose(self, question: Question) -> Analyzer:
        return Watched(self.inner.choose(question), self.recent)

    async def load(self) -> None:
        await self.inner.load()

    async def unload(self) -> None:
        await self.inner.unload()

    def states(self) -> Mapping[str, str]:
        return self.inner.states()
