"""A quantized model of one GGUF file, in this process, by llama.cpp."""

import asyncio
from collections.abc import AsyncIterator
from functools import cached_property, partial

from app.analyzers.closing import closing
from app.analyzers.fit import tokens
from app.analyzers.llama_cpp import gguf, gpu, memory
from app.analyzers.llama_cpp.model import LlamaModel, model
from app.analyzers.llama_cpp.options import LlamaCppOptions
from app.analyzers.local.digest import digest
from app.analyzers.local.inbox import Job
from app.analyzers.local.vram import free_vram
from app.analyzers.local.worker import Worker
from app.analyzers.options import options
from app.core.brief import Brief, Delta, Footprint, Identity
from app.core.errors import AnalyzerUnavailable
from app.core.settings.analyzers import AnalyzerSpec


class LlamaCppAnalyzer:
    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        self.name = name
        self.budget_s = spec.budget_s
        self.options = options(name, LlamaCppOptions, spec)
        self._digest = ""
        self._context = self.options.n_ctx
        self._worker: Worker[LlamaModel] | None = None

    @property
    def identity(self) -> Identity:
        """The hash of its weights is known once it was loaded."""
        own = self.options
        return Identity(self.name, own.path.stem, self._digest or "unloaded", own.family, False, self._context)

    @property
    def footprint(self) -> Footprint:
        return self._footprint

    def count(self, text: str) -> int:
        counted = self._worker.count(text) if self._worker else None
        return tokens(text) if counted is None else counted

    async def load(self) -> None:
        """The weights are hashed while they are read: both want the same pages."""
        if self._worker:
            return
        facts = await asyncio.to_thread(gguf.facts, self.options.path)
        own = self.options.within(facts.context)
        layers = await asyncio.to_thread(offloaded, facts, own)
        worker = Worker(self.name, partial(model, self.name, own, layers))
        hashed = asyncio.create_task(asyncio.to_thread(digest, gguf.parts(self.options.path)))
        try:
            await worker.start()
        finally:
            self._digest = await hashed
        self._context = own.n_ctx
        self._worker = worker

    async def unload(self) -> None:
        worker, self._worker = self._worker, None
        if worker:
            await worker.stop()

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        if self._worker is None:
            raise AnalyzerUnavailable(f"{self.name!r} is not loaded.")
        job = Job(brief, self.options, self.identity)
        self._worker.put(job)
        try:
            async with closing(job.out.read(self.name, brief.deadline)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            job.leave()

    @cached_property
    def _footprint(self) -> Footprint:
        facts = gguf.facts(self.options.path)
        own = self.options.within(facts.context)
        return memory.footprint(facts, own, gpu.planned(facts, own))


def offloaded(facts: gguf.Facts, own: LlamaCppOptions) -> int:
    """In a thread: it imports the library."""
    return gpu.layers(facts, own, supported=gpu.supported(), free=free_vram())
