"""Rankings of many questions become one table: each search's figures, and how far the first leads each other one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.evaluate.ranking import FIGURES, Row
from app.receipts.intervals import paired_bootstrap

OURS = "ours"
LEADING = "nDCG@10"
SLACK = 0.01  # a part of ours that stands alone may be so much better, beyond what chance allows


@dataclass(frozen=True, slots=True)
class Mean:
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Standing:
    """`lead` is ours less this one in nDCG@10, question by question, with the 95 % interval of its mean."""

    search: str
    figures: Mapping[str, Mean]
    p50: float
    p95: float
    lead: Mean

    @property
    def beats_us(self) -> bool:
        """By more than the slack, and by more than chance."""
        return self.search != OURS and self.lead.value < -SLACK and self.lead.high < 0


@dataclass(frozen=True, slots=True)
class Part:
    """One split of one set; `kinds` has success@1 by kind and search."""

    name: str
    questions: int
    standings: tuple[Standing, ...]
    kinds: Mapping[str, Mapping[str, Mean]]


def parts(rows: Sequence[Row]) -> tuple[Part, ...]:
    return tuple(_part(split, own) for split, own in _grouped(rows, lambda row: row.split))


def goal(found: Sequence[Part]) -> Mapping[str, float]:
    """Search -> its mean nDCG@10 over the parts, each part counting the same."""
    values: dict[str, list[float]] = {}
    for part in found:
        for standing in part.standings:
            values.setdefault(standing.search, []).append(standing.figures[LEADING].value)
    return {search: sum(own) / len(own) for search, own in values.items()}


def _part(name: str, rows: Sequence[Row]) -> Part:
    searches = list(rows[0].by)
    kinds = {
        kind: {search: mean([row.by[search].figures["success@1"] for row in own]) for search in searches}
        for kind, own in _grouped(rows, lambda row: row.kind)
    }
    return Part(name, len(rows), tuple(_standing(search, rows) for search in searches), kinds)


def _standing(search: str, rows: Sequence[Row]) -> Standing:
    own = [row.by[search] for row in rows]
    waits = sorted(ranked.ms for ranked in own)
    return Standing(
        search,
        {figure: mean([ranked.figures[figure] for ranked in own]) for figure in FIGURES},
        quantile(waits, 0.5),
        quantile(waits, 0.95),
        mean([row.by[OURS].figures[LEADING] - row.by[search].figures[LEADING] for row in rows]),
    )


def mean(values: Sequence[float]) -> Mean:
    return Mean(sum(values) / len(values), *paired_bootstrap(values), len(values))


def quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _grouped(rows: Sequence[Row], key: Callable[[Row], str]) -> Iterator[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    yield from sorted(groups.items())
