"""Another embedder takes over: its vectors are made while the index of the one before answers, then they change places.

What was made is kept as it is made, so a process that dies goes on where it was.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from app.core.errors import Conflict, EmbedderUnavailable, RailDebugError, RecordsUnavailable, StoreUnavailable
from app.ingest.pipeline import IngestPipeline
from app.records.lock import FileLock
from app.records.vectors import SqlVectors
from app.retrieval.base import Store
from app.retrieval.encoder import Encoder
from app.services.indexes import Indexes, Switch

log = logging.getLogger(__name__)

BATCH = 16  # texts at once: a question that arrives meanwhile waits for no more
AGAIN = 30.0  # seconds until an embedder that failed is tried once more
EVERY = 60.0  # seconds between two looks for texts without a vector; one costs 50 ms at 100,000
GRACE = 10.0  # seconds in which questions under way leave the index that was replaced
SLICE = 2000  # vectors that are removed in one write
TROUBLE = (EmbedderUnavailable, RecordsUnavailable, StoreUnavailable)


@dataclass(slots=True)
class Rebuild:
    """`encoder` is the wanted one. `why_not` says what holds it up."""

    vectors: SqlVectors
    indexes: Indexes
    switch: Switch
    pipeline: IngestPipeline
    encoder: Encoder
    service: FileLock
    active: bool = False
    made: int = 0
    total: int = 0
    why_not: str = ""
    left: list[Store] = field(default_factory=list)

    async def needed(self) -> bool:
        self.made, self.total = await self.vectors.progress(self.encoder.model)
        return self.made < self.total or self.switch.current.encoder.model != self.encoder.model

    async def run(self, told: Callable[[int, int], None] = lambda made, total: None) -> None:
        """Until every text has its vector and their index answers. Raises what stops it."""
        self.active = True
        try:
            self.made, self.total = await self.vectors.progress(self.encoder.model)
            await self._fill(told)
            async with self.pipeline.turnstile.quiet():
                await self._fill(told)  # of documents that came in meanwhile
                await self._exchange()
            dropped = SLICE
            while dropped == SLICE:
                dropped = await self.vectors.drop_others(self.encoder.model, SLICE)
        finally:
            self.active = False

    async def persist(self) -> None:
        """In a service, while it lives: what fails is tried again, what another process left out is made up."""
        while True:
            pause = EVERY
            try:
                if await self.needed():
                    await self.run()
                    await asyncio.sleep(GRACE)
                    await self.close()
                self.active, self.why_not = False, ""
            except TROUBLE as error:
                pause = AGAIN
                self._held_up(error)
            await asyncio.sleep(pause)

    def _held_up(self, error: RailDebugError) -> None:
        self.active = True
        if error.message != self.why_not:
            log.warning("The new vectors are held up. %s %s", error.message, error.hint)
        self.why_not = error.message

    async def alone(self, told: Callable[[int, int], None]) -> bool:
        """From the shell -> whether there was anything to do. Raises `Conflict` while a service does it."""
        try:
            self.service.take()
        except Conflict as error:
            hint = "It makes the vectors itself; `/readyz` tells how far it is."
            raise Conflict(error.message, hint=hint) from error
        try:
            needed = await self.needed()
            if needed:
                await self.run(told)
            return needed
        finally:
            self.service.release()

    async def close(self) -> None:
        while self.left:
            await self.left.pop().close()

    @property
    def told(self) -> str:
        """How far it is; empty when there is nothing to do."""
        if not self.active:
            return ""
        return f"{self.made} of {self.total} texts have a vector of {self.encoder.model}"

    async def _fill(self, told: Callable[[int, int], None]) -> None:
        after, model = "", self.encoder.model
        while rows := await self.vectors.missing(model, after, BATCH):
            made = await asyncio.to_thread(self.encoder.encode, [text for _, text in rows])
            pairs = zip(rows, made, strict=True)
            await self.vectors.add(model, {key: vector.astype("<f4").tobytes() for (key, _), vector in pairs})
            after = rows[-1][0]
            self.made = min(self.made + len(rows), self.total)
            self.why_not = ""
            told(self.made, self.total)

    async def _exchange(self) -> None:
        """The new index is complete before anybody asks it."""
        fresh = await self.indexes.make(self.encoder)
        try:
            for kb in await self.vectors.knowledge_bases():
                await fresh.store.write(kb)
        except BaseException:  # a cancelled exchange leaves no second index open
            await fresh.store.close()
            raise
        before, self.switch.current = self.switch.current, fresh
        self.left.append(before.store)
        self.pipeline.embedder = self.encoder
        await self.vectors.serve(self.indexes.described(self.encoder.model))
        log.info("The index of %s answers now, in place of that of %s.", self.encoder.model, before.encoder.model)


async def first(indexes: Indexes, vectors: SqlVectors, wanted: Encoder) -> Switch:
    """The index to begin with: the wanted one, unless another's vectors are there and it can still be had."""
    serving = await vectors.serving()
    if serving is not None and serving.model != wanted.model and (await vectors.progress(serving.model))[0]:
        before = await asyncio.to_thread(indexes.before, serving)
        if before is not None:
            return Switch(await indexes.make(indexes.encoder(before)))
    if serving != (described := indexes.described(wanted.model)):
        try:
            await vectors.serve(described)
        except RecordsUnavailable as error:  # of a full disk there is still much to be read
            log.warning("Which embedder serves could not be written down: %s", error.message)
    return Switch(await indexes.make(wanted))
