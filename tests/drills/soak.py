"""Hours in the life of a pool, in minutes: questions, cancels, switches, evictions, and memory that stays flat.

    python -m tests.drills.soak --minutes 20 --report docs/reports/soak.md

Rows of the kind `weight` hold real memory, as much as their row says, and write on all of it. `--row NAME=JSON` adds
a row of any other kind, such as a GGUF file of your own.
"""

import argparse
import asyncio
import gc
import json
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from app.analyzers.backends.evidence import EvidenceAnalyzer
from app.analyzers.table import BACKENDS
from app.core.brief import Brief, Delta, Footprint, Identity
from app.core.errors import RailDebugError
from app.core.principal import LOCAL
from app.core.question import Question
from app.core.settings import load
from app.core.settings.analyzers import AnalyzerSpec
from app.core.settings.pool import PoolSettings
from app.core.settings.service import ServiceSettings
from app.services import process
from app.services.build import build
from app.services.hall import Services

MIB = 2**20
BUDGET = 260  # MiB for analyzers
EVERY_S = 10.0  # seconds of traffic between two looks at the memory
WARM = 0.1  # share of the time in which caches fill; what follows must be flat
CODES = ("E73-B", "E73-A", "E70-A", "E71-A")


class Weight:
    """Answers as `evidence` does, and holds so many MiB while it is loaded."""

    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        self.name, self.budget_s = name, spec.budget_s
        self.size = int(str(spec.options["mb"])) * MIB
        self._voice = EvidenceAnalyzer(name, AnalyzerSpec(kind="evidence", budget_s=spec.budget_s))
        self._weights: np.ndarray[Any, Any] | None = None

    @property
    def identity(self) -> Identity:
        return Identity(self.name, "1", str(self.size).zfill(8))

    @property
    def footprint(self) -> Footprint:
        return Footprint(self.size)

    def count(self, text: str) -> int:
        return self._voice.count(text)

    async def load(self) -> None:
        self._weights = await asyncio.to_thread(np.ones, self.size, np.uint8)

    async def unload(self) -> None:
        self._weights = None

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        assert self._weights is not None, f"{self.name} was unloaded under a question"
        async for delta in self._voice.stream(brief):
            assert self._weights is not None, f"{self.name} was unloaded under a question"
            await asyncio.sleep(0.002)
            yield delta


@dataclass
class Soak:
    services: Services
    names: list[str]
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    counts: Counter[str] = field(default_factory=Counter)
    rss: list[tuple[float, float]] = field(default_factory=list)  # minutes, MiB

    async def question(self) -> None:
        named = self.dice.choice([None, None, *self.names])
        text = f"{self.dice.choice(CODES)}, question {self.dice.randrange(500)}"
        run = await self.services.agent.start(Question(text, analyzer=named), LOCAL)
        leaves = self.dice.random() < 0.2
        async for event in self.services.agent.events(run, LOCAL):
            if leaves and event.type in ("retrieved", "statement"):
                await self.services.agent.cancel(run, LOCAL)
                self.counts["cancelled"] += 1
                return
            if event.type in ("answered", "failed"):
                self.counts[event.type] += 1
                self.counts["by evidence for want of room"] += bool(
                    event.type == "answered" and event.data["diagnosis"].degraded  # type: ignore[attr-defined]
                )

    async def traffic(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        asked: set[asyncio.Task[None]] = set()
        while time.monotonic() < until:
            task = asyncio.create_task(self.question())
            asked.add(task)
            task.add_done_callback(asked.discard)
            await asyncio.sleep(self.dice.expovariate(12))
        await asyncio.gather(*asked)

    async def change(self) -> None:
        """A switch, a load that may evict, or an unload."""
        name, manager = self.dice.choice(self.names), self.services.analyzers
        try:
            match self.dice.randrange(3):
                case 0:
                    await manager.switch(name, "drill", "the soak")
                    self.counts["switched"] += 1
                case 1:
                    await manager.load_one(name)
                    self.counts["loaded by name"] += 1
                case _:
                    await manager.unload_one(name)
                    self.counts["unloaded by name"] += 1
        except RailDebugError as error:
            self.counts[error.code] += 1

    async def changes(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await self.change()
            await asyncio.sleep(0.7)

    async def quiet(self, begun: float) -> None:
        """Nothing is loaded and nothing runs: what is held now is what stays."""
        manager = self.services.analyzers
        await manager.switch("evidence", "drill")
        for name in self.names:
            await manager.unload_one(name)
        while manager.pool.held.ram or manager.pool.leases:
            await asyncio.sleep(0.05)
        gc.collect()
        process.glibc("malloc_trim", 0)
        rss = psutil.Process().memory_info().rss / MIB
        self.rss.append(((time.monotonic() - begun) / 60, rss))
        print(f"{self.rss[-1][0]:5.1f} min  {rss:6.1f} MiB  {dict(self.counts)}", flush=True)

    async def run(self, minutes: float) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < minutes * 60:
            await asyncio.gather(self.traffic(EVERY_S), self.changes(EVERY_S))
            await self.quiet(begun)

    @property
    def flat(self) -> tuple[float, float, float]:
        """-> MiB at the beginning and at the end of what must be flat, and the difference as a share."""
        after = [rss for at, rss in self.rss if at >= self.rss[-1][0] * WARM]
        part = max(1, len(after) // 10)
        first, last = statistics.median(after[:part]), statistics.median(after[-part:])
        return first, last, last / first - 1


async def soak(minutes: float, rows: dict[str, Any]) -> Soak:
    assert isinstance(BACKENDS, dict)
    BACKENDS["weight"] = Weight
    table = {**{f"w{n}": {"kind": "weight", "mb": mb} for n, mb in enumerate((60, 90, 120, 150))}, **rows}
    pool = PoolSettings(ram_share=BUDGET * MIB / psutil.virtual_memory().total, linger_s=0.2, retry_s=0.5)
    with tempfile.TemporaryDirectory() as folder:
        settings = load(home=Path(folder), analyzers=table, pool=pool, service=ServiceSettings(events_kept=64))
        async with build(settings, serve=True) as services:
            made = Soak(services, list(table))
            await made.run(minutes)
    return made


def report(made: Soak, minutes: float) -> str:
    first, last, share = made.flat
    every = max(1, len(made.rss) // 20)
    lines = "\n".join(f"| {at:.1f} | {rss:.1f} |" for at, rss in made.rss[::every])
    counts = "\n".join(f"| {what} | {count} |" for what, count in sorted(made.counts.items()))
    return f"""# Soak

`python -m tests.drills.soak --minutes {minutes:g}`: questions by Poisson arrivals, 12 a second where the machine keeps
up, one in five cancelled in mid-stream, and after every 0.7 s a switch, a load or an unload by name, over four rows of
60 to 150 MiB of which two or three fit the budget of {BUDGET} MiB. After every {EVERY_S:g} s of traffic all rows are
unloaded and the resident memory of the process is read. The machine had two cores and much else to do.

Median of the first tenth after warming up ({WARM:.0%} of the time): **{first:.1f} MiB**; of the last tenth:
**{last:.1f} MiB**; difference **{share:+.1%}** (allowed: 5 %).

| what | how often |
|---|---|
{counts}

| minute | MiB |
|---|---|
{lines}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--row", action="append", default=[], metavar="NAME=JSON")
    parser.add_argument("--report", type=Path)
    asked = parser.parse_args()
    rows = {name: json.loads(row) for name, _, row in (given.partition("=") for given in asked.row)}
    made = asyncio.run(soak(asked.minutes, rows))
    if asked.report:
        asked.report.write_text(report(made, asked.minutes), encoding="utf-8")
    first, last, share = made.flat
    print(f"{first:.1f} -> {last:.1f} MiB, {share:+.1%}; {dict(made.counts)}")
    return 0 if share < 0.05 and not made.counts["failed"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
