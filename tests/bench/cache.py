"""What the cache of findings costs and saves: CPU and wall milliseconds a question, kept or not.

    python -m tests.bench.cache [chunks] [--redis redis://…] [--questions N] [--real]

Real records; the embedder is a hash, unless `--real` takes the shipped one, so that the figures are the rooms' own.
"""

import argparse
import asyncio
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.core.settings.threads import one_each

one_each()

import numpy as np  # noqa: E402

from app.core.cache import Cache, MemoryCache  # noqa: E402
from app.core.document import Chunk, Document  # noqa: E402
from app.core.ids import chunk_id, document_id, text_hash  # noqa: E402
from app.core.principal import LOCAL  # noqa: E402
from app.core.settings import load  # noqa: E402
from app.records.base import Cut  # noqa: E402
from app.records.home import Records, open_records  # noqa: E402
from app.retrieval.base import Embedder, Query, Retriever  # noqa: E402
from app.retrieval.cached import CachedRetriever  # noqa: E402
from app.retrieval.embedders.table import EMBEDDERS  # noqa: E402
from app.retrieval.encoder import Encoder  # noqa: E402
from app.retrieval.fused import FusedRetriever  # noqa: E402
from app.retrieval.stores.embedded import EmbeddedStore  # noqa: E402
from tests.bench.corpus import Made, documents  # noqa: E402
from tests.retrieval.fakes import HashEmbedder  # noqa: E402


def cut(made: Made, embedder: Embedder) -> Cut:
    """A document of the made shelf as an ingest would hand it over."""
    text, chunks = "", []
    for ordinal, section in enumerate(made.sections):
        start, end = len(text), len(text) + len(section.text)
        text += section.text + "\n\n"
        id_ = chunk_id(document_id("main", made.name), "A", start, end, section.text)
        place = (id_, document_id("main", made.name), ordinal, start, end, ordinal * 2 + 1)
        chunks.append(
            Chunk(*place, section.text, section.text, "", "narrative", codes=section.codes, defines=section.defines)
        )
    rows = embedder.encode([chunk.indexed for chunk in chunks])
    vectors = {text_hash(chunk.indexed): row.tobytes() for chunk, row in zip(chunks, rows, strict=True)}
    document = Document(document_id("main", made.name), "main", made.name, made.code, text, "markdown", "A")
    return Cut(document, tuple(chunks), vectors, embedder.model)


async def fill(records: Records, made: list[Made], embedder: Embedder) -> None:
    for start in range(0, len(made), 200):
        await records.documents.replace(LOCAL, "main", [cut(one, embedder) for one in made[start : start + 200]])


async def timed(name: str, retriever: Retriever, asked: list[Query]) -> None:
    walls: list[float] = []
    cpu = time.process_time()
    for query in asked:
        started = time.perf_counter()
        await retriever.retrieve(query)
        walls.append((time.perf_counter() - started) * 1000)
    spent = (time.process_time() - cpu) * 1000 / len(asked)
    p50, p95 = np.percentile(walls, [50, 95])
    print(f"{name:28} {spent:6.2f} ms CPU   p50 {p50:6.2f} ms   p95 {p95:6.2f} ms")


async def measure(options: argparse.Namespace, folder: str) -> None:
    pool = ThreadPoolExecutor()
    asking = EMBEDDERS["minilm"](load()) if options.real else HashEmbedder()
    asking.load()
    filling = HashEmbedder(model=asking.model)
    records = open_records(Path(folder))
    await records.open()
    made = list(documents(options.chunks))
    await fill(records, made, filling)
    store = EmbeddedStore(records.truth, asking.model, 384, pool)
    fused = FusedRetriever(store, Encoder(asking), records.truth, pool)
    await store.write("main")
    cache: Cache = MemoryCache(64 * 2**20)
    asked = [Query(f"{made[n * 7919 % len(made)].symptom} Case {n}.") for n in range(2 * options.questions)]
    one, other = asked[: options.questions], asked[options.questions :]
    await timed("warming up", fused, [Query(f"warm {n}") for n in range(50)])
    await timed("without a cache", fused, one)
    kept = CachedRetriever(fused, records.truth, cache, pool, "bench", ttl=600)
    await timed("not kept yet", kept, other)
    await timed("kept in memory", kept, other)
    if options.redis:
        await through_redis(options.redis, fused, other)
    await cache.close()
    await records.close()
    pool.shutdown()


async def through_redis(url: str, fused: FusedRetriever, asked: list[Query]) -> None:
    from app.core.redis_cache import RedisCache

    near = MemoryCache(0)  # every look-up travels
    cache = RedisCache(url, near)
    kept = CachedRetriever(fused, fused.truth, cache, fused.pool, f"bench {time.time()}", ttl=600)
    await timed("not kept in Redis yet", kept, asked)
    await timed("kept in Redis", kept, asked)
    await cache.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chunks", nargs="?", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--redis")
    parser.add_argument("--real", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options, folder))


if __name__ == "__main__":
    main()
