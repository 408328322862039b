"""A compiled DSPy program, with another row of the table as its language model."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.analyzers.base import Analyzer
from app.analyzers.dspy.settings import DSPyOptions
from app.analyzers.joining import Reach
from app.analyzers.options import options
from app.core.brief import Begin, Brief, Delta, End, Footprint, Identity, Text
from app.core.errors import (
    AnalyzerBadOutput,
    AnalyzerContextExceeded,
    AnalyzerTimeout,
    AnalyzerUnavailable,
    MissingExtra,
)
from app.core.settings.analyzers import AnalyzerSpec

if TYPE_CHECKING:
    from app.analyzers.dspy.engine import Engine

DSPY = 120 * 2**20  # bytes that the library takes with its first use; 60 MB were measured for its import


class DSPyAnalyzer:
    """`sit` hands over the way to other rows. The inner analyzer is loaded and unloaded by whoever owns it.

    A program reasons as a whole, so its statements come when it is done; what the model said on the way never leaves.
    """

    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        self.name = name
        self.budget_s = spec.budget_s
        self.options = options(name, DSPyOptions, spec)
        self._reach: Reach | None = None
        self._program: Any = None
        self._digest = ""

    def sit(self, reach: Reach) -> None:
        self._reach = reach

    @property
    def inner(self) -> Analyzer:
        if self._reach is None:
            raise AnalyzerUnavailable(f"{self.name!r} was not joined to {self.options.over!r}.")
        return self._reach(self.options.over)

    @property
    def identity(self) -> Identity:
        inner = self.inner.identity
        digest = hashlib.sha256(f"{self._hashed()}{inner.digest}".encode()).hexdigest()
        return Identity(self.name, self.options.program.stem, digest, "dspy", inner.remote, inner.context)

    @property
    def footprint(self) -> Footprint:
        """Its own; the model's is the inner one's."""
        return Footprint(DSPY)

    def count(self, text: str) -> int:
        return self.inner.count(text)

    async def load(self) -> None:
        self._program = await asyncio.to_thread(self._loaded)

    async def unload(self) -> None:
        self._program = None

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        if self._program is None:
            raise AnalyzerUnavailable(f"{self.name!r} is not loaded.")
        label = f"dspy:{self.options.program.stem}@{self._hashed()[:8]}"
        engine, said, dropped = await self._fitted(brief, label)
        yield Begin(self.identity, label, dropped, seed=engine.seed)
        before = '{"statements": ['
        for row in said:
            yield Text(before + json.dumps(row, ensure_ascii=False))
            before = ", "
        yield Text("]}" if said else before + "]}")
        yield End(engine.tokens_in, engine.tokens_out)

    async def _fitted(self, brief: Brief, label: str) -> "tuple[Engine, list[dict[str, object]], tuple[str, ...]]":
        """The inner analyzer knows what it can read: passages are left out from the last on until it takes them."""
        kept = len(brief.evidence)
        while True:
            try:
                engine, said = await self._answered(replace(brief, evidence=brief.evidence[:kept]), label)
                return engine, said, tuple(passage.id for passage in brief.evidence[kept:])
            except AnalyzerContextExceeded:
                if kept <= 1:
                    raise
                kept -= 1

    async def _answered(self, brief: Brief, label: str) -> "tuple[Engine, list[dict[str, object]]]":
        import dspy

        from app.analyzers.dspy.engine import Engine, Waiting
        from app.analyzers.dspy.program import inputs

        engine = Engine(self.inner, brief, label)
        lm = dspy.LM(
            f"rail-debug/{self.options.over}", engine=Waiting(), async_engine=engine, cache=False, num_retries=0
        )  # retries and failover are the house's own
        settings = {"lm": lm, "adapter": dspy.JSONAdapter(), "disable_history": True}  # a history would keep questions
        try:
            async with asyncio.timeout(_left(brief.deadline)):
                with dspy.context(**settings):
                    found = await self._program.acall(**inputs(brief, brief.evidence))
            return engine, [row.model_dump() for row in found.statements]
        except TimeoutError as error:
            raise AnalyzerTimeout(f"{self.name!r} was not done in time.") from error
        except dspy.DSPyError as error:
            if engine.failed is not None:
                raise engine.failed from error
            raise AnalyzerBadOutput(
                f"{self.options.over!r} did not keep to the form of {self.name!r}'s program."
            ) from error

    def _loaded(self) -> Any:
        try:
            from app.analyzers.dspy.program import load
        except ImportError as error:
            raise MissingExtra("dspy", "dspy") from error
        return load(self.options.program)

    def _hashed(self) -> str:
        """sha256 of the program's file; without one, a word that is none."""
        if not self._digest and self.options.program.is_file():
            self._digest = hashlib.sha256(self.options.program.read_bytes()).hexdigest()
        return self._digest or "no-program"


def _left(deadline: float) -> float | None:
    return None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
