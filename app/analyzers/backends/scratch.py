"""The transformer written from first principles, in this process: one thread, where answers take turns by the token."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.analyzers.fit import tokens as estimate
from app.analyzers.options import options
from app.analyzers.prompting import Asked, ask
from app.analyzers.scratch import weights
from app.analyzers.scratch.settings import ScratchOptions
from app.analyzers.scratch.shape import Shape
from app.core.brief import Begin, Brief, Delta, End, Footprint, Identity, Text
from app.core.errors import (
    AnalyzerContextExceeded,
    AnalyzerError,
    AnalyzerTimeout,
    AnalyzerUnavailable,
    MissingExtra,
)
from app.core.settings.analyzers import AnalyzerSpec

if TYPE_CHECKING:
    from app.analyzers.scratch.model import Transformer
    from app.analyzers.scratch.sampler import Sampling
    from app.analyzers.scratch.session import Session
    from app.analyzers.scratch.tokenizer import Tokens

T = TypeVar("T")
FLOAT = 4  # bytes
DRIVER = Path("/proc/driver/nvidia")
TORCH = 400 * 2**20  # bytes that the library takes with its first use; 226 MB were measured for its import


@dataclass(frozen=True, slots=True)
class Engine:
    """What is there between `load` and `unload`. Its one thread never runs two steps at once."""

    model: "Transformer"
    tokens: "Tokens"
    thread: ThreadPoolExecutor

    async def do(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self.thread, work)
        except RuntimeError as error:  # torch, or a thread that was ended
            raise AnalyzerUnavailable(f"The model could not go on: {error}.") from error


class ScratchAnalyzer:
    """Each step is one visit to the thread, so that an answer nobody reads any more ends with the step it is in."""

    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        self.name = name
        self.budget_s = spec.budget_s
        self.options = options(name, ScratchOptions, spec)
        self._engine: Engine | None = None
        self._places = asyncio.Semaphore(self.options.parallel)
        self._digest = ""

    @property
    def identity(self) -> Identity:
        self._digest = self._digest or weights.digest(self.options.path)
        context = self._context(self._engine.model.shape) if self._engine else self.options.context
        return Identity(self.name, self.options.path.name, self._digest, self.options.family, context=context)

    @property
    def footprint(self) -> Footprint:
        """Weights twice, as they are read and as they are used, and a full cache for each answer."""
        try:
            shape = Shape.read(self.options.path)
        except AnalyzerUnavailable:
            return Footprint()
        caches = self.options.parallel * self._context(shape) * shape.cache_floats
        size = FLOAT * (2 * weights.numbers(self.options.path) + caches)
        return Footprint(TORCH, size) if self._device() == "cuda" else Footprint(TORCH + size)

    def count(self, text: str) -> int:
        return len(self._engine.tokens.encode(text)) if self._engine else estimate(text)

    async def load(self) -> None:
        if self._engine is None:
            thread = ThreadPoolExecutor(1, thread_name_prefix=f"scratch-{self.name}")
            try:
                self._engine = await asyncio.get_running_loop().run_in_executor(thread, self._loaded, thread)
            except BaseException:  # a cancelled load leaves no thread behind either
                thread.shutdown(wait=False)
                raise

    async def unload(self) -> None:
        """Answers under way end with an error after the step they are in."""
        engine, self._engine = self._engine, None
        if engine:
            await asyncio.to_thread(engine.thread.shutdown)

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        if (engine := self._engine) is None:
            raise AnalyzerUnavailable(f"{self.name!r} is not loaded.")
        asked, prompt = await engine.do(lambda: self._fitted(engine, brief))
        sampling = self._sampling(asked)
        async with self._places:
            yield Begin(self.identity, asked.prompt, asked.dropped, seed=None if sampling.greedy else sampling.seed)
            session = await engine.do(lambda: _session(engine, prompt, asked.limit, sampling))
            while not session.finish:
                if time.monotonic() > brief.deadline:
                    raise AnalyzerTimeout(f"{self.name!r} was not done in time after {len(session.said)} tokens.")
                if text := await engine.do(session.step):
                    yield Text(text)
        yield End(len(prompt), len(session.said), session.finish)

    def _loaded(self, thread: ThreadPoolExecutor) -> Engine:
        try:
            from app.analyzers.scratch.checkpoint import load
        except ImportError as error:
            raise MissingExtra("torch", "torch") from error
        self._digest = weights.digest(self.options.path)
        return Engine(*load(self.options.path, device=self._device()), thread)

    def _device(self) -> str:
        """Importing torch takes seconds and 226 MB: without a driver there is nothing to ask it."""
        if self.options.device != "auto":
            return self.options.device
        if not DRIVER.exists():
            return "cpu"
        try:
            import torch
        except ImportError:
            return "cpu"
        return "cuda" if torch.cuda.is_available() else "cpu"

    def _context(self, shape: Shape) -> int:
        return min(self.options.context or shape.context, shape.context)

    def _fitted(self, engine: Engine, brief: Brief) -> tuple[Asked, list[int]]:
        """The prompt by its real tokens: passages are left out from the last on until it fits."""
        context = self._context(engine.model.shape)
        caps = self.options.model_copy(update={"context": 0, "max_tokens": min(self.options.max_tokens, context - 1)})
        for kept in range(len(brief.evidence), -1, -1):
            asked = ask(replace(brief, evidence=brief.evidence[:kept]), caps)
            prompt = engine.tokens.chat(_plain(asked))
            if len(prompt) + asked.limit <= context and (kept or not brief.evidence):
                return replace(asked, dropped=tuple(passage.id for passage in brief.evidence[kept:])), prompt
        raise AnalyzerContextExceeded(
            f"{self.name!r} reads {context} tokens: {asked.limit} are kept for the answer, and the prompt takes"
            f" {len(prompt)} before any passage.",
            hint="Send a shorter question or log, ask for fewer tokens, or name an analyzer with a longer context.",
        )

    def _sampling(self, asked: Asked) -> "Sampling":
        from app.analyzers.scratch.sampler import Sampling

        own = self.options
        seed = secrets.randbelow(2**31) if asked.seed is None else asked.seed
        return Sampling(asked.temperature or 0.0, own.top_k, own.top_p, seed)


def _plain(asked: Asked) -> list[tuple[str, str]]:
    if unknown := {role for role, _ in asked.messages} - {"system", "user", "assistant"}:
        raise AnalyzerError(f"The prompt {asked.prompt} has roles that no turn stands for: {', '.join(unknown)}.")
    return list(asked.messages)


def _session(engine: Engine, prompt: list[int], limit: int, sampling: "Sampling") -> "Session":
    from app.analyzers.scratch.session import Session

    return Session(engine.model, engine.tokens, prompt, limit, sampling)
