"""Which analyzer a question goes to when it names none: rules are data, and this reads them."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from app.core.question import Question
from app.core.settings.analyzers import Difficulty, QuestionKind, Route, When
from app.faults.codes import find
from app.receipts.words import stem, stems, tokens

READ = 4_000  # characters of a question that decide; a log may be long
SHORT = 240  # characters of a question that is still an easy one


@dataclass(frozen=True, slots=True)
class Traits:
    """What a route may ask of a question."""

    kind: QuestionKind
    difficulty: Difficulty
    subsystem: str = ""
    vehicle_class: str = ""


def route(question: Question, routes: Iterable[Route]) -> str | None:
    """-> the analyzer of the first route that fits."""
    rules = tuple(routes)
    if not rules:
        return None
    traits = traits_of(question)
    return next((rule.to for rule in rules if fits(rule.when, traits)), None)


def fits(when: When, traits: Traits) -> bool:
    return (
        (not when.subsystem or traits.subsystem in when.subsystem)
        and (not when.kind or traits.kind in when.kind)
        and when.difficulty in (None, traits.difficulty)
        and (not when.vehicle_class or traits.vehicle_class in when.vehicle_class)
    )


def traits_of(question: Question) -> Traits:
    kind = kind_of(question)
    return Traits(kind, difficulty(question, kind), subsystem(question), question.asset.vehicle_class or "")


def kind_of(question: Question) -> QuestionKind:
    if question.code is not None:
        return "source_code"
    if question.log or question.attachments:
        return "log"
    return "fault_code" if find(question.text[:READ]) else "symptom"


def difficulty(question: Question, kind: QuestionKind) -> Difficulty:
    """Easy is one code in a short question: what a small model reads off one passage."""
    codes = {mention.code for mention in find(question.text[:READ])}
    return "easy" if kind == "fault_code" and len(codes) == 1 and len(question.text) <= SHORT else "hard"


def subsystem(question: Question) -> str:
    """Empty when no part, or two alike, are spoken of."""
    said = [stem(word) for word, _, _ in tokens(question.material[:READ])]
    counts = Counter(part for word in said for part in _parts().get(word, ()))
    (first, most), (_, second) = (*counts.most_common(2), ("", 0), ("", 0))[:2]
    return first if most > second else ""


@lru_cache(maxsize=1)
def _parts() -> Mapping[str, tuple[str, ...]]:
    """stem -> the subsystems it speaks of."""
    read = tomllib.loads((files("app.analyzers") / "subsystems.toml").read_text(encoding="utf-8"))
    found: dict[str, tuple[str, ...]] = {}
    for part, words in read.items():
        for word in stems(words):
            found[word] = (*found.get(word, ()), part)
    return found


def subsystems() -> frozenset[str]:
    return frozenset(part for parts in _parts().values() for part in parts)
