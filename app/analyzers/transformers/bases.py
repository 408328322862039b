"""Base models in memory: rows that differ in their adapter alone share one, and the last to leave closes it."""

import asyncio
from dataclasses import dataclass, field
from functools import partial

from app.analyzers.local.worker import Worker
from app.analyzers.transformers.model import HFModel, model
from app.analyzers.transformers.options import TransformersOptions


@dataclass(eq=False, slots=True)
class Base:
    worker: Worker[HFModel]
    started: "asyncio.Task[None]"
    rows: int = 0


@dataclass
class Bases:
    held: dict[tuple[object, ...], Base] = field(default_factory=dict)

    async def hold(self, own: TransformersOptions) -> Worker[HFModel]:
        """Raises what opening it raised, to everybody who waits for it."""
        base = self.held.get(own.base)
        if base is None:
            worker = Worker(own.path.name, partial(model, own))
            base = self.held[own.base] = Base(worker, asyncio.create_task(worker.start()))
        base.rows += 1
        try:
            await asyncio.shield(base.started)
        except BaseException:  # who is cancelled while waiting holds it no longer
            await self.release(own)
            raise
        return base.worker

    async def release(self, own: TransformersOptions) -> None:
        base = self.held[own.base]
        base.rows -= 1
        if base.rows == 0:
            del self.held[own.base]
            await asyncio.gather(base.started, return_exceptions=True)
            await base.worker.stop()


# One for the process: memory is shared by it, and a row is built without knowing of the others.
BASES = Bases()
