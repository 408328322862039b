"""Outcomes become figures: per split, per kind, per subsystem, beside a plain search, and what went wrong."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.evaluate.base import Case, Outcome
from app.evaluate.measures import BY_NAME, Rate
from app.evaluate.score import found, score
from app.receipts.intervals import paired_bootstrap

UNSEEN = "test"  # the split whose cases are never shown one by one
Rates = Mapping[str, Rate]


@dataclass(frozen=True, slots=True)
class Beside:
    """Facts held by the answer and by BM25's best passages pasted; the difference of the cases' mean, paired."""

    ours: Rate
    pasted: Rate
    difference: float = 0.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Split:
    name: str
    cases: int
    rates: Rates
    kinds: Mapping[str, Rates]
    subsystems: Mapping[str, Rates]
    beside: Beside


@dataclass(frozen=True, slots=True)
class Miss:
    """One case in which a measure was not met, with what the answer was."""

    case: str
    kind: str
    measures: tuple[str, ...]
    verdict: str
    question: str


@dataclass(frozen=True, slots=True)
class Summary:
    cases: int
    errors: Mapping[str, str]  # case -> what went wrong with asking it
    splits: tuple[Split, ...] = ()
    misses: tuple[Miss, ...] = ()
    degraded: Mapping[str, int] = field(default_factory=dict)
    overlap_mean: float = 0.0
    overlap_most: float = 0.0

    @property
    def empty(self) -> bool:
        """Nothing was asked, or nothing but errors came of it."""
        return self.cases == len(self.errors)


def summarize(outcomes: Sequence[Outcome]) -> Summary:
    judged = [outcome for outcome in outcomes if outcome.diagnosis is not None]
    overlaps = [outcome.overlap for outcome in judged if outcome.case.gold]
    return Summary(
        cases=len(outcomes),
        errors={outcome.case.id: outcome.error for outcome in outcomes if outcome.error},
        splits=tuple(_split(name, own) for name, own in grouped(judged, lambda case: case.split).items()),
        misses=tuple(miss for outcome in judged if (miss := _miss(outcome)) is not None),
        degraded=Counter(reason for o in judged if o.diagnosis for reason in o.diagnosis.degraded),
        overlap_mean=sum(overlaps) / len(overlaps) if overlaps else 0.0,
        overlap_most=max(overlaps, default=0.0),
    )


def grouped(outcomes: Iterable[Outcome], key: Callable[[Case], str]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[key(outcome.case)].append(outcome)
    return dict(sorted(groups.items()))


def _split(name: str, outcomes: Sequence[Outcome]) -> Split:
    return Split(
        name=name,
        cases=len(outcomes),
        rates=rates(outcomes),
        kinds={kind: rates(own) for kind, own in grouped(outcomes, lambda case: case.kind).items()},
        subsystems={part: rates(own) for part, own in grouped(outcomes, lambda case: case.subsystem).items()},
        beside=_beside(outcomes),
    )


def rates(outcomes: Iterable[Outcome]) -> Rates:
    total: dict[str, Rate] = {}
    for outcome in outcomes:
        for name, rate in score(outcome).items():
            total[name] = total.get(name, Rate(0, 0)) + rate
    return {name: total[name] for name in BY_NAME if name in total}


def _beside(outcomes: Sequence[Outcome]) -> Beside:
    ours, pasted = Rate(0, 0), Rate(0, 0)
    differences: list[float] = []
    for outcome in outcomes:
        own, plain = score(outcome).get("facts", Rate(0, 0)), found(outcome.case, outcome.pasted)
        ours, pasted = ours + own, pasted + plain
        if own.n:
            differences.append(own.share - plain.share)
    mean = sum(differences) / len(differences) if differences else 0.0
    return Beside(ours, pasted, mean, *paired_bootstrap(differences))


def _miss(outcome: Outcome) -> Miss | None:
    case, diagnosis = outcome.case, outcome.diagnosis
    if diagnosis is None or case.split == UNSEEN:
        return None
    wrong = tuple(name for name, rate in score(outcome).items() if not BY_NAME[name].met(rate.share))
    return Miss(case.id, case.kind, wrong, diagnosis.verdict, case.question.text) if wrong else None
