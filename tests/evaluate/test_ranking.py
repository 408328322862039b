"""Rankings are measured question by question, beside plain ones, and the table says who leads and by how much."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from app.core.document import Passage
from app.core.question import Question
from app.evaluate.base import Place, Search
from app.evaluate.beir import RetrievalSet
from app.evaluate.bm25 import BM25
from app.evaluate.plain import Plain, reciprocal
from app.evaluate.ranking import Ranked, Row, figures, rank_cases, rank_set
from app.evaluate.standing import goal, parts
from app.evaluate.table import lines, write
from app.evaluate.told import Ranking
from tests.evaluate.fakes import case, passage, unanswerable


def search(*passages: Passage) -> Search:
    async def found(question: Question, k: int) -> Sequence[Passage]:
        return passages[:k]

    return found


RIGHT, WRONG = passage(), passage("p2", source="other.md")


async def test_every_search_is_measured_on_the_answerable_cases() -> None:
    rows = await rank_cases([case(), unanswerable()], {"ours": search(RIGHT), "BM25": search(WRONG, RIGHT)})
    (row,) = rows
    assert (row.split, row.kind) == ("train", "code")
    assert row.by["ours"].figures == {"nDCG@10": 1.0, "recall@10": 1.0, "MRR@10": 1.0, "success@1": 1.0}
    assert row.by["BM25"].figures["MRR@10"] == 0.5
    assert row.by["BM25"].figures["success@1"] == 0.0


async def test_a_section_cut_into_several_passages_is_one_place() -> None:
    again = passage("p3", start=100)
    two = case(gold=(Place("brakes.md"), Place("other.md")))
    (row,) = await rank_cases([two], {"ours": search(RIGHT, again, WRONG)})
    assert row.by["ours"].figures["nDCG@10"] == 1.0


async def test_an_entry_of_a_set_ranks_where_its_best_passage_does() -> None:
    given = RetrievalSet({"d0": "", "d1": ""}, {"q": "valve"}, {"q": {"d0": 2, "d1": 0}})
    names = {"brakes.md": "d0", "other.md": "d1"}
    (row,) = await rank_set(given, {"ours": search(WRONG, RIGHT, passage("p3", start=9))}, names)
    assert row.by["ours"].figures["MRR@10"] == 0.5
    assert row.by["ours"].figures["recall@10"] == 1.0


def test_what_stands_below_the_tenth_place_counts_for_nothing() -> None:
    assert set(figures([*map(str, range(10)), "right"], {"right": 1}).values()) == {0.0}
    assert figures([], {"right": 1})["success@1"] == 0.0


def row(ours: float, other: float, split: str = "test") -> Row:
    def ranked(value: float) -> Ranked:
        return Ranked(dict.fromkeys(("nDCG@10", "recall@10", "MRR@10", "success@1"), value), ms=value)

    return Row(split, "symptom", {"ours": ranked(ours), "BM25": ranked(other)})


def test_a_part_that_beats_us_by_more_than_chance_and_slack_is_named() -> None:
    (part,) = parts([row(0.2, 0.9)] * 20)
    ours, bm25 = part.standings
    assert not ours.beats_us
    assert bm25.beats_us
    assert bm25.lead.value == pytest.approx(-0.7)
    assert not parts([row(0.9, 0.2)] * 20)[0].standings[1].beats_us
    assert not parts([row(0.5, 0.505)] * 20)[0].standings[1].beats_us
    assert not parts([row(0.0, 0.9), row(0.9, 0.0), row(0.4, 0.6)])[0].standings[1].beats_us


def test_splits_stand_apart_and_weigh_the_same_in_the_goal() -> None:
    found = parts([row(1.0, 0.5), row(0.0, 0.0, split="train"), row(0.5, 0.5, split="train")])
    assert [(part.name, part.questions) for part in found] == [("test", 1), ("train", 2)]
    assert goal(found) == {"ours": pytest.approx(0.625), "BM25": pytest.approx(0.375)}
    assert found[1].standings[0].p95 == 0.5
    assert found[0].kinds["symptom"]["BM25"].value == 0.5


def test_the_table_has_every_set_and_marks_who_beats_us(tmp_path: Path) -> None:
    rankings = [Ranking("few", parts([row(0.2, 0.9)] * 20)), Ranking("more", parts([row(0.9, 0.2)] * 20))]
    text = write(tmp_path, rankings).read_text()
    assert "| few | 20 | BM25 | 0.900 | 0.900 | 0.900 | 0.900 | 0.9 | 0.9 | **-0.700 [-0.700, -0.700]** |" in text
    assert "| more | 20 | BM25 | 0.200 | 0.200 | 0.200 | 0.200 | 0.2 | 0.2 | +0.700 [+0.700, +0.700] |" in text
    assert "Mean nDCG@10 over these sets: ours 0.550, BM25 0.550." in text
    told = list(lines(rankings))
    assert [line[:1] for line in told if "BM25  " in line] == ["!", " "]


def plain() -> Plain:
    texts = ["the valve is stuck", "the fan hums", "a stuck fan"]
    vectors = np.array([[1, 0, 0], [0, 0.8, 0.6], [0, 0, 1]], dtype=np.float32)
    known: Mapping[str, int] = {"hum": 1, "stuck": 2}
    passages = [passage(f"p{number}") for number in range(3)]
    return Plain(passages, BM25(texts), vectors, lambda text: np.eye(3, dtype=np.float32)[known[text]])


async def test_the_plain_searches_rank_the_same_passages_each_in_its_way() -> None:
    searches = plain().searches(lambda question: question.text)
    found = {name: [p.id for p in await way(Question("stuck"), 2)] for name, way in searches.items()}
    assert found["dense"][0] == "p2"
    assert set(found["BM25"]) == {"p0", "p2"}
    assert found["RRF"][0] == "p2"
    assert all(len(ids) <= 2 for ids in found.values())


def test_reciprocal_rank_prefers_what_both_rankings_have() -> None:
    assert reciprocal([[1, 2, 3], [4, 2]]) == [2, 1, 4, 3]
