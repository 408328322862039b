"""An analyzer that says what it is told to say."""

import asyncio
from collections.abc import AsyncIterator

from app.core.brief import Begin, Brief, Delta, End, Footprint, Identity, Restart, Text
from app.core.errors import AnalyzerError, AnalyzerUnavailable


class FakeAnalyzer:
    """Says `words` one by one; fails after `fails_after` of them; waits `gap_s` before each."""

    def __init__(
        self,
        name: str,
        words: str = "it is so",
        *,
        fails_after: int | None = None,
        error: AnalyzerError | None = None,
        gap_s: float = 0.0,
        ends: bool = True,
        budget_s: float = 5.0,
    ) -> None:
        self.name = name
        self.identity = Identity(name, "1", "0" * 8)
        self.budget_s = budget_s
        self.words = words.split()
        self.fails_after = fails_after
        self.error = error or AnalyzerUnavailable(f"{name} is down")
        self.gap_s = gap_s
        self.ends = ends
        self.loads = self.closed = 0

    @property
    def footprint(self) -> Footprint:
        return Footprint()

    def count(self, text: str) -> int:
        return len(text.split())

    async def load(self) -> None:
        self.loads += 1

    async def unload(self) -> None:
        self.loads -= 1

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        try:
            yield Begin(self.identity, "fake@1/default")
            for number, word in enumerate(self.words):
                await asyncio.sleep(self.gap_s)
                if number == self.fails_after:
                    raise self.error
                yield Text(f"{word} ")
            if self.fails_after is not None and self.fails_after >= len(self.words):
                raise self.error
            if self.ends:
                yield End(1, 2)
        finally:
            self.closed += 1


def text_after_last_restart(deltas: list[Delta]) -> str:
    last = max((at for at, delta in enumerate(deltas) if isinstance(delta, Restart)), default=-1)
    return "".join(delta.text for delta in deltas[last + 1 :] if isinstance(delta, Text)).strip()
