"""What a retrieval costs: CPU milliseconds a question and memory, at 10,000 and 50,000 chunks.

    python -m tests.bench.retrieval [chunks …] [--questions N] [--loop asyncio|uvloop]

The truth is a dictionary and the embedder a hash, so that what is measured is the room itself. Questions are all
different: no vector of theirs is kept.
"""

import argparse
import asyncio
import resource
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from app.core.settings.threads import one_each

one_each()

import psutil  # noqa: E402

from app.faults.codes import Mention  # noqa: E402
from app.retrieval.base import Query  # noqa: E402
from app.retrieval.encoder import Encoder  # noqa: E402
from app.retrieval.fused import FusedRetriever  # noqa: E402
from app.retrieval.stores.embedded import EmbeddedStore  # noqa: E402
from tests.bench.corpus import Made, documents  # noqa: E402
from tests.retrieval.fakes import HashEmbedder, MemoryTruth, Text  # noqa: E402


def shelf(chunks: int) -> tuple[MemoryTruth, list[Made]]:
    truth, made = MemoryTruth(), list(documents(chunks))
    for document in made:
        truth.put(document.name, *[Text(s.text, defines=s.defines, codes=s.codes) for s in document.sections])
    return truth, made


def questions(made: Sequence[Made], count: int) -> dict[str, list[tuple[Query, str]]]:
    picked = [made[(number * 7919) % len(made)] for number in range(count)]
    by_code = [
        (Query(f"What to do about {d.code} now, case {n}?", mentions=(Mention(d.code, d.code, 0, 0, "bench"),)), d.name)
        for n, d in enumerate(picked)
    ]
    return {"code": by_code, "symptom": [(Query(f"{d.symptom} Case {n}."), d.name) for n, d in enumerate(picked)]}


async def timed(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """-> CPU and wall milliseconds"""
    cpu, wall = time.process_time(), time.perf_counter()
    await work()
    return (time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000


async def measure(chunks: int, count: int) -> None:
    process = psutil.Process()
    truth, made = shelf(chunks)
    before = process.memory_info().rss
    with ThreadPoolExecutor() as pool:
        embedder = HashEmbedder()
        store = EmbeddedStore(truth, embedder.model, embedder.dimensions, pool)
        retriever = FusedRetriever(store, Encoder(embedder), truth, pool)
        await store.open()
        cpu, wall = await timed(lambda: store.write("main"))
        grown = (process.memory_info().rss - before) / 2**20
        print(f"{chunks} chunks: built in {cpu:.0f} ms CPU, {wall:.0f} ms; the index holds {grown:.0f} MB")
        for kind, asked in questions(made, count).items():
            await ask(retriever, kind, asked)
        name, first = made[0].name, made[0].sections[0]
        truth.put(name, *[Text(replace(first, text=f"{first.text} {n}").text) for n in range(10)])
        cpu, wall = await timed(lambda: retriever.retrieve(Query("after a document of ten chunks was replaced")))
        print(f"  the first question after a document was replaced: {cpu:.1f} ms CPU, {wall:.1f} ms")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  RSS {process.memory_info().rss / 2**20:.0f} MB, most {most:.0f} MB, the made texts included")


async def ask(retriever: FusedRetriever, kind: str, asked: Sequence[tuple[Query, str]]) -> None:
    spent: dict[str, float] = {}
    hits = 0
    start, wall = time.process_time(), time.perf_counter()
    for query, name in asked:
        explanation = await retriever.explain(query)
        hits += any(passage.document_id == name for passage in explanation.retrieved.passages)
        for work, milliseconds in explanation.milliseconds.items():
            spent[work] = spent.get(work, 0.0) + milliseconds
    cpu = (time.process_time() - start) * 1000 / len(asked)
    wall = (time.perf_counter() - wall) * 1000 / len(asked)
    parts = ", ".join(f"{work} {total / len(asked):.3f}" for work, total in spent.items())
    print(f"  {kind}: {cpu:.3f} ms CPU, {wall:.3f} ms a question; found {hits}/{len(asked)}; {parts}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chunks", nargs="*", type=int, default=[10_000, 50_000])
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="uvloop")
    options = parser.parse_args()
    run: Callable[..., object] = asyncio.run
    if options.loop == "uvloop":
        import uvloop

        run = uvloop.run
    for chunks in options.chunks:
        run(measure(chunks, options.questions))


if __name__ == "__main__":
    main()
