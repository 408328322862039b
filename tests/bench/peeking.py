"""Experiments in which nothing differs, looked at after every outcome, and others in which something does.

`python -m tests.bench.prompts --report docs/reports/prompts.md` runs it.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median

from app.core.experiment import Arm, Counts, Experiment, Tally
from app.prompts.base import Subject
from app.prompts.trials import assigned
from app.receipts.sequential import Sample, compare
from app.services.standing import standing

Draw = Callable[[random.Random], float]
MINIMUM = 100
TRIAL = Experiment("trial", "main", "local", "analyze", (Arm("a", "file"), Arm("b", "2")), minimum=MINIMUM)


@dataclass(frozen=True)
class Row:
    name: str
    runs: int
    longest: int  # outcomes of each arm, at most
    found: int  # experiments in which a difference was claimed
    naive: int  # in which a z test at each look would have claimed one
    when: float | None  # median outcomes of the control when it was claimed


def share(p: float) -> Draw:
    return lambda dice: float(dice.random() < p)


def lasting(median_ms: float, sigma: float = 0.6) -> Draw:
    """The logarithm of a skewed time, as it is kept."""
    return lambda dice: dice.gauss(math.log(median_ms), sigma)


def experiment(a: Draw, b: Draw, longest: int, dice: random.Random, b_in: int = 1) -> tuple[int | None, bool]:
    """-> when a difference was claimed, and whether the naive test would have; one of `b_in` is the other's."""
    one, other = Sample(0, 0, 0), Sample(0, 0, 0)
    naive, at = False, None
    for n in range(1, longest + 1):
        one = plus(one, a(dice))
        if n % b_in == 0:
            other = plus(other, b(dice))
        if min(one.n, other.n) < MINIMUM:
            continue
        if at is None and compare(one, other).p <= 0.05:
            at = n
        naive = naive or z(one, other) > 1.96
        if at is not None and naive:
            break
    return at, naive


def plus(sample: Sample, value: float) -> Sample:
    return Sample(sample.n + 1, sample.total + value, sample.squares + value * value)


def z(a: Sample, b: Sample) -> float:
    error = a.scatter / (a.n - 1) / a.n + b.scatter / (b.n - 1) / b.n
    return abs(a.mean - b.mean) / math.sqrt(error) if error else 0.0


def row(name: str, a: Draw, b: Draw, *, runs: int, longest: int, seed: int, b_in: int = 1) -> Row:
    dice = random.Random(seed)
    ends = [experiment(a, b, longest, dice, b_in) for _ in range(runs)]
    times = [at for at, _ in ends if at is not None]
    naive = sum(told for _, told in ends)
    return Row(name, runs, longest, len(times), naive, median(times) if times else None)


def nothing_differs(runs: int, longest: int) -> Iterator[Row]:
    yield row("share 0.5", share(0.5), share(0.5), runs=runs, longest=longest, seed=1)
    yield row("share 0.9", share(0.9), share(0.9), runs=runs, longest=longest, seed=2)
    yield row("share 0.03", share(0.03), share(0.03), runs=runs, longest=longest, seed=3)
    yield row("skewed time", lasting(300), lasting(300), runs=runs, longest=longest, seed=4)
    yield row("share 0.5, one in four", share(0.5), share(0.5), runs=runs, longest=longest, seed=5, b_in=4)


def something_differs(runs: int, longest: int) -> Iterator[Row]:
    for number, gain in enumerate((0.02, 0.05, 0.1, 0.15, 0.2)):
        name = f"share 0.6 to {0.6 + gain:.2f}"
        yield row(name, share(0.6), share(0.6 + gain), runs=runs, longest=longest, seed=10 + number)
    for number, ratio in enumerate((1.05, 1.1, 1.25)):
        name = f"time 300 ms to {300 * ratio:.0f} ms"
        yield row(name, lasting(300), lasting(300 * ratio), runs=runs, longest=longest, seed=20 + number)


def false_stops(runs: int, longest: int, every: int) -> tuple[int, int]:
    """Whole experiments with three metrics in which nothing differs -> stopped for harm, declared better."""
    dice, stopped, better = random.Random(30), 0, 0
    draws: dict[str, Draw] = {"thumbs": share(0.6), "verified": share(0.9), "latency": lasting(300)}
    for _ in range(runs):
        samples = {(arm, metric): Sample(0, 0, 0) for arm in "ab" for metric in draws}
        for n in range(1, longest + 1):
            samples = {(arm, metric): plus(s, draws[metric](dice)) for (arm, metric), s in samples.items()}
            if n < MINIMUM or n % every:
                continue
            tallies = {key: Tally(s.n, s.total, s.squares) for key, s in samples.items()}
            found = standing(TRIAL, Counts({"a": n, "b": n}, tallies))
            if found.harm or "better" in found.decision:
                stopped += bool(found.harm)
                better += not found.harm
                break
    return stopped, better


def split(ids: int, weights: tuple[float, ...]) -> list[tuple[float, float]]:
    """-> of each arm the share it should have, and the one it has."""
    trial = replace(TRIAL, arms=tuple(Arm(str(n), str(n), weight) for n, weight in enumerate(weights)))
    met = Counter(assigned(trial, Subject(f"r{n}", "main", f"conversation-{n}")).name for n in range(ids))
    return [(weight / sum(weights), met[str(n)] / ids) for n, weight in enumerate(weights)]
