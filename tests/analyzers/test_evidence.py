"""Answers without a model: quotes by role, in the document's order, and silence where the documents are silent."""

import json

import pytest

from app.analyzers.backends.evidence import EvidenceAnalyzer, answer
from app.analyzers.quoting.compose import WORDS, size
from app.analyzers.quoting.expected import stated
from app.core.brief import Brief, Text
from app.core.diagnosis import CRITICAL
from app.core.document import Passage, Role
from app.core.question import Question
from app.core.settings.analyzers import EVIDENCE
from app.core.statement import Kind, Statement
from app.receipts.check import Evidence, check
from app.receipts.draft import Cutter
from app.receipts.ledger import Ledger
from tests.receipts.passages import brake, passage

DOOR_TEXT = """## Doors do not close

A lost contact at the door leaf keeps the traction locked.

If the door leaf has play of more than 2 mm:
- replace the roller
- adjust the leaf

Measure the contact voltage at X3. If it is below 20 V, replace the contact.
Contact voltage at X3: at least 22 V.
"""
DOOR_PARTS: list[tuple[Role, str]] = [
    ("cause", "A lost contact at the door leaf keeps the traction locked."),
    ("remedy", "replace the roller"),
    ("remedy", "adjust the leaf"),
    ("test", "Measure the contact voltage at X3. If it is below 20 V, replace the contact."),
    ("limit", "Contact voltage at X3: at least 22 V."),
]


def door(**changes: object) -> Passage:
    given = {"name": "d1", "document": "main/doors.md", "section": "Doors do not close", "defines": ("D-12",)}
    return passage(DOOR_TEXT, DOOR_PARTS, **{**given, **changes})  # type: ignore[arg-type]


def said(question: str, *evidence: Passage, codes: tuple[str, ...] = (), log: str = "") -> list[Statement]:
    return answer(Brief(Question(question, log), evidence, codes))


def texts(statements: list[Statement], *kinds: Kind) -> list[str]:
    return [statement.text for statement in statements if statement.kind in kinds]


def test_a_known_code_gets_meaning_causes_and_steps_in_the_order_of_the_document() -> None:
    found = said("E73-B", door(), brake(), codes=("E73-B",))
    assert texts(found, "meaning") == ["The brake control unit saw the brake pipe below 4.2 bar for 3 s."]
    assert texts(found, "cause") == [
        "A leaking coupling hose between the vehicles.",
        "The driver's brake valve does not close.",
    ]
    assert [(s.text.split()[0], s.action) for s in found if s.kind == "step"] == [
        ("Read", "observe"),
        ("Listen", "observe"),
        ("If", "replace"),
        ("Isolate", "isolate"),
    ]
    assert {s.code for s in found} == {"E73-B"} and {s.citations for s in found} == {(2,)}


def test_everything_it_says_is_supported_by_what_it_cites() -> None:
    for question, codes in (("E73-B", ("E73-B",)), ("doors do not close", ()), ("E73-B D-12", ("E73-B", "D-12"))):
        evidence = (brake(), door())
        held, ledger = Evidence(evidence, question, frozenset(codes)), Ledger()
        found = said(question, *evidence, codes=codes)
        assert found
        assert {check(s, held, ledger).mark for s in found} == {"supported"}
        assert all(s.quote in evidence[s.citations[0] - 1].text for s in found)


def test_the_summary_is_short_and_tells_nothing_that_has_to_be_released() -> None:
    only_critical = passage(
        "The motor is hot. A worn bearing.\n- Isolate the motor.",
        [("definition", "The motor is hot."), ("cause", "A worn bearing."), ("remedy", "Isolate the motor.")],
        defines=("M-1",),
    )
    (summary,) = texts(said("M-1", only_critical, codes=("M-1",)), "summary")
    assert summary == "Probable cause: A worn bearing."
    (summary,) = texts(said("E73-B", brake(), codes=("E73-B",)), "summary")
    assert summary.endswith("First: If the pressure falls by more than 0.3 bar in 60 s, replace the coupling hose.")


def test_the_summary_skips_no_isolation_that_comes_before_its_remedy() -> None:
    text = "Look at the hose. Isolate the vehicle. Replace the hose. A worn hose."
    parts: list[tuple[Role, str]] = [
        ("test", "Look at the hose."),
        ("remedy", "Isolate the vehicle. Replace the hose."),
        ("cause", "A worn hose."),
    ]
    (summary,) = texts(said("H-1", passage(text, parts, defines=("H-1",)), codes=("H-1",)), "summary")
    assert summary == "Probable cause: A worn hose. First: Look at the hose."


def test_a_step_that_was_cut_in_two_is_one_again() -> None:
    text = "1. Read the gauge; it must show 5.0 bar.\n2. Listen; repeat\n3. This is new."
    parts: list[tuple[Role, str]] = [
        ("test", "Read the gauge"),
        ("test", "it must show 5.0 bar."),
        ("test", "Listen"),
        ("test", "This is new."),
    ]
    found = [s for s in said("H-1", passage(text, parts, defines=("H-1",)), codes=("H-1",)) if s.kind == "step"]
    assert [s.quote for s in found] == ["Read the gauge; it must show 5.0 bar.", "Listen", "This is new."]
    assert found[0].expected == "5.0 bar"


def test_a_procedure_may_repeat_a_step_within_one_document() -> None:
    steps = ["Measure the voltage.", "Clean the contact.", "Measure the voltage."]
    text = "\n".join(steps)
    again = passage(text, [("test", step) for step in steps], defines=("V-1",))
    assert texts(said("V-1", again, codes=("V-1",)), "step") == steps


def test_the_next_test_is_the_first_thing_to_look_at_or_measure() -> None:
    (found,) = [s for s in said("E73-B", brake(), codes=("E73-B",)) if s.kind == "next_test"]
    assert found.text.startswith("Read the brake pipe gauge") and found.action not in CRITICAL
    assert found.expected == "5.0 bar ± 0.1 bar"


def test_a_condition_stays_with_its_steps_and_ends_with_its_list() -> None:
    steps = texts(said("D-12", door(), codes=("D-12",)), "step")
    assert steps == [
        "If the door leaf has play of more than 2 mm: replace the roller",
        "If the door leaf has play of more than 2 mm: adjust the leaf",
        "Measure the contact voltage at X3. If it is below 20 V, replace the contact.",
    ]


def test_a_limit_of_the_passage_is_what_a_check_expects_where_it_plainly_belongs() -> None:
    text = "Measure the contact voltage at X3.\nContact voltage at X3: at least 22 V.\nFuse F2: 10 A."
    parts: list[tuple[Role, str]] = [
        ("test", "Measure the contact voltage at X3."),
        ("limit", "Contact voltage at X3: at least 22 V."),
        ("limit", "Fuse F2: 10 A."),
    ]
    (step,) = [s for s in said("D-1", passage(text, parts, defines=("D-1",)), codes=("D-1",)) if s.kind == "step"]
    assert step.expected == "at least 22 V"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Read the gauge; it must show 5.0 bar ± 0.1 bar.", "5.0 bar ± 0.1 bar"),
        ("Measure: between 4.8 and 5.2 bar.", "between 4.8 and 5.2 bar"),
        ("Measure the insulation at 500 V; it must exceed 1 MΩ.", "1 MΩ"),
        ("Measure the pressure. If it is below 4.5 bar, replace the valve.", None),
        ("Wait for 60 s.", None),
        ("Measure at least 22 V at X3.", "at least 22 V"),
        ("Look at the lamp.", None),
        ("The resistance is 120 Ω.", "120 Ω"),
    ],
)
def test_the_expected_value_is_what_is_due_and_not_what_is_applied_or_feared(text: str, value: str | None) -> None:
    assert stated(text) == value


def test_near_codes_are_never_answered_from() -> None:
    neighbour = brake(name="n", defines=("E73-A",))
    assert said("E73-B", neighbour, codes=("E73-B",)) == []


def test_a_superseded_document_is_silent_where_a_current_one_speaks() -> None:
    old = passage(
        "Old: replace the regulator.",
        [("remedy", "Old: replace the regulator.")],
        name="old",
        defines=("E73-B",),
        document="main/old.md",
        superseded_by="main/brakes.md",
    )
    assert not any("regulator" in s.text for s in said("E73-B", old, brake(), codes=("E73-B",)))
    assert texts(said("E73-B", old, codes=("E73-B",)), "step") == ["Old: replace the regulator."]


def test_what_two_documents_say_alike_is_said_once_and_other_figures_are_another_thing() -> None:
    def table(cause: str) -> Passage:
        return passage(cause, [("cause", cause)], name="t", defines=("E73-B",), document="main/table.csv")

    same = table("Leaking coupling hose between vehicles")
    other = table("A leaking coupling hose between the vehicles, 3 mm")
    assert len(texts(said("E73-B", brake(), same, codes=("E73-B",)), "cause")) == 2
    assert len(texts(said("E73-B", brake(), other, codes=("E73-B",)), "cause")) == 3


def test_it_stays_short_and_leaves_out_no_step_between_two_others() -> None:
    steps = [f"{n}. Check relay K{n} in the cabinet beside the driver's seat for burnt contacts." for n in range(1, 31)]
    long = passage("\n".join(steps), [("test", step) for step in steps], defines=("K-1",))
    found = said("K-1", long, codes=("K-1",))
    assert sum(map(size, found)) <= WORDS
    shown = texts(found, "step")
    assert 5 < len(shown) < 30 and [f"relay K{n} " in text for n, text in enumerate(shown, 1)] == [True] * len(shown)


def test_several_codes_are_each_answered_and_the_first_one_leads() -> None:
    found = said("E73-B and D-12", brake(), door(), codes=("E73-B", "D-12"))
    assert [s.code for s in found if s.kind == "summary"] == ["E73-B"]
    assert {s.code for s in found if s.kind == "cause"} == {"E73-B", "D-12"}
    assert sum(map(size, found)) <= WORDS


def test_a_symptom_is_answered_by_the_thing_that_fits_its_words() -> None:
    filler = [passage("The converter fan is loud.", name=f"f{n}", document=f"main/f{n}.md") for n in range(5)]
    found = said("the doors do not close and the traction stays locked", *filler, brake(), door())
    assert {s.code for s in found} == {"D-12"} and texts(found, "cause")[0].startswith("A lost contact")


def test_a_symptom_that_two_things_fit_gets_a_second_hypothesis() -> None:
    first = hot("a", "M-1", "The fan stands still.")
    found = said("traction motor runs hot", first, hot("b", "M-2", "A dry bearing."))
    assert texts(found, "cause") == ["The fan stands still.", "A dry bearing."]
    other = hot("b", "M-2", "A dry bearing.", "The traction motor runs hot when the train stands.")
    assert texts(said("traction motor runs hot", first, other), "cause") == [
        "The fan stands still.",
        "The traction motor runs hot when the train stands.",
    ]


def test_of_what_may_be_meant_as_well_no_step_and_no_limit_is_told() -> None:
    second = passage(
        "The traction motor runs hot. Replace the fan.",
        [("definition", "The traction motor runs hot."), ("remedy", "Replace the fan.")],
        name="b", defines=("M-2",), document="main/b.md", section="M-2",
    )  # fmt: skip
    found = said("traction motor runs hot", hot("a", "M-1", "The fan stands still."), second)
    assert texts(found, "step", "limit") == []


def test_of_what_fits_poorly_one_step_is_told_and_of_what_fits_well_all() -> None:
    well, poorly = (said("the doors do not close", door(score=score)) for score in (0.6, 0.2))
    assert len(texts(well, "step")) > len(texts(poorly, "step")) == 1


def test_of_two_that_fit_alike_one_step_is_told() -> None:
    twin = door(score=0.6, name="d2", document="main/others.md", defines=("D-13",))
    assert len(texts(said("the doors do not close", door(score=0.6), twin), "step")) == 1


def test_the_trade_s_word_finds_what_was_said_in_another() -> None:
    parts: list[tuple[Role, str]] = [("definition", "The bogie is warm."), ("cause", "A dry axle box.")]
    bogie = passage("The bogie is warm. A dry axle box.", parts, name="b", defines=("B-1",), document="main/b.md")
    filler = [passage("The fan is warm now.", name=f"f{n}", document=f"main/f{n}.md") for n in range(3)]
    assert texts(said("one truck is warm", *filler, bogie), "cause") == ["A dry axle box."]


def test_limits_that_the_question_asks_for_are_told_first() -> None:
    limits = ["Cell voltage: 2.2 V at least.", "Oil temperature: 90 °C at most."]
    long = passage("\n".join(limits), [("limit", limit) for limit in limits], defines=("K-1",))
    assert texts(said("K-1, what is allowed?", long, codes=("K-1",)), "limit") == limits
    assert texts(said("K-1, how warm may the oil get?", long, codes=("K-1",)), "limit") == limits[::-1]


def hot(name: str, code: str, cause: str, meaning: str = "The traction motor runs hot.") -> Passage:
    parts: list[tuple[Role, str]] = [("definition", meaning), ("cause", cause)]
    text = f"{meaning} {cause}"
    return passage(text, parts, name=name, defines=(code,), document=f"main/{name}.md", section=code)


def test_words_of_the_log_serve_where_the_question_has_none() -> None:
    assert texts(said("?", door(), log="door leaf contact lost, traction locked"), "cause")


@pytest.mark.parametrize("question", ["what about the weather", ""])
def test_what_the_evidence_does_not_speak_of_is_not_answered(question: str) -> None:
    assert said(question, brake()) == []


def test_plain_narrative_is_quoted_as_the_meaning() -> None:
    plain = passage("The sanding unit drops sand on wet rails. It is heated.")
    assert texts(said("sanding on wet rails", plain), "meaning") == [
        "The sanding unit drops sand on wet rails. It is heated."
    ]


async def test_the_stream_is_the_schema_a_statement_at_a_time() -> None:
    analyzer = EvidenceAnalyzer("evidence", EVIDENCE)
    brief = Brief(Question("E73-B"), (brake(),), ("E73-B",))
    pieces = [delta.text async for delta in analyzer.stream(brief) if isinstance(delta, Text)]
    cutter = Cutter()
    counted = [len(cutter.feed(piece)) for piece in pieces]
    assert counted == [1] * (len(pieces) - 1) + [0]
    assert len(json.loads("".join(pieces))["statements"]) == len(pieces) - 1


async def test_silence_is_an_empty_list() -> None:
    analyzer = EvidenceAnalyzer("evidence", EVIDENCE)
    pieces = [d.text async for d in analyzer.stream(Brief(Question("?"))) if isinstance(d, Text)]
    assert json.loads("".join(pieces)) == {"statements": []}


def test_a_long_procedure_does_not_push_the_limits_out() -> None:
    steps = [f"Check relay K{n} in the cabinet beside the driver's seat for burnt contacts." for n in range(1, 31)]
    parts: list[tuple[Role, str]] = [("limit", "Relay coil: 24 V."), *(("test", step) for step in steps)]
    long = passage("\n".join(["Relay coil: 24 V.", *steps]), parts, defines=("K-1",))
    assert texts(said("K-1", long, codes=("K-1",)), "limit") == ["Relay coil: 24 V."]


def test_below_the_first_a_thing_needs_more_than_two_words_of_a_long_question() -> None:
    first = passage("The converter fan is loud.", name="f", document="main/f.md")
    long = "why do the coffee machines of the bistro car leak into pipe ducts"
    assert said(long, first, brake()) == []


def test_what_was_found_first_may_know_the_question_by_other_words() -> None:
    assert {s.code for s in said("wheels stay clamped after a brake demand, discs glow", brake(), door())} == {"E73-B"}


PROSE = """## K-7 Connect failed (no route)

The station has no path to the device.

## K-7 Connect failed (refused)

The device was reached and rejected the connection. The port number may be wrong, or the service on it does not run \
although the device itself is powered and answers on other ports of the same address, as seen in the field twice.

## K-8 Another

TODO
"""
PROSE_PARTS: list[tuple[Role, str]] = [
    ("definition", "The station has no path to the device."),
    ("definition", PROSE[PROSE.index("The device was") : PROSE.index("\n\n## K-8")]),
]


def test_of_prose_what_fits_the_question_is_told_and_the_heading_above_it_counts() -> None:
    found = said("K-7: the connection was refused", passage(PROSE, PROSE_PARTS, defines=("K-7",)), codes=("K-7",))
    first = next(iter(texts(found, "summary")))
    assert first == "The device was reached and rejected the connection."
    assert "wrong" in " ".join(texts(found, "summary"))
    assert texts(found, "meaning") == [first]


def test_a_placeholder_is_no_answer() -> None:
    assert said("K-8", passage(PROSE, [("definition", "TODO")], defines=("K-8",)), codes=("K-8",)) == []


def test_of_a_list_of_many_things_only_the_causes_that_the_question_names_are_told() -> None:
    text = "The pump hums when dry.\nThe lamp flickers when loose."
    listed = passage(text, [("cause", line) for line in text.splitlines()], document="main/list.md")
    assert texts(said("the lamp flickers", listed), "cause") == ["The lamp flickers when loose."]


def test_a_code_that_is_only_named_is_told_by_the_very_row_that_names_it() -> None:
    rows = 'Busy,E12-A,"The server is busy."\nClosed,E12-B,"The channel was closed."\nOpen,E12-C,"The channel is open."'
    listed = passage(rows, [("cause", row) for row in rows.splitlines()], codes=("E12-A", "E12-B", "E12-C"))
    found = said("E12-B came up", listed, codes=("E12-B",))
    assert {s.kind for s in found} <= {"meaning", "summary"}
    assert all("The channel was closed." in s.text for s in found) and found


def test_a_code_that_is_named_beside_the_definition_of_another_is_not_answered_from_there() -> None:
    text = "E12-A is set. Often E12-B comes with it."
    other = passage(text, [("definition", text)], defines=("E12-A",), codes=("E12-A", "E12-B"))
    assert said("E12-B came up", other, codes=("E12-B",)) == []


def test_under_a_heading_causes_and_warnings_stay_whatever_their_words() -> None:
    text = "## Pump does not start\n\nCauses:\n- Fuse blown.\n- Belt torn.\n\nHot surfaces."
    marks: list[tuple[Role, str]] = [("cause", "Fuse blown."), ("cause", "Belt torn."), ("warning", "Hot surfaces.")]
    found = said("why does the pump not start", passage(text, marks))
    assert texts(found, "cause") == ["Fuse blown.", "Belt torn."]
    assert texts(found, "warning") == ["Hot surfaces."]
