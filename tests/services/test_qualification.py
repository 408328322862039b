"""What qualifies an analyzer: enough questions, answers of its own, no promise broken, and an interval that reaches."""

from dataclasses import replace

import pytest

from app.core.diagnosis import Citation, Diagnosis, Step
from app.core.question import Question
from app.core.settings.qualify import QualifySettings
from app.evaluate.base import Case, Outcome, Place
from app.evaluate.cases import read
from app.services.models import served
from app.services.qualification import golden, judged
from tests.fakes import passage

OWN = QualifySettings(least=10, floor=0.5)
CASE = Case("1", Question("E73-B?"), "code", True, gold=(Place("brakes/e73.md", code="E73-B"),), facts=("moisture",))
CITED = Citation("c1", "p1", "main/brakes/e73.md", "brakes/e73.md", "", "C", 1, "moisture", 0, 8)
GOOD = Diagnosis(
    "run", "answered", "moisture", steps=(Step("moisture", "observe"),), passages=(passage(),), citations=(CITED,)
)


def outcomes(
    count: int = 30, wrong: int = 0, errors: int = 0, fell_back: int = 0, false_quotes: int = 0
) -> list[Outcome]:
    right = Outcome(CASE, GOOD)
    made = [right] * (count - wrong - errors - fell_back)
    made += [Outcome(CASE, replace(GOOD, summary="rust", steps=()))] * wrong
    made += [Outcome(CASE, error="analyzer_timeout: it took too long")] * errors
    made += [Outcome(CASE, replace(GOOD, degraded=("analyzer_fallback:x: analyzer_timeout",)))] * fell_back
    return [replace(made[0], false_quotes=false_quotes), *made[1:]]


def test_it_passes_with_figures_that_tell_their_interval() -> None:
    exam = judged(OWN, "x", "x@1#0", outcomes(wrong=3))
    assert exam.passed and (exam.hits, exam.n) == (27, 30)
    assert exam.told == "facts 0.900 [0.744, 0.965], n=30, errors 0"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (outcomes(count=9), "9 questions are too few"),
        (outcomes(wrong=15), "facts begins at 0.332"),
        (outcomes(errors=2), "2 of 30 questions had no answer of its own"),
        (outcomes(fell_back=2), "2 of 30 questions had no answer of its own"),
        (outcomes(false_quotes=1), "promises were broken: receipts"),
    ],
)
def test_it_does_not_pass(given: list[Outcome], why: str) -> None:
    exam = judged(OWN, "x", "x@1#0", given)
    assert not exam.passed and why in exam.why_not


def test_the_golden_questions_are_enough_and_none_is_of_the_split_that_nothing_is_tuned_on() -> None:
    cases = read(golden())
    assert len(cases) >= QualifySettings().least
    assert {case.split for case in cases} == {"train"}
    assert {case.kind for case in cases} >= {"code", "symptom", "unanswerable", "injected", "log"}


def test_a_home_is_served_while_a_service_holds_it(tmp_path: object) -> None:
    from pathlib import Path

    from app.core.settings import load
    from app.records.lock import FileLock

    settings = load(home=Path(str(tmp_path)) / "home")
    assert not served(settings)
    settings.folder.mkdir()
    assert not served(settings)
    lock = FileLock(settings.folder / "service.lock")
    lock.take()
    assert served(settings)
    lock.release()
    assert not served(settings)
