"""What users notice of the benchmark: `python -m tests.bench.interference` (about 8 minutes on idle cores).

One service in this process. Users ask one question after another with random pauses; stretches of 50 questions with
the benchmark take turns with stretches without it, so that whatever else the machine does meets both alike. With it, a
round begins with each stretch, which is the default rate; or rounds follow each other without end, the worst there is.
Writes docs/reports/benchmark.md.
"""

import argparse
import asyncio
import logging
import os
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.analyzers.scratch.weights import numbers
from app.core.principal import EVALUATION
from app.core.question import Question
from app.core.settings import load
from app.core.settings.analyzers import AnalyzerSpec
from app.core.settings.benchmark import BenchmarkSettings
from app.core.settings.threads import one_each
from app.evaluate.cases import read
from app.services.benchmarking import golden
from app.services.build import build
from app.services.hall import Services
from tests.analyzers.scratch import small

REPORT = Path(__file__).parents[2] / "docs" / "reports" / "benchmark.md"
STRETCH = 50  # questions; by default a round begins with every 50th
PAUSE_S = 0.6  # mean; exponential, as of independent users
QUIET_S = BenchmarkSettings().quiet_s
MODEL = {"width": 192, "heads": 4, "kv_heads": 2, "head": 48, "inner": 512, "layers": 3}


@dataclass
class Measured:
    """Milliseconds of each answer, without the benchmark and with it."""

    asked: str
    endless: bool
    off: list[float] = field(default_factory=list)
    on: list[float] = field(default_factory=list)
    rounds: int = 0
    stood_back: int = 0


async def measure(services: Services, made: Measured, stretches: int, dice: random.Random) -> Measured:
    texts = [case.question for case in read(golden()) if case.answerable]
    idle = services.bench.benchmark.idle
    for stretch in range(2 * stretches):
        on, before = bool(stretch % 2), idle.stood_back
        async with rounds(services, made) if on else nothing():
            for _ in range(STRETCH):
                await asyncio.sleep(dice.expovariate(1 / PAUSE_S))
                (made.on if on else made.off).append(await timed(services, dice.choice(texts), made.asked))
        made.stood_back += idle.stood_back - before
    return made


@asynccontextmanager
async def rounds(services: Services, made: Measured) -> AsyncIterator[None]:
    """What has not ended with the stretch is given up."""

    async def go() -> None:
        while True:
            await services.bench.run()
            made.rounds += 1
            if not made.endless:
                return

    task = asyncio.create_task(go())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await services.bench.close()


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    yield


async def timed(services: Services, question: Question, analyzer: str) -> float:
    begun = time.perf_counter()
    await services.agent.ask(replace(question, analyzer=analyzer), EVALUATION)
    return (time.perf_counter() - begun) * 1000


def percentile(values: Sequence[float], share: float) -> float:
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]


def ratio(made: Measured, share: float, dice: random.Random) -> tuple[float, float, float]:
    """on / off at a percentile, with a 95 % bootstrap interval."""
    drawn = sorted(
        percentile(dice.choices(made.on, k=len(made.on)), share)
        / percentile(dice.choices(made.off, k=len(made.off)), share)
        for _ in range(2000)
    )
    return percentile(made.on, share) / percentile(made.off, share), drawn[49], drawn[1949]


def written(found: Sequence[Measured], parameters: int, load_average: float) -> str:
    dice = random.Random(5)
    lines = [
        "# What users notice of the benchmark",
        "",
        "`python -m tests.bench.interference`, single run in one process: a service over the sample shelf with"
        f" `evidence` and a transformer of {parameters / 1e6:.1f} M parameters (kind `scratch`, random weights, one"
        f" thread). One user asks golden questions with exponential pauses of {PAUSE_S:.1f} s on average; stretches of"
        f" {STRETCH} questions with the benchmark take turns with stretches without it. Settings are the defaults: it"
        f" goes on after {QUIET_S} s without a question. The machine has 2 cores, which other programs used meanwhile:"
        f" load average {load_average:.1f} at the end.",
        "",
        "| users ask | rounds | questions off / on | p50 off | p50 on | on / off [95 %] | p95 off | p95 on |"
        " on / off [95 %] | ended | broken off |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for made in found:
        how = "without end" if made.endless else f"one in {STRETCH} requests"
        cells = [made.asked, how, f"{len(made.off)} / {len(made.on)}"]
        for share in (0.50, 0.95):
            value, low, high = ratio(made, share, dice)
            cells += [f"{percentile(made.off, share):.1f} ms", f"{percentile(made.on, share):.1f} ms"]
            cells.append(f"{value:.3f} [{low:.3f}, {high:.3f}]")
        cells += [str(made.rounds), str(made.stood_back)]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "A round waits for quiet, and what it does is broken off the moment a question is accepted: a question meets at"
        " the most the one step of a model, or the one search, that is under way. What was broken off is asked again"
        " from the start, and only whole answers are timed.",
        "",
    ]
    return "\n".join(lines)


async def main(stretches: int) -> str:
    one_each()
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as place:
        folder = small.folder(Path(place) / "model", **MODEL)
        row = {
            "kind": "scratch",
            "path": str(folder),
            "max_tokens": 16,
            "context": 1024,
            "device": "cpu",
            "temperature": 0.0,
        }
        own = BenchmarkSettings(every=0)
        settings = load(home=Path(place) / "home").model_copy(update={"benchmark": own})
        settings = settings.model_copy(update={"analyzers": {"small": AnalyzerSpec.model_validate(row)}})
        async with build(settings, serve=True) as services:
            await services.bench.run()  # everything has been loaded once
            dice = random.Random(1)
            plan = [Measured("evidence", False), Measured("small", False), Measured("evidence", True)]
            found = [await measure(services, made, stretches, dice) for made in plan]
        size = numbers(folder)
    return written(found, size, os.getloadavg()[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stretches", type=int, default=2, help="with the benchmark, and as many without it")
    REPORT.write_text(asyncio.run(main(parser.parse_args().stretches)), encoding="utf-8")
