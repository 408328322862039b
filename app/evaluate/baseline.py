"""The figures of an earlier run, kept in a file, and what has become worse since by more than chance allows."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import InvalidInput
from app.evaluate.measures import BY_NAME, Rate
from app.evaluate.summary import Summary

Stored = dict[str, dict[str, dict[str, list[int]]]]  # "cases · embedder" -> split -> measure -> [hits, n]


@dataclass(frozen=True, slots=True)
class Regression:
    split: str
    measure: str
    was: Rate
    now: Rate


def key(cases: str, embedder: str) -> str:
    return f"{cases} · {embedder}"


def load(file: Path) -> Stored:
    """Of a file that is not there, nothing. Raises `InvalidInput` for one that cannot be read."""
    if not file.is_file():
        return {}
    try:
        stored: Stored = json.loads(file.read_text(encoding="utf-8"))
        for splits in stored.values():
            for measures in splits.values():
                for hits, n in measures.values():
                    Rate(int(hits), int(n))
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{file} is no baseline: {error}.") from error
    return stored


def save(file: Path, name: str, summary: Summary) -> None:
    stored = load(file)
    stored[name] = {
        split.name: {measure: [rate.hits, rate.n] for measure, rate in split.rates.items()} for split in summary.splits
    }
    file.write_text(json.dumps(stored, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def regressions(before: Mapping[str, Mapping[str, list[int]]], summary: Summary) -> Iterator[Regression]:
    """A measure that left its baseline's 95 % interval for the worse; of a promise, any loss at all.

    What was measured before and is not measured now is a loss as well.
    """
    now = {split.name: split.rates for split in summary.splits}
    for split, measures in before.items():
        for name, (hits, n) in measures.items():
            was, rate = Rate(hits, n), now.get(split, {}).get(name, Rate(0, 0))
            if name in BY_NAME and worse(name, was, rate):
                yield Regression(split, name, was, rate)


def worse(name: str, was: Rate, now: Rate) -> bool:
    measure = BY_NAME[name]
    if not was.n:
        return False
    if not now.n:
        return True
    low, high = (was.share, was.share) if measure.promise else was.interval
    return now.share < low - 1e-9 if measure.higher else now.share > high + 1e-9
