"""An analyzer that is left alone while it fails, so that nobody waits for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from app.analyzers.base import Analyzer
from app.analyzers.circuit import FAILURES, Circuit
from app.analyzers.closing import closing
from app.analyzers.decide import rule
from app.analyzers.wrapping import Wrapping
from app.core.brief import Brief, Delta, End, Text
from app.core.errors import AnalyzerBadOutput, AnalyzerError, AnalyzerTimeout, AnalyzerUnreachable

SLACK_S = 0.01  # a loop's timer may strike a little before its hour


class Breaker(Wrapping):
    def __init__(self, inner: Analyzer, failures: int = FAILURES, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(inner)
        self.circuit = Circuit(failures)
        self._clock = clock

    @property
    def rests(self) -> float:
        """Seconds until it is tried again; 0 while it is asked."""
        return max(0.0, self.circuit.until - self._clock()) if self.circuit.opened else 0.0

    async def load(self) -> None:
        """What is loaded anew has failed nobody."""
        await super().load()
        self.circuit = Circuit(self.circuit.limit)

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        if not self.circuit.admits(self._clock()):
            raise AnalyzerUnreachable(f"{self.name!r} has failed and is left alone for {self.rests:.1f} s.")
        probe, spoken, ended = self.circuit.opened, False, False
        self.circuit = self.circuit.entered()
        try:
            async with closing(self.inner.stream(brief)) as deltas:
                async for delta in deltas:
                    spoken = spoken or (isinstance(delta, Text) and not delta.text.isspace())
                    if isinstance(delta, End):
                        ended = True
                        self._learn(probe, None if spoken else AnalyzerBadOutput(f"{self.name!r} said nothing."))
                    yield delta
            if not ended:
                self._learn(probe, AnalyzerBadOutput(f"{self.name!r} did not end its answer."))
        except AnalyzerError as error:
            self._learn(probe, error)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            if not ended:
                self._left(probe, brief.deadline if spoken else min(brief.speak_by, brief.deadline))
            raise

    def _learn(self, probe: bool, error: AnalyzerError | None) -> None:
        if error is None:
            self.circuit = self.circuit.succeeded(probe)
            return
        after = float(getattr(error, "after", None) or 0.0)
        self.circuit = self.circuit.failed(self._clock(), rule(type(error)).health, after, probe)

    def _left(self, probe: bool, until: float) -> None:
        """Closed in the middle: it has failed if its time was up, else its reader went away."""
        if time.monotonic() + SLACK_S >= until:
            self._learn(probe, AnalyzerTimeout(f"{self.name!r} took longer than it had."))
        else:
            self.circuit = self.circuit.left(probe)
