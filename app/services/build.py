"""The composition root: the one place where the house's parts are made and joined, and closed in reverse."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from app.analyzers.registry import Registry
from app.core.errors import EmbedderUnavailable, InvalidSettings
from app.core.settings import Settings
from app.core.settings.retrieval import RetrievalSettings
from app.faults.own import teach
from app.gate.admit import KeyGate
from app.graph.agent import DebugAgent
from app.graph.graphs import Graphs
from app.ingest.pipeline import IngestPipeline
from app.records.home import open_records
from app.retrieval.base import Embedder
from app.retrieval.embedders.table import EMBEDDERS
from app.retrieval.encoder import Encoder
from app.retrieval.fused import FusedRetriever
from app.retrieval.rerankers.table import RERANKERS
from app.retrieval.reranking import Reranking
from app.retrieval.seeds import seeds
from app.retrieval.stores.table import STORES
from app.services import process
from app.services.hall import Services
from app.services.health import Health
from app.services.prompting import prompting
from app.services.shelf import stock
from app.services.warm import first_use
from app.telemetry import logs
from app.telemetry.setup import configure

__all__ = ["Embedder", "build"]

log = logging.getLogger(__name__)
T = TypeVar("T")


@asynccontextmanager
async def build(
    settings: Settings, *, embedder: Embedder | None = None, answers: bool = True, serve: bool = False
) -> AsyncIterator[Services]:
    """`answers`: load what a question needs, and stock a new home with the sample shelf.

    `serve`: this process is the home's one service, and tidies up after one that died.
    """
    if serve:
        logs.configure(settings.telemetry)
    async with AsyncExitStack() as closing:
        if serve:
            closing.enter_context(process.serving())
        closing.callback(configure(settings.telemetry).close)
        teach(settings.own_grammars)
        pool = ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="rail-debug")
        closing.callback(pool.shutdown)
        records = open_records(settings.folder)
        await records.open(serve=serve)
        closing.push_async_callback(records.close)

        embedder = embedder or row(EMBEDDERS, "embedder", settings.retrieval.embedder)(settings)
        stays(embedder.remote, settings.retrieval, "embedder")
        encoder = Encoder(embedder)
        make_store = row(STORES, "store", settings.retrieval.store)
        store = make_store(settings.retrieval, records.truth, encoder.model, encoder.dimensions, pool)
        await store.open()
        closing.push_async_callback(store.close)
        reranking = reread(settings.retrieval, pool)
        closing.push_async_callback(reranking.close)
        retriever = FusedRetriever(store, encoder, records.truth, pool, settings.retrieval.lane_k, reranking)
        pipeline = IngestPipeline(
            records.documents, encoder, pool, size_limit=settings.service.upload_limit, seeds=seeds
        )

        gate = KeyGate(records.keys, settings.gate, limit=settings.service.upload_limit)
        analyzers = Registry(settings.table, settings.analyzer)
        closing.push_async_callback(analyzers.unload)
        prompts = await closing.enter_async_context(prompting(settings, records, answers=answers, serve=serve))
        graphs = Graphs(
            retriever, analyzers, prompts.room, prompts.runs, settings.folder / "checkpoints.db", settings.retrieval.k
        )
        agent = DebugAgent(
            graphs,
            analyzers,
            prompts.runs,
            gate.approval_on,
            route=prompts.experiments.route,
            linger_s=settings.service.run_linger_s,
            kept=settings.service.events_kept,
        )
        closing.push_async_callback(agent.close)
        if answers:
            hop = asyncio.get_running_loop().run_in_executor
            await asyncio.gather(graphs.compiled(), analyzers.load(), hop(pool, ready, encoder), hop(pool, first_use))
            if settings.service.sample_shelf:
                await stock(records.truth, pipeline, settings.kb)
            await store.write(settings.kb)
        if serve:
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
            health=Health(settings.kb, records.truth, store, analyzers, encoder, prompts.room.troubles),
            feedback=prompts.feedback,
            prompts=prompts.desk,
            experiments=prompts.experiments,
        )


def reread(settings: RetrievalSettings, pool: Executor) -> Reranking:
    own = settings.reranking
    reranker = row(RERANKERS, "reranker", settings.reranker)(own, pool)
    if reranker is None:
        return Reranking()
    stays(reranker.remote, settings, "reranker")
    return Reranking(reranker, own.depth, own.timeout_s)


def stays(remote: bool, settings: RetrievalSettings, part: str) -> None:
    """Raises `InvalidSettings` for a part that sends text off this machine without leave."""
    if remote and not settings.allow_remote:
        hint = "Set RAIL_DEBUG_RETRIEVAL__ALLOW_REMOTE=true if questions and passages may leave this machine."
        raise InvalidSettings(f"retrieval.{part}: it is not on this machine.", hint=hint)


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
