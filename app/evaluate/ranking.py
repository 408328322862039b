"""How well the retriever ranks: recall, reciprocal rank and discounted gain over many questions, with intervals."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.core.question import Question
from app.evaluate.base import Case, Search
from app.evaluate.beir import RetrievalSet
from app.receipts.intervals import paired_bootstrap
from app.receipts.metrics import ndcg, recall_at, reciprocal_rank

AT_A_TIME = 8
DEPTHS = (1, 3, 5, 10)
DEEPEST = 50  # passages that are asked for: several of them may be of one document
Given = TypeVar("Given")
Made = TypeVar("Made")
Row = Mapping[str, float]  # figure -> its value for one question


@dataclass(frozen=True, slots=True)
class Mean:
    value: float
    low: float
    high: float
    n: int


async def rank_cases(cases: Sequence[Case], search: Search) -> dict[str, dict[str, Mean]]:
    """split -> figure -> mean, over the answerable cases that say where their answer stands."""

    async def one(case: Case) -> Row:
        passages = await search(case.question, max(DEPTHS))
        right = {f"place {at}" for at in range(len(case.gold))}
        ranked: list[str] = []
        for passage in passages:
            at = next((at for at, place in enumerate(case.gold) if place.holds(passage)), None)
            name = passage.id if at is None else f"place {at}"
            ranked += [] if name in ranked else [name]  # a section may be cut into several passages
        return _row(ranked, dict.fromkeys(right, 1))

    judged = [case for case in cases if case.answerable and case.gold]
    rows = await bounded(one, judged)
    splits = sorted({case.split for case in judged})
    return {
        split: means([row for case, row in zip(judged, rows, strict=True) if case.split == split]) for split in splits
    }


async def rank_set(given: RetrievalSet, search: Search, names: Mapping[str, str]) -> dict[str, Mean]:
    """`names` has the id of a corpus entry for the source of a passage; an entry ranks where its best passage does."""

    async def one(query: str) -> Row:
        passages = await search(Question(given.queries[query]), DEEPEST)
        ranked = list(dict.fromkeys(names[passage.source] for passage in passages if passage.source in names))
        return _row(ranked, given.grades[query])

    return means(await bounded(one, list(given.queries)))


def _row(ranked: Sequence[str], grades: Mapping[str, int]) -> Row:
    right = [name for name, grade in grades.items() if grade > 0]
    figures = {f"recall@{k}": recall_at(ranked, right, k) for k in DEPTHS}
    return {**figures, "MRR": reciprocal_rank(ranked, right), "nDCG@10": ndcg(ranked, grades)}


def means(rows: Sequence[Row]) -> dict[str, Mean]:
    figures = list(rows[0]) if rows else []
    return {figure: _mean([row[figure] for row in rows]) for figure in figures}


def _mean(values: Sequence[float]) -> Mean:
    return Mean(sum(values) / len(values), *paired_bootstrap(values), len(values))


async def bounded(work: Callable[[Given], Awaitable[Made]], given: Sequence[Given]) -> list[Made]:
    gate = asyncio.Semaphore(AT_A_TIME)

    async def one(item: Given) -> Made:
        async with gate:
            return await work(item)

    return list(await asyncio.gather(*(one(item) for item in given)))
