"""How fast documents come in: parsed, cut, written to SQL and indexed.

    python -m tests.bench.ingest [--chunks N] [--times N]

The embedder is a hash; what it takes is measured apart and taken off: the real one takes far longer than all else.
"""

import argparse
import asyncio
import csv
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app.core.settings.threads import one_each

one_each()

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from app.core.settings import load  # noqa: E402
from app.services.build import build  # noqa: E402
from tests.bench.corpus import documents  # noqa: E402
from tests.bench.service import process, shelf  # noqa: E402
from tests.retrieval.fakes import HashEmbedder  # noqa: E402


class Timed(HashEmbedder):
    """`seconds` are CPU of the threads that encoded: their wall time holds the waiting for others."""

    seconds = 0.0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        began = time.thread_time()
        try:
            return super().encode(texts)
        finally:
            self.seconds += time.thread_time() - began


def markdown(folder: Path, chunks: int) -> None:
    shelf.write(folder, chunks)


def tables(folder: Path, chunks: int) -> None:
    """Fault tables of 200 rows; a row is about one chunk."""
    rows = [(made.code, *(section.text for section in made.sections[:4])) for made in documents(5 * chunks)]
    for start in range(0, len(rows), 200):
        with (folder / f"table-{start:06}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("code", "meaning", "cause", "test", "remedy"), *rows[start : start + 200]])


async def measure(name: str, write: Callable[[Path, int], None], chunks: int) -> None:
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        write(Path(folder), chunks)
        embedder = Timed()
        settings = load(home=Path(home), service={"sample_shelf": False})
        async with build(settings, embedder=embedder) as services:
            cpu, wall = time.process_time(), time.perf_counter()
            report = await services.ingest(Path(folder), settings.kb)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            refused = report.count("refused")
            again = time.perf_counter()
            unchanged = (await services.ingest(Path(folder), settings.kb)).count("unchanged")
            again = time.perf_counter() - again
    made, spent = sum(outcome.chunks for outcome in report.outcomes), embedder.seconds
    print(
        f"{name:8} {made} chunks of {len(report.outcomes)} files, {refused} refused: {made / wall:.0f} chunks/s;"
        f" without the encoder {made / (wall - spent):.0f}/s by the clock, {made / (cpu - spent):.0f} a CPU second;"
        f" {unchanged} files once more, unchanged, in {again:.2f} s; RSS {process.rss_mb(os.getpid()):.0f} MB",
        flush=True,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--chunks", type=int, default=10_000)
    options.add_argument("--times", type=int, default=3)
    given = options.parse_args()
    for _ in range(given.times):
        for name, write in (("markdown", markdown), ("tables", tables)):
            asyncio.run(measure(name, write, given.chunks))


if __name__ == "__main__":
    main()
