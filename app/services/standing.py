"""How an experiment stands: each arm beside the control, what is decided, and what is still missing. Pure."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from app.core.experiment import Arm, Counts, Experiment, Metric, Tally
from app.receipts.sequential import UNKNOWN, Comparison, Sample, compare, split_p

Verdict = Literal["too early", "open", "better", "worse"]
HIGHER_IS_BETTER: frozenset[Metric] = frozenset({"thumbs", "verified"})
# How much worse a guardrail may be before it counts: one share in a hundred, a tenth of the time or of the cost.
MARGIN: Mapping[Metric, float] = {"thumbs": 0.01, "verified": 0.01, "latency": math.log(1.1), "cost": 0.1}
CROOKED = 0.001  # a split that is less believable than this says that something is wrong with the experiment


@dataclass(frozen=True, slots=True)
class Measured:
    n: int
    mean: float  # of latency the geometric mean, in ms


@dataclass(frozen=True, slots=True)
class ArmStanding:
    name: str
    use: str
    weight: float
    exposed: int
    measured: Mapping[str, Measured]


@dataclass(frozen=True, slots=True)
class Versus:
    """One arm less the control, in the metric's unit; latency as a share of the control's.

    `low` and `high` hold at all looks together; None where nothing is known yet.
    """

    arm: str
    metric: Metric
    guardrail: bool
    n: int  # the smaller of both
    minimum: int
    difference: float
    low: float | None
    high: float | None
    p: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Standing:
    experiment: Experiment
    arms: tuple[ArmStanding, ...]
    versus: tuple[Versus, ...]
    split_p: float
    decision: str

    @property
    def harm(self) -> str:
        """Why it has to stop now; empty when nothing speaks for that."""
        worse = [v for v in self.versus if v.verdict == "worse"]
        told = (f"{v.arm} is worse in {v.metric} by {abs(v.difference):.3g} (n {v.n}, p {v.p:.2g})" for v in worse)
        return "; ".join(told)


def standing(experiment: Experiment, counts: Counts) -> Standing:
    arms = tuple(_arm(arm, experiment, counts) for arm in experiment.arms)
    versus = tuple(_all_versus(experiment, counts))
    believable = split_p([arm.exposed for arm in arms], [arm.weight for arm in experiment.arms])
    return Standing(experiment, arms, versus, believable, _decision(experiment, versus, believable))


def metrics(experiment: Experiment) -> tuple[Metric, ...]:
    return tuple(dict.fromkeys((experiment.metric, *experiment.guardrails)))


def _arm(arm: Arm, experiment: Experiment, counts: Counts) -> ArmStanding:
    measured: dict[str, Measured] = {}
    for metric in metrics(experiment):
        sample = _sample(counts, arm, metric)
        measured[metric] = Measured(
            sample.n, math.exp(sample.mean) if metric == "latency" and sample.n else sample.mean
        )
    return ArmStanding(arm.name, arm.use, arm.weight, counts.exposed.get(arm.name, 0), measured)


def _all_versus(experiment: Experiment, counts: Counts) -> Iterator[Versus]:
    """The error of all comparisons together is `alpha` for the metric, and `alpha` again for the guardrails."""
    others = experiment.arms[1:]
    guards = tuple(metric for metric in experiment.guardrails if metric != experiment.metric)
    for arm in others:
        for metric in metrics(experiment):
            guardrail = metric in guards
            alpha = experiment.alpha / len(others) / (len(guards) if guardrail else 1)
            yield _versus(experiment, counts, arm, metric, alpha, guardrail=guardrail)


def _versus(
    experiment: Experiment, counts: Counts, arm: Arm, metric: Metric, alpha: float, *, guardrail: bool
) -> Versus:
    control, other = _sample(counts, experiment.control, metric), _sample(counts, arm, metric)
    n = min(control.n, other.n)
    found = compare(control, other, alpha)
    margin = (MARGIN[metric] * (abs(control.mean) if metric == "cost" else 1.0)) if guardrail else 0.0
    verdict = _verdict(found, margin, metric) if n >= experiment.minimum else "too early"
    as_share = math.expm1 if metric == "latency" else float
    low, high = (None, None) if found.low == UNKNOWN.low else (_safe(as_share, found.low), _safe(as_share, found.high))
    difference = _safe(as_share, found.difference) or 0.0
    return Versus(arm.name, metric, guardrail, n, experiment.minimum, difference, low, high, found.p, verdict)


def _verdict(found: Comparison, margin: float, metric: Metric) -> Verdict:
    sign = 1.0 if metric in HIGHER_IS_BETTER else -1.0
    least, most = sorted((sign * found.low, sign * found.high))
    if most < -margin:
        return "worse"
    return "better" if least > 0 else "open"


def _decision(experiment: Experiment, versus: tuple[Versus, ...], believable: float) -> str:
    if experiment.status != "running":
        return f"{experiment.status}: {experiment.reason}"
    if believable < CROOKED:
        return f"do not believe it: the arms did not get their shares (p {believable:.2g})"
    main = [v for v in versus if not v.guardrail]
    if better := [v.arm for v in main if v.verdict == "better"]:
        return f"{', '.join(better)} is better in {experiment.metric} than {experiment.control.name}: promote it"
    if early := [v for v in main if v.verdict == "too early"]:
        return f"too early: {min(v.n for v in early)} of {experiment.minimum} outcomes of {experiment.metric}"
    return f"open: no difference in {experiment.metric} yet"


def _sample(counts: Counts, arm: Arm, metric: Metric) -> Sample:
    tally = counts.tallies.get((arm.name, metric), Tally())
    return Sample(tally.n, tally.total, tally.squares)


def _safe(as_share: object, value: float) -> float | None:
    """A latency a thousand times as long is as good as any."""
    try:
        return float(as_share(value))  # type: ignore[operator]
    except OverflowError:
        return None
