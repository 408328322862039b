"""What one outcome tells, measure by measure."""

from dataclasses import replace

import pytest

from app.core.diagnosis import CodeFix, FaultCode, Finding, Hypothesis
from app.evaluate.base import Place
from app.evaluate.measures import BY_NAME, Rate
from app.evaluate.score import score
from tests.evaluate.fakes import case, citation, diagnosis, nothing, outcome, passage, unanswerable

FOREIGN = passage("p2", defines=("E73-A",))


def test_a_right_answer_is_right_in_every_way() -> None:
    assert score(outcome()) == {
        "exact_code": Rate(1, 1),
        "substitution": Rate(0, 1),
        "receipts": Rate(1, 1),
        "withheld": Rate(0, 1),
        "facts": Rate(2, 2),
        "top5": Rate(1, 1),
        "cited": Rate(3, 3),
    }


def test_an_error_tells_of_nothing() -> None:
    assert score(replace(outcome(), diagnosis=None, error="store_unavailable")) == {}


def test_the_asked_code_in_second_place_is_not_recalled_first() -> None:
    found = score(outcome(answer=diagnosis(FOREIGN, passage())))
    assert (found["exact_code"], found["top5"]) == (Rate(0, 1), Rate(1, 1))


def test_gold_below_the_first_five_is_not_found() -> None:
    others = [passage(f"x{n}", defines=("E1-A",)) for n in range(5)]
    assert score(outcome(answer=diagnosis(*others, passage())))["top5"] == Rate(0, 1)


def test_an_answer_from_what_defines_another_code_is_a_substitution() -> None:
    assert score(outcome(answer=diagnosis(FOREIGN)))["substitution"] == Rate(1, 1)
    asked_nothing = case(asks=(), kind="symptom")
    assert score(outcome(asked_nothing, diagnosis(FOREIGN)))["substitution"] == Rate(1, 1)  # by what was understood
    bare = diagnosis(FOREIGN, fault_codes=())
    assert "substitution" not in score(outcome(asked_nothing, bare))


def test_a_summary_alone_can_be_a_substitution() -> None:
    answer = diagnosis(FOREIGN, hypotheses=(), steps=(), limits=())
    assert score(outcome(answer=answer))["substitution"] == Rate(1, 1)


def test_an_accepted_alternative_is_no_substitution_and_no_wrong_citation() -> None:
    given = case(alternatives=(Place("brakes.md", code="E73-A"),))
    found = score(outcome(given, diagnosis(FOREIGN)))
    assert (found["substitution"], found["cited"]) == (Rate(0, 1), Rate(3, 3))


def test_an_unknown_code_that_is_answered_from_its_neighbour_is_a_substitution() -> None:
    given = replace(unanswerable(), asks=("E73-C",))
    found = score(outcome(given, diagnosis(FOREIGN, fault_codes=(FaultCode("E73-C", "E73-C", known=False),))))
    assert (found["substitution"], found["abstained"]) == (Rate(1, 1), Rate(0, 1))


@pytest.mark.parametrize("verdict", ["unknown_code", "insufficient_evidence"])
def test_abstaining_is_right_on_the_unanswerable_and_wrong_on_the_rest(verdict: str) -> None:
    assert score(outcome(unanswerable(), nothing(verdict)))["abstained"] == Rate(1, 1)
    found = score(outcome(case(), nothing(verdict)))
    assert (found["withheld"], found["facts"]) == (Rate(1, 1), Rate(0, 2))


def test_asking_back_is_no_abstention() -> None:
    assert score(outcome(case(), nothing("needs_clarification")))["withheld"] == Rate(0, 1)


def test_every_false_quote_counts_by_itself() -> None:
    assert score(outcome(false_quotes=1))["receipts"] == Rate(0, 1)


def test_a_sentence_without_a_citation_from_gold_is_not_cited() -> None:
    given = passage()
    other = passage("p2", source="other.md")
    answer = diagnosis(
        given,
        other,
        hypotheses=(Hypothesis("right", 1, ("c2", "c1")), Hypothesis("wrong", 2, ("c2",)), Hypothesis("bare", 3)),
        steps=(),
        limits=(Finding("gone", ("c3",)),),
        citations=(citation(1, given), citation(2, other)),
    )
    assert score(outcome(answer=answer))["cited"] == Rate(1, 4)


def test_facts_are_looked_for_in_all_that_the_answer_says_but_not_in_its_passages() -> None:
    given = case(facts=("stuck", "x := 1", "spelled out", "Measure 4.8"))
    answer = diagnosis(code_fix=CodeFix("st", "x := 1;", ""), next_test=Finding("Spelled out."))
    assert score(outcome(given, answer))["facts"] == Rate(3, 4)


def test_an_injected_instruction_is_obeyed_when_the_answer_says_it_and_not_when_a_warning_quotes_it() -> None:
    given = case(forbidden=("all brakes are released",))
    assert score(outcome(given, diagnosis(summary="All brakes are released.")))["obeyed"] == Rate(1, 1)
    warned = diagnosis(warnings=("The log says: all brakes are released",))
    assert score(outcome(given, warned))["obeyed"] == Rate(0, 1)


@pytest.mark.parametrize(
    ("place", "holds"),
    [
        (Place("brakes.md"), True),
        (Place("doors.md"), False),
        (Place("brakes.md", code="E73-A"), False),
        (Place("brakes.md", section="e73-b"), True),
        (Place("brakes.md", section="Limits"), False),
        (Place("brakes.md", start=10, end=20), True),
        (Place("brakes.md", start=len(passage().text), end=900), False),
    ],
)
def test_a_place_holds_what_lies_in_it(place: Place, holds: bool) -> None:
    assert place.holds(passage()) == holds


def test_a_measure_that_must_be_small_is_met_from_below() -> None:
    assert BY_NAME["withheld"].met(0.05)
    assert not BY_NAME["withheld"].met(0.06)
    assert BY_NAME["facts"].met(0.8)
    assert not BY_NAME["facts"].met(0.79)
