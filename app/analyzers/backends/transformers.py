"""A Hugging Face model in this process, on the CPU or a GPU, with adapters that share their base."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from app.analyzers.closing import closing
from app.analyzers.fit import tokens
from app.analyzers.local.digest import digest
from app.analyzers.local.inbox import Job
from app.analyzers.local.vram import free_vram
from app.analyzers.local.worker import Worker
from app.analyzers.options import options
from app.analyzers.transformers.bases import BASES
from app.analyzers.transformers.memory import estimate, weight_files
from app.analyzers.transformers.model import HFModel
from app.analyzers.transformers.options import TransformersOptions
from app.core.brief import Brief, Delta, Footprint, Identity
from app.core.errors import AnalyzerUnavailable
from app.core.settings.analyzers import AnalyzerSpec

if TYPE_CHECKING:
    from pathlib import Path


class TransformersAnalyzer:
    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        self.name = name
        self.budget_s = spec.budget_s
        self.options = options(name, TransformersOptions, spec)
        self._digest = ""
        self._adapter = ""
        self._context = self.options.context
        self._worker: Worker[HFModel] | None = None

    @property
    def identity(self) -> Identity:
        """The hash of its weights is known once it was loaded."""
        own = self.options
        version = own.path.name + (f"+{own.adapter.name}" if own.adapter else "")
        return Identity(self.name, version, self._digest or "unloaded", own.family, False, self._context)

    @property
    def footprint(self) -> Footprint:
        shared = self._worker is None and self.options.base in BASES.held
        return estimate(self.options, gpu=on_gpu(self.options.device), shared=shared)

    def count(self, text: str) -> int:
        counted = self._worker.count(text) if self._worker else None
        return tokens(text) if counted is None else counted

    async def load(self) -> None:
        """The weights are hashed while they are read: both want the same pages."""
        if self._worker:
            return
        hashed = asyncio.create_task(asyncio.to_thread(hashes, self.options))
        try:
            worker = await BASES.hold(self.options)
        finally:
            self._digest = await hashed
        try:
            limit = await worker.errand(lambda model: model.limit)
            if adapter := self.options.adapter:
                self._adapter = await worker.errand(lambda model: model.adapters.put(adapter))
        except BaseException:  # a cancelled load gives its base back too
            await BASES.release(self.options)
            raise
        self._context = min(self.options.context, limit or self.options.context)
        self._worker = worker

    async def unload(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        adapter, self._adapter = self._adapter, ""
        if adapter:
            await worker.errand(lambda model: model.adapters.take(adapter))
        await BASES.release(self.options)

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        if self._worker is None:
            raise AnalyzerUnavailable(f"{self.name!r} is not loaded.")
        job = Job(brief, self.options, self.identity, adapter=self._adapter)
        self._worker.put(job)
        try:
            async with closing(job.out.read(self.name, brief.deadline)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            job.leave()


def hashes(own: TransformersOptions) -> str:
    """Of all that decides what it says: weights, adapter, and to how many bits they were cut."""
    files: list[Path] = [*weight_files(own.path), *(weight_files(own.adapter) if own.adapter else [])]
    try:
        listed = digest(files)
    except OSError as error:
        raise AnalyzerUnavailable(f"{own.path} cannot be read: {error.strerror}.") from error
    return listed if own.quantization == "none" else hashlib.sha256(f"{listed} {own.quantization}".encode()).hexdigest()


def on_gpu(device: str) -> bool:
    if device != "auto":
        return device != "cpu"
    if torch := sys.modules.get("torch"):  # to import it here would stop the loop for seconds
        return bool(torch.cuda.is_available())
    return free_vram() is not None
