"""From asking to figures: bounded, errors apart, the unseen split unseen, a baseline held."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import InvalidInput, StoreUnavailable
from app.core.principal import EVALUATION
from app.core.question import Question
from app.evaluate.asking import Examiner
from app.evaluate.base import Case
from app.evaluate.baseline import load, regressions, save
from app.evaluate.bm25 import BM25
from app.evaluate.measures import Rate
from app.evaluate.summary import summarize
from tests.evaluate.fakes import TEXT, FakeAgent, case, citation, diagnosis, nothing, outcome, passage, unanswerable


async def text(document_id: str) -> str:
    return TEXT


def examiner(agent: FakeAgent) -> Examiner:
    return Examiner(agent, EVALUATION, text, lambda question: "pasted", {"brakes.md": "main/brakes.md"})


async def test_questions_are_asked_many_at_a_time_but_bounded() -> None:
    agent = FakeAgent()
    outcomes = await examiner(agent).ask([case(str(n)) for n in range(20)], at_a_time=4)
    assert agent.most == 4
    assert [found.case.id for found in outcomes] == [str(n) for n in range(20)]
    assert {who for who, _ in agent.asked} == {"evaluation"}


async def test_an_error_is_told_apart_and_stops_nobody() -> None:
    down, odd, degraded = (case(name) for name in ("down", "odd", "degraded"))
    agent = FakeAgent(
        {
            down.question.text: StoreUnavailable("The index is gone."),
            odd.question.text: ZeroDivisionError("oh"),
            degraded.question.text: diagnosis(degraded=("analyze_failed:internal", "embedder_unavailable")),
        }
    )
    outcomes = await examiner(agent).ask([down, odd, degraded, case("fine")])
    summary = summarize(outcomes)
    assert summary.errors == {
        "down": "store_unavailable: The index is gone.",
        "odd": "internal: ZeroDivisionError('oh')",
        "degraded": "analyze_failed:internal",
    }
    assert summary.splits[0].cases == 1
    assert summary.splits[0].rates["facts"] == Rate(2, 2)
    assert not summary.empty


async def test_a_quote_that_does_not_stand_at_its_offsets_is_counted() -> None:
    moved = replace(citation(1, passage()), start=1)
    agent = FakeAgent({case().question.text: diagnosis(citations=(citation(2, passage()), moved))})
    (found,) = await examiner(agent).ask([case()])
    assert found.false_quotes == 1
    assert found.pasted == "pasted"


async def test_what_a_question_takes_over_from_its_source_is_measured() -> None:
    copied = case(question=Question("the valve is stuck"))
    (found,) = await examiner(FakeAgent()).ask([copied])
    assert found.overlap == 1.0
    assert summarize([found]).overlap_most == 1.0


def test_nothing_asked_or_nothing_but_errors_is_empty() -> None:
    assert summarize([]).empty
    assert summarize([replace(outcome(), diagnosis=None, error="x")]).empty
    assert not summarize([outcome()]).empty


def test_splits_kinds_and_subsystems_are_told_apart() -> None:
    outcomes = [
        outcome(case("a")),
        outcome(case("b", split="test", kind="symptom", subsystem="doors"), nothing()),
        outcome(case("c", kind="symptom"), diagnosis(summary="-", hypotheses=())),
        outcome(unanswerable("d"), nothing()),
    ]
    test, train = summarize(outcomes).splits
    assert (test.name, test.cases, train.cases) == ("test", 1, 3)
    assert (test.rates["facts"], train.rates["facts"]) == (Rate(0, 2), Rate(3, 4))
    assert (train.kinds["code"]["facts"], train.kinds["symptom"]["facts"]) == (Rate(2, 2), Rate(1, 2))
    assert test.subsystems["doors"]["withheld"] == Rate(1, 1)
    assert train.rates["abstained"] == Rate(1, 1)


def test_misses_are_listed_but_never_those_of_the_test_split() -> None:
    outcomes = [outcome(case("seen"), nothing()), outcome(case("unseen", split="test"), nothing()), outcome()]
    (miss,) = summarize(outcomes).misses
    assert (miss.case, miss.verdict) == ("seen", "insufficient_evidence")
    assert {"withheld", "facts", "top5"} <= set(miss.measures)


def test_a_plain_search_is_measured_on_the_same_cases() -> None:
    outcomes = [
        outcome(pasted="a valve"),
        outcome(case("two"), nothing(), pasted="valve 4.8 bar"),
        outcome(unanswerable(), nothing()),
    ]
    beside = summarize(outcomes).splits[0].beside
    assert (beside.ours, beside.pasted) == (Rate(2, 4), Rate(3, 4))
    assert beside.difference == pytest.approx(-0.25)
    assert beside.low < 0 < beside.high


def test_bm25_puts_the_passage_with_the_rare_words_first() -> None:
    plain = BM25(["the brake valve sticks", "the door opens", "the brake and the door", ""])
    assert plain.best("Why does the valve of the brake stick?")[0] == 0
    assert plain.best("door opens", k=1) == [1]
    assert plain.best("nothing of that") == []


def many(right: int, wrong: int, **changes: object) -> list[Case]:
    return [case(f"r{n}", **changes) for n in range(right)] + [case(f"w{n}", **changes) for n in range(wrong)]


def summary_of(right: int, wrong: int):  # type: ignore[no-untyped-def]
    wrongly = diagnosis(summary="-", hypotheses=(), steps=())
    return summarize([outcome(c, diagnosis() if c.id[0] == "r" else wrongly) for c in many(right, wrong)])


def test_within_the_interval_of_the_baseline_nothing_is_worse_and_beyond_it_is(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    save(file, "eval · hash", summary_of(90, 10))
    before = load(file)["eval · hash"]
    assert list(regressions(before, summary_of(88, 12))) == []
    assert list(regressions(before, summary_of(99, 1))) == []
    (lost,) = regressions(before, summary_of(70, 30))
    assert (lost.split, lost.measure, lost.was, lost.now) == ("train", "facts", Rate(180, 200), Rate(140, 200))


def test_of_a_promise_one_case_lost_is_too_many(tmp_path: Path) -> None:
    good = summarize([outcome(c) for c in many(100, 0)])
    file = tmp_path / "baseline.json"
    save(file, "x", good)
    foreign = diagnosis(passage("p2", defines=("E73-A",)))
    one_swapped = summarize([outcome(c) for c in many(99, 0)] + [outcome(case("swap"), foreign)])
    assert {lost.measure for lost in regressions(load(file)["x"], one_swapped)} == {"exact_code", "substitution"}


def test_a_split_that_is_gone_is_a_loss(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    save(file, "x", summary_of(5, 0))
    assert {lost.measure for lost in regressions(load(file)["x"], summarize([]))} >= {"facts", "receipts"}


def test_a_second_baseline_stands_beside_the_first(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    save(file, "a", summary_of(1, 0))
    save(file, "b", summary_of(2, 0))
    assert set(load(file)) == {"a", "b"}
    assert load(tmp_path / "none.json") == {}


@pytest.mark.parametrize("content", ["{", "[]", '{"a": {"train": {"facts": 3}}}'])
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(content)
    with pytest.raises(InvalidInput, match="no baseline"):
        load(file)
