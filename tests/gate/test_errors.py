import re

import pytest

from app.core.errors import AnalyzerTimeout, MissingExtra, NotFound, RailDebugError
from app.gate.base import problem
from app.gate.errors import STATUS


def tree(kind: type[RailDebugError]) -> list[type[RailDebugError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]


HOUSE = [kind for kind in tree(RailDebugError) if kind.__module__.startswith("app.")]


def example(kind: type[RailDebugError]) -> RailDebugError:
    return MissingExtra("Weaviate", "weaviate") if kind is MissingExtra else kind("what happened")


@pytest.mark.parametrize("kind", HOUSE, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_a_code_of_its_own_and_a_hint(kind: type[RailDebugError]) -> None:
    assert kind in STATUS
    status, title = STATUS[kind]
    assert 400 <= status <= 599
    assert title
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert [other for other in HOUSE if other.code == kind.code] == [kind]
    assert example(kind).hint


def test_the_table_speaks_of_no_error_that_is_gone() -> None:
    assert set(STATUS) == set(HOUSE)


def test_what_may_be_tried_again_is_no_fault_of_the_caller() -> None:
    assert [kind for kind in HOUSE if kind.retry and STATUS[kind][0] < 500] == []


def test_a_problem_has_the_fields_of_rfc_9457_and_ours() -> None:
    assert problem(NotFound("No run 7.")) == {
        "type": "urn:rail-debug:error:not_found",
        "title": "Not found",
        "status": 404,
        "detail": "No run 7.",
        "code": "not_found",
        "hint": "Check the id; you see only what belongs to you.",
        "retry": False,
    }
    assert problem(AnalyzerTimeout("slow"))["retry"] is True
    assert problem(MissingExtra("Weaviate", "weaviate"))["hint"] == "pip install 'rail-debug[weaviate]'"


def test_an_error_that_is_not_ours_is_told_without_its_text() -> None:
    told = problem(KeyError("password=hunter2"))
    assert (told["status"], told["code"]) == (500, "internal")
    assert "hunter2" not in str(told)


def test_an_error_made_elsewhere_is_told_as_its_nearest_kind() -> None:
    class BadGrammar(NotFound):
        code = "bad_grammar"

    told = problem(BadGrammar("no"))
    assert (told["status"], told["code"]) == (404, "bad_grammar")
