"""What is known and how it is found: the index that answers, how documents come in, how another embedder takes over."""

from concurrent.futures import Executor
from contextlib import AsyncExitStack
from dataclasses import dataclass

from app.core.cache import Cache
from app.core.settings import Settings
from app.ingest.pipeline import IngestPipeline
from app.records.home import Records
from app.retrieval.base import Embedder
from app.retrieval.seeds import seeds
from app.services.indexes import Indexes, Switch
from app.services.parts import reread
from app.services.rebuild import Rebuild, first


@dataclass(frozen=True, slots=True)
class Shared:
    pool: Executor
    cache: Cache


@dataclass(frozen=True, slots=True)
class Shelf:
    switch: Switch
    pipeline: IngestPipeline
    rebuild: Rebuild


async def furnish(
    settings: Settings, closing: AsyncExitStack, records: Records, shared: Shared, embedder: Embedder | None
) -> Shelf:
    """Opened; `closing` closes it in reverse."""
    reranking = reread(settings.retrieval, shared.pool)
    closing.push_async_callback(reranking.close)
    indexes = Indexes(settings, records.truth, shared.pool, shared.cache, reranking)
    wanted = indexes.encoder(embedder or indexes.wanted())
    switch = await first(indexes, records.vectors, wanted)
    closing.push_async_callback(switch.close)
    pipeline = IngestPipeline(
        records.documents, switch.current.encoder, shared.pool, size_limit=settings.service.upload_limit, seeds=seeds
    )
    rebuild = Rebuild(records.vectors, indexes, switch, pipeline, wanted, records.service)
    closing.push_async_callback(rebuild.close)
    return Shelf(switch, pipeline, rebuild)
