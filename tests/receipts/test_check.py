"""A statement held against its evidence."""

import time

import pytest

from app.core.diagnosis import Action
from app.core.statement import Checked, Kind, Statement
from app.receipts.check import Evidence, check
from app.receipts.ledger import Ledger
from tests.receipts.passages import BRAKE, brake, passage

NEIGHBOUR = passage(
    "E73-A means that the brake pipe sensor is broken. Replace the brake pipe sensor.",
    name="p2",
    defines=("E73-A",),
    document="main/other.md",
    section="E73-A",
)
GENERAL = passage("Air hoses age. Replace a coupling hose after 6 years.", name="p3", document="main/general.md")
EVIDENCE = Evidence((brake(), NEIGHBOUR, GENERAL), "E73-B at 3.9 bar, what now?", frozenset({"E73-B"}))


def judged(kind: Kind, text: str, *cited: int, evidence: Evidence = EVIDENCE, **more: object) -> Checked:
    return check(Statement(kind, text, cited, **more), evidence, Ledger())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "A leaking coupling hose between the vehicles.",
        "The coupling hose between two vehicles leaks.",
        "Read the brake pipe gauge; it must show 5.0 bar ± 0.1 bar.",
        "The gauge of the brake pipe must show 500 kPa.",
        "Do not open cock A12 while the train moves.",
    ],
)
def test_what_the_passage_says_is_supported_in_its_own_words_and_in_others(text: str) -> None:
    result = judged("cause", text, 1)
    assert (result.mark, result.reasons) == ("supported", ())


def test_every_receipt_stands_at_its_offsets_in_the_document() -> None:
    result = judged("cause", "The coupling hose leaks.", 1, quote="a leaking  coupling hose")
    (receipt,) = result.receipts
    assert receipt.quote == BRAKE[receipt.start - 200 : receipt.end - 200] == "A leaking coupling hose"
    assert (receipt.line, receipt.id, receipt.passage_id, receipt.source) == (15, "c1", "p1", "brakes.md")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (("cause", "The hose leaks.", 9), "cites"),
        (("cause", "The hose leaks.", 0), "cites"),
        (("cause", "The compressor motor has lost a phase.", 1), "words"),
        (("cause", " ", 1), "words"),
        (("cause", "The compressor motor has lost a phase."), "cites nothing"),
        (("cause", "Open cock A12 while the train moves.", 1), "contrary"),
        (("cause", "The driver's brake valve closes.", 1), "contrary"),
        (("summary", "The brake pipe gauge must not show 5.0 bar.", 1), "contrary"),
        (("limit", "The brake control unit saw the brake pipe above 4.2 bar.", 1), "contrary"),
        (("cause", "E73-C: the coupling hose leaks.", 1), "neither"),
        (("meaning", "E73-B means that the brake pipe sensor is broken.", 2), "other codes"),
        (("limit", "The brake control unit saw 0.3 bar.", 1), "belongs to something else"),
        (("step", "Reset the brake control unit.", 1), "no cited passage says to operate"),
        (("step", "Isolate the vehicle with cock A14 before the hose is removed.", 1), "no doubt"),
        (("summary", "The coupling hose leaks. The moon is full tonight.", 1), "words"),
    ],
)
def test_what_the_passage_does_not_say_is_struck_with_the_reason(statement: tuple[Kind, str, int], reason: str) -> None:
    result = judged(*statement)
    assert result.mark == "struck" and result.receipts == ()
    assert reason in "; ".join(result.reasons)


@pytest.mark.parametrize(
    ("text", "cited", "more", "reason"),
    [
        ("Read the brake pipe gauge; it must show 5.5 bar.", 1, {}, "carries 5.5 bar"),
        ("Listen for air at the couplings of vehicle K21.", 1, {}, "carries K21"),
        ("Listen for air at the couplings.", 1, {"expected": "9 bar"}, "carries 9 bar"),
        ("Listen for air at the couplings.", 1, {"quote": "listen for water"}, "quote does not stand"),
        ("Replace the brake pipe sensor.", 2, {}, "E73-A, which was not asked"),
        ("Replace the old worn rubber coupling hose of the train.", 1, {}, "of its words"),
    ],
)
def test_what_is_said_in_part_is_marked_with_the_reason(
    text: str, cited: int, more: dict[str, str], reason: str
) -> None:
    result = judged("step", text, cited, **more)
    assert result.mark == "marked" and result.receipts
    assert reason in "; ".join(result.reasons)


def test_a_number_of_the_question_needs_no_other_source() -> None:
    assert judged("cause", "At 3.9 bar the brake pipe is below 4.2 bar.", 1).mark == "supported"


def test_a_statement_without_citation_gets_the_passage_that_says_it() -> None:
    result = judged("step", "Replace a coupling hose after 6 years.")
    assert result.mark == "supported" and [r.passage_id for r in result.receipts] == ["p3"]


def test_each_sentence_of_a_summary_has_its_receipt() -> None:
    result = judged("summary", "The coupling hose between the vehicles leaks. Listen for air at the couplings.", 1)
    assert [r.quote[:9] for r in result.receipts] == ["A leaking"[:9], "2. Listen"[:9]] or len(result.receipts) == 2


def test_a_passage_that_shares_no_word_gives_no_receipt() -> None:
    result = judged("step", "Listen for air at the couplings.", 1, 2)
    assert {receipt.passage_id for receipt in result.receipts} == {"p1"}


@pytest.mark.parametrize(
    ("kind", "text", "claimed", "action"),
    [
        ("step", "Listen for air at the couplings.", None, "observe"),
        ("step", "Replace the coupling hose.", "observe", "replace"),
        ("step", "Isolate the vehicle with cock A13 before the hose is removed.", None, "isolate"),
        ("step", "Isolate the vehicle with cock A13 before the hose is removed.", "observe", "isolate"),
        ("cause", "A leaking coupling hose between the vehicles.", None, None),
        ("summary", "The hose leaks: isolate the vehicle with cock A13.", None, "isolate"),
        ("summary", "Do not open cock A12 while the train moves.", None, None),
    ],
)
def test_the_more_critical_of_words_and_claim_counts(
    kind: Kind, text: str, claimed: Action | None, action: Action | None
) -> None:
    result = judged(kind, text, 1, action=claimed)
    assert (result.action, result.mark) == (action, "supported")


def test_a_step_that_claims_to_be_critical_needs_a_passage_that_is() -> None:
    assert judged("step", "Listen for air at the couplings.", 1, action="operate").mark == "struck"


def test_switching_on_is_not_told_by_switching_off() -> None:
    evidence = Evidence([passage("Switch off the pump before any work on it.")])
    assert judged("step", "Switch off the pump before work.", 1, evidence=evidence).mark == "supported"
    assert judged("step", "Switch on the pump before work.", 1, evidence=evidence).mark == "struck"
    evidence = Evidence([passage("Switch on the pump before any work on it.")])
    assert judged("step", "Switch off the pump before work.", 1, evidence=evidence).mark == "struck"


def test_another_language_rests_on_its_quote_and_is_marked() -> None:
    text = "Die Ursache ist ein undichter Kupplungsschlauch zwischen den Fahrzeugen."
    quoted = judged("cause", text, 1, quote="A leaking coupling hose between the vehicles.")
    assert quoted.mark == "marked" and "language" in quoted.reasons[0]
    assert judged("cause", text, 1).mark == "struck"
    assert (
        judged("cause", f"{text} Es sind 9,9 bar.", 1, quote="A leaking coupling hose").reasons[0].endswith("9,9 bar")
    )


def test_a_snippet_is_supported_only_where_a_passage_holds_it() -> None:
    code = passage("Corrected:\n\nIF pressure < 4.2 THEN\n    alarm := TRUE;\nEND_IF;\n", name="p4")
    evidence = Evidence((brake(), code))
    held = judged("fix", "IF pressure < 4.2 THEN\n  alarm := TRUE;\nEND_IF;", evidence=evidence)
    assert held.mark == "supported" and held.receipts[0].quote.startswith("IF pressure")
    other = judged("fix", "IF pressure < 4.0 THEN alarm := TRUE; END_IF;", 2, evidence=evidence)
    assert (other.mark, other.receipts) == ("marked", ()) and "no document" in other.reasons[0]


def test_one_place_is_one_receipt_throughout_an_answer() -> None:
    ledger = Ledger()
    for text in (
        "Listen for air at the couplings.",
        "The moon is full.",
        "Listen for air.",
        "Replace the coupling hose.",
    ):
        check(Statement("step", text, (1,)), EVIDENCE, ledger)
    assert [citation.id for citation in ledger.citations] == ["c1", "c2"]
    for citation in ledger.citations:
        assert BRAKE[citation.start - 200 : citation.end - 200] == citation.quote


def test_a_typical_statement_is_checked_in_a_fraction_of_a_millisecond() -> None:
    filler = "The door control unit reports a lost contact at the door leaf when the lock does not engage within 5 s. "
    evidence = Evidence(
        [brake(), *(passage(filler * 8, name=f"q{i}") for i in range(7))], "E73-B?", frozenset({"E73-B"})
    )
    statement = Statement("step", "Read the brake pipe gauge; it must show 5.0 bar.", (1,), "Read the brake pipe gauge")
    ledger = Ledger()
    check(statement, evidence, ledger)
    best = min(_seconds(lambda: check(statement, evidence, ledger)) for _ in range(50))
    assert best < 0.001  # it takes a tenth of this; a busy machine must not fail it


def _seconds(call: object) -> float:
    began = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - began
