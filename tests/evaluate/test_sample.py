"""The whole evaluation on the sample shelf against its stored baseline, and what the labelled cases must be."""

from collections import Counter
from pathlib import Path

import pytest

from app.core.settings import load
from app.evaluate.baseline import key
from app.evaluate.baseline import load as stored
from app.evaluate.cases import read
from app.retrieval.base import Embedder
from app.retrieval.embedders.table import EMBEDDERS
from app.services.evaluation import Job, answers, compare
from app.services.shelf import sample_shelf
from tests.retrieval.fakes import HashEmbedder

DATA = Path(__file__).parents[2] / "training" / "data"
CASES, BASELINE = DATA / "eval.jsonl", DATA / "baseline.json"
ALIKE = 0.02  # of the questions' 4-grams that stand in their sources, on average; more were copied from there


def test_the_cases_are_of_every_kind_and_a_third_of_each_is_kept_unseen() -> None:
    cases = read(CASES)
    kinds = Counter(case.kind for case in cases)
    unseen = Counter(case.kind for case in cases if case.split == "test")
    assert kinds.keys() == {
        *("code", "symptom", "log", "code_fragment", "german", "french", "ambiguous", "unanswerable", "injected")
    }
    assert {case.split for case in cases} == {"train", "test"}
    assert all(0.1 <= unseen[kind] / kinds[kind] <= 0.4 for kind in kinds)
    assert 0.25 <= unseen.total() / len(cases) <= 0.35


def test_every_case_that_can_be_answered_says_where_and_with_which_facts() -> None:
    shelf = sample_shelf()
    for case in read(CASES):
        assert case.answerable == bool(case.gold), case.id
        assert bool(case.facts) == case.answerable, case.id
        assert all((shelf / place.source).is_file() for place in (*case.gold, *case.alternatives)), case.id
        assert bool(case.forbidden) == (case.kind == "injected"), case.id


def test_no_question_is_asked_twice() -> None:
    asked = Counter((case.question.material.casefold()) for case in read(CASES))
    assert [text for text, times in asked.items() if times > 1] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hash", "minilm"])
async def test_the_answers_are_no_worse_than_their_baseline(name: str, tmp_path: Path) -> None:
    settings = load(home=tmp_path)
    embedder: Embedder = HashEmbedder() if name == "hash" else EMBEDDERS[name](settings)
    evaluation = await answers(settings, Job(CASES), embedder)
    assert key("eval", evaluation.embedder) in stored(BASELINE)
    assert compare(evaluation, BASELINE) == []
    assert not evaluation.summary.errors
    assert evaluation.seconds < 60
    assert evaluation.summary.overlap_mean <= ALIKE
