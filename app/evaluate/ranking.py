"""How well a retriever ranks, question by question, beside others that are asked the same."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.document import Passage
from app.core.question import Question
from app.evaluate.base import Case, Search
from app.evaluate.beir import RetrievalSet
from app.receipts.metrics import ndcg, recall_at, reciprocal_rank

DEPTH = 10
DEEPEST = 50  # passages that are asked for of a set: several of them may be of one entry
FIGURES = ("nDCG@10", "recall@10", "MRR@10", "success@1")


@dataclass(frozen=True, slots=True)
class Ranked:
    """What one search made of one question; `figures` by name, `ms` as the caller waited."""

    figures: Mapping[str, float]
    ms: float


@dataclass(frozen=True, slots=True)
class Row:
    """One question, and every search's ranking for it."""

    split: str
    kind: str
    by: Mapping[str, Ranked]


async def rank_cases(cases: Sequence[Case], searches: Mapping[str, Search]) -> list[Row]:
    """Of the answerable cases that say where their answer stands. One at a time, so that the times are true."""
    judged = [case for case in cases if case.answerable and case.gold]
    return [Row(case.split, case.kind, {n: await _case(case, s) for n, s in searches.items()}) for case in judged]


async def rank_set(given: RetrievalSet, searches: Mapping[str, Search], names: Mapping[str, str]) -> list[Row]:
    """`names` has the id of a corpus entry for the source of a passage; an entry ranks where its best passage does."""
    rows = []
    for query in given.queries:
        by = {name: await _query(given, query, search, names) for name, search in searches.items()}
        rows.append(Row("all", "query", by))
    return rows


async def _case(case: Case, search: Search) -> Ranked:
    passages, ms = await _timed(search, case.question, DEPTH)
    ranked: list[str] = []
    for passage in passages:
        at = next((at for at, place in enumerate(case.gold) if place.holds(passage)), None)
        name = passage.id if at is None else f"place {at}"
        ranked += [] if name in ranked else [name]  # a section may be cut into several passages
    return Ranked(figures(ranked, {f"place {at}": 1 for at in range(len(case.gold))}), ms)


async def _query(given: RetrievalSet, query: str, search: Search, names: Mapping[str, str]) -> Ranked:
    passages, ms = await _timed(search, Question(given.queries[query]), DEEPEST)
    ranked = list(dict.fromkeys(names[passage.source] for passage in passages if passage.source in names))
    return Ranked(figures(ranked, given.grades[query]), ms)


async def _timed(search: Search, question: Question, k: int) -> tuple[Sequence[Passage], float]:
    started = time.perf_counter()
    found = await search(question, k)
    return found, (time.perf_counter() - started) * 1000


def figures(ranked: Sequence[str], grades: Mapping[str, int]) -> dict[str, float]:
    best, right = ranked[:DEPTH], [name for name, grade in grades.items() if grade > 0]
    values = (
        ndcg(best, grades, DEPTH),
        recall_at(best, right, DEPTH),
        reciprocal_rank(best, right),
        float(bool(set(best[:1]) & set(right))),
    )
    return dict(zip(FIGURES, values, strict=True))
