"""The composition root: the one place where the house's parts are made and joined, and closed in reverse."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from app.analyzers.benchmark.idle import Idle
from app.analyzers.benchmark.watched import Benchmarked, Recent
from app.analyzers.manager import Manager
from app.core.errors import EmbedderUnavailable, InvalidSettings
from app.core.settings import Settings
from app.gate.admit import KeyGate
from app.graph.agent import DebugAgent
from app.graph.graphs import Graphs
from app.ingest.pipeline import IngestPipeline
from app.prompts.files import FilePrompts
from app.records.home import open_records
from app.retrieval.base import Embedder
from app.retrieval.embedders.table import EMBEDDERS
from app.retrieval.encoder import Encoder
from app.retrieval.fused import FusedRetriever
from app.retrieval.seeds import seeds
from app.retrieval.stores.table import STORES
from app.services import process, watching
from app.services.analyzing import manager
from app.services.benchmarking import Kept, Questions, bench
from app.services.caching import open_cache
from app.services.hall import Services
from app.services.health import Health
from app.services.shelf import stock
from app.services.warm import first_use
from app.telemetry import logs
from app.telemetry.setup import configure

__all__ = ["Embedder", "build"]

log = logging.getLogger(__name__)
T = TypeVar("T")


@asynccontextmanager
async def build(
    settings: Settings,
    *,
    embedder: Embedder | None = None,
    analyzers: Manager | None = None,
    answers: bool = True,
    serve: bool = False,
) -> AsyncIterator[Services]:
    """`answers`: load what a question needs, and stock a new home with the sample shelf.

    `analyzers`: those of another hall, which loads and closes them itself.

    `serve`: this process is the home's one service, and tidies up after one that died.
    """
    if serve:
        logs.configure(settings.telemetry)
    async with AsyncExitStack() as closing:
        if serve:
            closing.enter_context(process.serving())
        lent = analyzers is not None
        if not lent:  # a hall beside another one leaves the spans of that one's users where they go
            closing.callback(configure(settings.telemetry).close)
        pool = ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="rail-debug")
        closing.callback(pool.shutdown)
        records = open_records(settings.folder)
        await records.open(serve=serve)
        closing.push_async_callback(records.close)

        encoder = Encoder(embedder or row(EMBEDDERS, "embedder", settings.retrieval.embedder)(settings))
        make_store = row(STORES, "store", settings.retrieval.store)
        store = make_store(settings.retrieval, records.truth, encoder.model, encoder.dimensions, pool)
        await store.open()
        closing.push_async_callback(store.close)
        retriever = FusedRetriever(store, encoder, records.truth, pool, settings.retrieval.lane_k)
        pipeline = IngestPipeline(
            records.documents, encoder, pool, size_limit=settings.service.upload_limit, seeds=seeds
        )

        gate = KeyGate(records.keys, settings.gate, limit=settings.service.upload_limit)
        prompts = FilePrompts()
        cache = open_cache(settings.cache)
        closing.push_async_callback(cache.close)
        analyzers = analyzers or manager(settings, records.standings, prompts.current, cache=cache)
        if not lent:
            closing.push_async_callback(analyzers.unload)
        idle, recent = Idle(settings.benchmark.quiet_s), Recent(settings.benchmark.recent)
        watched = Benchmarked(analyzers, recent)
        graphs = Graphs(
            retriever, watched, prompts, records.runs, settings.folder / "checkpoints.db", settings.retrieval.k
        )
        agent = DebugAgent(
            graphs,
            watched,
            records.runs,
            gate.approval_on,
            linger_s=settings.service.run_linger_s,
            kept=settings.service.events_kept,
            asking=idle.asking,
        )
        closing.push_async_callback(agent.close)
        questions = Questions(settings, records.documents, retriever, prompts, recent)
        kept = Kept(records.benchmarks, settings.kb)
        benchmark = bench(settings, analyzers, idle, questions, kept, serve=serve)
        closing.push_async_callback(benchmark.close)
        if answers:
            hop = asyncio.get_running_loop().run_in_executor
            loading = [] if lent else [analyzers.load()]
            await asyncio.gather(graphs.compiled(), *loading, hop(pool, ready, encoder), hop(pool, first_use))
            if settings.service.sample_shelf:
                await stock(records.truth, pipeline, settings.kb)
            await store.write(settings.kb)
        if serve:
            analyzers.pool.spawn(watching.watch(settings, analyzers))
            process.loaded()
        yield Services(
            settings=settings,
            agent=agent,
            retriever=retriever,
            store=store,
            pipeline=pipeline,
            documents=records.documents,
            runs=records.runs,
            gaps=records.gaps,
            gate=gate,
            keys=records.keys,
            health=Health(settings.kb, store, analyzers, encoder),
            analyzers=analyzers,
            audit=records.audit,
            bench=benchmark,
        )


def row(table: Mapping[str, T], setting: str, name: str) -> T:
    if name not in table:
        there = ", ".join(sorted(table))
        raise InvalidSettings(f"retrieval.{setting}: {name!r} is none of them.", hint=f"There are: {there}.")
    return table[name]


def ready(encoder: Encoder) -> None:
    """Without an embedder the service still answers, by words and codes; `/readyz` tells why."""
    try:
        encoder.load()
    except EmbedderUnavailable as error:
        log.warning("%s %s", error.message, error.hint)
