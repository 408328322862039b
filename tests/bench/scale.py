"""How search grows with the shelf: 1,000, 10,000, 100,000 chunks, and what that says of a million.

    python -m tests.bench.scale [chunks …] [--questions N] [--report FILE]

Real records in SQLite, the real store and retriever. Texts are made; vectors are mixtures of the shipped real ones with
noise, and so are the questions'. A question's vector is there beforehand: all figures are beyond the embedding. Each
size runs in a process of its own.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from app.core.settings.threads import one_each

one_each()

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from app.core.ids import text_hash  # noqa: E402
from app.core.principal import LOCAL  # noqa: E402
from app.faults.codes import Mention  # noqa: E402
from app.records.home import Records, open_records  # noqa: E402
from app.retrieval.base import Query  # noqa: E402
from app.retrieval.encoder import Encoder  # noqa: E402
from app.retrieval.fused import FusedRetriever  # noqa: E402
from app.retrieval.seeds import SHIPPED  # noqa: E402
from app.retrieval.stores.embedded import EmbeddedStore  # noqa: E402
from app.services import process  # noqa: E402
from tests.bench.cache import cut  # noqa: E402
from tests.bench.corpus import Made, documents  # noqa: E402

SIZES = (1_000, 10_000, 100_000)
CALLERS = 16
Rows = NDArray[np.float32]


class Mixed:
    """Vectors like real ones, the same for the same text: two shipped ones mixed, and a tenth of noise."""

    model = "mixed-384"
    dimensions = 384
    remote = False

    def __init__(self) -> None:
        with np.load(SHIPPED) as shipped:
            real = shipped["vectors"].astype(np.float32)
        self._real = real / np.linalg.norm(real, axis=1, keepdims=True)

    def load(self) -> None:
        return None

    def encode(self, texts: Sequence[str]) -> Rows:
        made = np.stack([self._one(int(text_hash(text)[:12], 16)) for text in texts])
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)

    def _one(self, seed: int) -> Rows:
        dice = np.random.default_rng(seed)
        one, other = self._real[dice.integers(len(self._real), size=2)]
        share = dice.uniform(0.5, 1.0)
        return np.asarray(share * one + (1 - share) * other + dice.normal(0, 0.1 / 384**0.5, 384), dtype=np.float32)


@dataclass(frozen=True)
class Figures:
    chunks: int
    file_mb: float
    open_s: float
    open_cpu_s: float
    index_mb: float
    rss_mb: float
    recall: float
    one_p50: float
    one_p95: float
    one_cpu: float
    many_p50: float
    many_p95: float
    per_second: float
    change_ms: float


async def fill(records: Records, made: Sequence[Made], mixed: Mixed) -> None:
    for start in range(0, len(made), 400):
        await records.documents.replace(LOCAL, "main", [cut(one, mixed) for one in made[start : start + 400]])


def questions(made: Sequence[Made], count: int) -> list[Query]:
    """Every other one names a code; all are different."""
    picked = [made[number * 7919 % len(made)] for number in range(count)]
    asked = []
    for number, one in enumerate(picked):
        mentions = (Mention(one.code, one.code, 0, 0, "bench"),) if number % 2 else ()
        asked.append(Query(f"{one.code if mentions else ''} {one.symptom} Case {number}.", mentions=mentions))
    return asked


async def measure(chunks: int, count: int, folder: Path) -> Figures:
    mixed, made = Mixed(), list(documents(chunks))
    records = open_records(folder)
    await records.open()
    await fill(records, made, mixed)
    await records.close()
    print(f"{chunks} chunks are there", file=sys.stderr, flush=True)

    me = psutil.Process()
    records = open_records(folder)
    with ThreadPoolExecutor() as pool, process.serving():
        await records.open()
        store = EmbeddedStore(records.truth, mixed.model, mixed.dimensions, pool)
        retriever = FusedRetriever(store, Encoder(mixed), records.truth, pool)
        await store.open()
        before, wall, cpu = me.memory_info().rss, time.perf_counter(), time.process_time()
        await store.write("main")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        process.loaded()
        held = (me.memory_info().rss - before) / 2**20
        asked = questions(made, 3 * count)
        mixed_before = {query.text: mixed.encode([query.text])[0] for query in asked}
        retriever.encoder = Encoder(Given(mixed_before))
        await alone(retriever, asked[:count])  # warms caches of the system and of the interpreter
        one = await alone(retriever, asked[count : 2 * count])
        many, seconds = await together(retriever, asked[2 * count :])
        changed = await change(records, retriever, made[0], mixed)
        found = recall(store, list(mixed_before.values())[:100])
        await records.close()
    walls = np.percentile(one[0], [50, 95])
    crowd = np.percentile(many, [50, 95])
    size = sum(file.stat().st_size for file in folder.iterdir()) / 2**20
    rss = me.memory_info().rss / 2**20
    figures = (size, wall, cpu, held, rss, found, *walls, one[1], *crowd, len(many) / seconds, changed)
    return Figures(chunks, *(round(float(figure), 3) for figure in figures))


class Given:
    """An embedder that looks up what was made before the clock ran."""

    model, dimensions, remote = Mixed.model, Mixed.dimensions, False

    def __init__(self, vectors: dict[str, Rows]) -> None:
        self._vectors = vectors

    def load(self) -> None:
        return None

    def encode(self, texts: Sequence[str]) -> Rows:
        return np.stack([self._vectors[text] for text in texts])


async def alone(retriever: FusedRetriever, asked: Sequence[Query]) -> tuple[list[float], float]:
    """-> milliseconds of each, and CPU milliseconds a question."""
    walls, cpu = [], time.process_time()
    for query in asked:
        started = time.perf_counter()
        await retriever.retrieve(query)
        walls.append((time.perf_counter() - started) * 1000)
    return walls, (time.process_time() - cpu) * 1000 / len(asked)


async def together(retriever: FusedRetriever, asked: Sequence[Query]) -> tuple[list[float], float]:
    """16 callers, each asking again as soon as it is answered."""
    walls: list[float] = []
    left = list(asked)

    async def caller() -> None:
        while left:
            query, started = left.pop(), time.perf_counter()
            await retriever.retrieve(query)
            walls.append((time.perf_counter() - started) * 1000)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return walls, time.perf_counter() - started


async def change(records: Records, retriever: FusedRetriever, one: Made, mixed: Mixed) -> float:
    """Milliseconds of the first question after a document was replaced."""
    query = Query("What is new?")
    retriever.encoder = Encoder(mixed)
    await retriever.retrieve(query)
    walls = []
    for _ in range(5):
        await records.documents.replace(LOCAL, "main", [cut(one, mixed)])
        started = time.perf_counter()
        await retriever.retrieve(query)
        walls.append((time.perf_counter() - started) * 1000)
    return float(np.median(walls))


def recall(store: EmbeddedStore, vectors: Sequence[Rows]) -> float:
    """Of the ten that are truly nearest, the share that the dense lane finds among its fifty."""
    view = store._current("main")
    assert view
    blind = view.blind
    shared = 0
    for vector in vectors:
        scores = view.vectors.full @ vector
        scores[blind] = -np.inf
        best = set(np.argsort(-scores)[:10].tolist())
        shared += len(best & {row for row, _ in view.vectors.nearest(vector, blind, 50)})
    return shared / (10 * len(vectors))


def projected(figures: Sequence[Figures], name: str) -> float:
    """To a million: each further row costs what it did between the last two sizes."""
    small, large = figures[-2:]
    slope = (getattr(large, name) - getattr(small, name)) / (large.chunks - small.chunks)
    return float(getattr(large, name) + slope * (1_000_000 - large.chunks))


COLUMNS = {
    "one_p50": "one caller, p50 ms",
    "one_p95": "one caller, p95 ms",
    "one_cpu": "CPU ms a question",
    "many_p50": "16 callers, p50 ms",
    "many_p95": "16 callers, p95 ms",
    "per_second": "questions a second, 16 callers",
    "recall": "true ten nearest among the lane's fifty",
    "change_ms": "first question after a document was replaced, ms",
    "open_s": "cold open, s",
    "open_cpu_s": "cold open, CPU s",
    "index_mb": "index in memory, MB",
    "rss_mb": "process, MB",
    "file_mb": "database file, MB",
}
GROWING = {"one_p50", "one_p95", "one_cpu", "many_p50", "many_p95", "open_s", "open_cpu_s", "index_mb", "file_mb"}


def table(figures: Sequence[Figures]) -> str:
    head = ["", *(f"{one.chunks:,} chunks" for one in figures), "a million, projected"]
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)]
    for name, title in COLUMNS.items():
        ahead = _told(projected(figures, name)) if name in GROWING and len(figures) > 1 else ""
        lines.append([title, *(_told(getattr(one, name)) for one in figures), ahead])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _told(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"


def apart(chunks: int, count: int) -> Figures:
    command = [sys.executable, "-m", "tests.bench.scale", str(chunks), "--questions", str(count), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chunks", nargs="*", type=int, default=SIZES)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--report", type=Path, help="Put the table between the marks of this file.")
    parser.add_argument("--json", action="store_true", help="One size, in this process.")
    options = parser.parse_args()
    if options.json:
        import uvloop

        with tempfile.TemporaryDirectory() as folder:
            figures = uvloop.run(measure(options.chunks[0], options.questions, Path(folder)))
        print(json.dumps(asdict(figures)))
        return
    told = table([apart(chunks, options.questions) for chunks in options.chunks])
    print(told)
    if options.report:
        text = options.report.read_text()
        head, _, rest = text.partition("<!-- figures -->")
        options.report.write_text(f"{head}<!-- figures -->\n{told}\n<!-- end -->{rest.partition('<!-- end -->')[2]}")


if __name__ == "__main__":
    main()
