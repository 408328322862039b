"""The composition root: the one place where the house's parts are made and joined, and closed in reverse."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from app.analyzers.benchmark.idle import Idle
from app.analyzers.benchmark.watched import Benchmarked, Recent
from app.analyzers.manager import Manager
from app.core.errors import EmbedderUnavailable
from app.core.settings import Settings
from app.faults.own import teach
from app.gate.admit import KeyGate
from app.graph.agent import DebugAgent
from app.graph.graphs import Graphs
from app.records.home import open_records
from app.retrieval.base import Embedder
from app.retrieval.encoder import Encoder
from app.services import gauges, keeping, process, watching
from app.services.analyzing import manager
from app.services.benchmarking import Questions, bench
from app.services.caching import open_cache
from app.services.hall import Services
from app.services.health import Health
from app.services.knowing import Shared, furnish
from app.services.prompting import prompting
from app.services.shelf import stock
from app.services.traces import Watch
from app.services.warm import first_use
from app.telemetry import logs
from app.telemetry.setup import Tracing, configure
from app.telemetry.threads import Threads

__all__ = ["Embedder", "build"]

log = logging.getLogger(__name__)


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
        watched_by = Tracing()
        if not lent:  # a hall beside another one leaves the spans of that one's users where they go
            watched_by = configure(settings.telemetry, metrics=serve)
            closing.push_async_callback(asyncio.to_thread, watched_by.close)
        teach(settings.own_grammars)
        pool = Threads(os.cpu_count() or 2, thread_name_prefix="rail-debug")
        closing.callback(pool.shutdown)
        records = open_records(settings.folder, settings.database, settings.records.spool)
        await records.open(serve=serve)
        closing.push_async_callback(records.close)

        cache = open_cache(settings.cache)
        closing.push_async_callback(cache.close)
        shelf = await furnish(settings, closing, records, Shared(pool, cache), embedder)
        switch = shelf.switch
        gate = KeyGate(records.keys, settings.gate, limit=settings.service.upload_limit)
        prompts = await closing.enter_async_context(prompting(settings, records, answers=answers, serve=serve))
        analyzers = analyzers or manager(settings, records.standings, prompts.room.current, cache=cache)
        if not lent:
            closing.push_async_callback(analyzers.unload)
        idle, recent = Idle(settings.benchmark.quiet_s), Recent(settings.benchmark.recent)
        watched = Benchmarked(analyzers, recent)
        graphs = Graphs(
            switch,
            watched,
            prompts.room,
            prompts.runs,
            settings.folder / "checkpoints.db",
            settings.retrieval.k,
            settings.database,
        )
        agent = DebugAgent(
            graphs,
            watched,
            prompts.runs,
            gate.approval_on,
            route=prompts.experiments.route,
            linger_s=settings.service.run_linger_s,
            kept=settings.service.events_kept,
            asking=idle.asking,
        )
        closing.push_async_callback(agent.close)
        questions = Questions(settings, records.documents, switch, prompts.room, recent)
        benchmark = bench(settings, records, analyzers, idle, questions, serve=serve)
        closing.push_async_callback(benchmark.close)
        if answers:
            hop = asyncio.get_running_loop().run_in_executor
            loading = [] if lent else [analyzers.load()]
            encoder = switch.current.encoder
            await asyncio.gather(graphs.compiled(), *loading, hop(pool, ready, encoder), hop(pool, first_use))
            if settings.service.sample_shelf:
                await stock(records.truth, shelf.pipeline, settings.kb)
            await switch.current.store.write(settings.kb)
        if serve:
            gauges.join(watched_by, analyzers, cache, switch, pool)
            for work in (shelf.rebuild.persist(), keeping.tidy(records, settings.records)):
                closing.push_async_callback(_ended, asyncio.create_task(work))
            analyzers.pool.spawn(watching.watch(settings, analyzers))
            process.loaded()
        yield Services(
            settings=settings,
            agent=agent,
            switch=switch,
            rebuild=shelf.rebuild,
            pipeline=shelf.pipeline,
            documents=records.documents,
            runs=records.runs,
            gaps=records.gaps,
            gate=gate,
            keys=records.keys,
            health=Health(settings.kb, records, switch, analyzers, cache, shelf.rebuild, prompts.room.troubles),
            analyzers=analyzers,
            audit=records.audit,
            bench=benchmark,
            feedback=prompts.feedback,
            prompts=prompts.desk,
            prompt_room=prompts.room,
            experiments=prompts.experiments,
            expiry=records.expiry,
            truth=records.truth,
            watch=Watch(watched_by, records.runs),
        )


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def ready(encoder: Encoder) -> None:
    """Without an embedder the service still answers, by words and codes; `/readyz` tells why."""
    try:
        encoder.load()
    except EmbedderUnavailable as error:
        log.warning("%s %s", error.message, error.hint)
