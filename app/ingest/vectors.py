"""Vectors for chunks: those that are stored, those that were shipped, and the encoder for the rest."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from app.core.document import Chunk
from app.core.errors import EmbedderUnavailable
from app.core.ids import text_hash
from app.records.base import Documents
from app.retrieval.base import Embedder

log = logging.getLogger(__name__)

Seeds = Callable[[str, Sequence[str]], Mapping[str, bytes]]  # model, hashes -> vectors that came with the package
TOGETHER = 32  # texts a call


@dataclass
class Vectors:
    documents: Documents
    embedder: Embedder
    executor: Executor
    seeds: Seeds | None = None
    calls: int = 2  # to the encoder at once; questions need the other threads

    async def of(self, chunks: Iterable[Chunk]) -> Mapping[str, bytes]:
        """Text hash -> float32 bytes. Without an encoder only what is at hand: the next ingest fills the gaps."""
        texts = {text_hash(chunk.indexed): chunk.indexed for chunk in chunks}
        model = self.embedder.model
        found = dict(await self.documents.vectors(model, list(texts)))
        if self.seeds and (missing := [key for key in texts if key not in found]):
            found |= self.seeds(model, missing)
        missing = sorted((key for key in texts if key not in found), key=lambda key: len(texts[key]))
        gate = asyncio.Semaphore(self.calls)
        batches = [missing[at : at + TOGETHER] for at in range(0, len(missing), TOGETHER)]
        try:
            for made in await asyncio.gather(*(self._encode(batch, texts, gate) for batch in batches)):
                found |= made
        except EmbedderUnavailable as error:
            log.warning("%d chunks are stored without vectors. %s %s", len(missing), error.message, error.hint)
        return found

    async def _encode(self, keys: Sequence[str], texts: Mapping[str, str], gate: asyncio.Semaphore) -> dict[str, bytes]:
        """Texts of like length share a call: none is padded far."""
        loop = asyncio.get_running_loop()
        async with gate:
            rows = await loop.run_in_executor(self.executor, self.embedder.encode, [texts[key] for key in keys])
        return {key: row.astype("<f4").tobytes() for key, row in zip(keys, rows, strict=True)}
