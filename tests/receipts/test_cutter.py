"""Statements are taken out of whatever a server writes, as soon as they are whole."""

import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.statement import Statement
from app.receipts.draft import SCHEMA, Cutter
from app.receipts.entries import LEAD
from app.receipts.sentences import cut

STEP = {
    "kind": "step",
    "text": "Close cock A13.",
    "citations": [1],
    "quote": "Close cock A13",
    "action": "isolate",
    "expected": None,
    "code": "E73-B",
    "language": None,
}
OURS = json.dumps({"statements": [STEP, {**STEP, "kind": "cause", "text": 'A "leak" \\ {in} [the] hose, 4.5 bar.'}]})
OTHER_KEYS = json.dumps(
    {
        "answer": "The joint is degraded [1]. Isolate the section, approx. 4.5 bar [2].",
        "root_cause": "water in the joint [1]",
        "fix": ["replace the joint [3]", "test at 500 V"],
        "confidence": 0.9,
        "citations": [1, 2, 3],
        "details": {"warning": "Mind the third rail."},
    }
)
PROSE = """Here is what I found:

## Root cause
The joint is degraded. [1] It is wet, e.g. inside [2].

**Steps:**
1. Measure at approx. 4.5 bar [1].
2. Replace it
- Then close

```c
x[1] = 2;

y = 3;
```
Warning: mind the third rail.
"""


def whole(text: str, ended: bool = True) -> tuple[list[Statement], int]:
    return pieces([text], ended)


def pieces(texts: list[str], ended: bool = True) -> tuple[list[Statement], int]:
    cutter = Cutter()
    found = [statement for text in texts for statement in cutter.feed(text)]
    return [*found, *cutter.close(ended)], cutter.skipped


def test_a_statement_of_the_schema_is_read_field_by_field() -> None:
    (first, second), skipped = whole(OURS)
    assert first == Statement("step", "Close cock A13.", (1,), "Close cock A13", "isolate", None, "E73-B")
    assert second.text == 'A "leak" \\ {in} [the] hose, 4.5 bar.' and skipped == 0


def test_a_statement_comes_as_soon_as_its_last_brace_is_there() -> None:
    cutter = Cutter()
    end = OURS.index("}") + 1
    assert cutter.feed(OURS[: end - 1]) == []
    assert len(cutter.feed(OURS[end - 1 : end])) == 1


@pytest.mark.parametrize("text", [OURS, OTHER_KEYS, PROSE, f"```json\n{OURS}\n```", f"Sure, here:\n\n```\n{OURS}```"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 64])
def test_how_the_stream_was_chunked_makes_no_difference(text: str, size: int) -> None:
    assert pieces([text[at : at + size] for at in range(0, len(text), size)]) == whole(text)


@pytest.mark.parametrize(
    "wrap",
    ["```json\n{}\n```", "```\n{}```", "Sure:\n```json\n{}\n```\nThat is all.", "{}", "<think>hm {{</think>\n{}"],
)
def test_fences_lead_ins_and_thoughts_are_taken_off(wrap: str) -> None:
    assert whole(wrap.replace("{}", OURS)) == whole(OURS)


def test_other_keys_are_understood() -> None:
    found, _ = whole(OTHER_KEYS)
    assert [(s.kind, s.text, s.citations) for s in found] == [
        ("summary", "The joint is degraded.", (1,)),
        ("summary", "Isolate the section, approx. 4.5 bar.", (2,)),
        ("cause", "water in the joint", (1,)),
        ("step", "replace the joint", (3,)),
        ("step", "test at 500 V", ()),
        ("warning", "Mind the third rail.", ()),
    ]


def test_prose_is_cut_into_sentences_under_its_headings() -> None:
    found, _ = whole(PROSE)
    assert [(s.kind, s.text, s.citations) for s in found] == [
        ("cause", "The joint is degraded.", (1,)),
        ("cause", "It is wet, e.g. inside.", (2,)),
        ("step", "Measure at approx. 4.5 bar.", (1,)),
        ("step", "Replace it", ()),
        ("step", "Then close", ()),
        ("fix", "x[1] = 2;\n\ny = 3;", ()),
        ("warning", "mind the third rail.", ()),
    ]
    assert found[5].language == "c"


def test_a_numbered_list_without_heading_is_steps() -> None:
    found, _ = whole("Do this:\n1. Measure.\n2. Replace the hose.")
    assert [(s.kind, s.text) for s in found] == [("step", "Measure."), ("step", "Replace the hose.")]


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "nonsense", "text": "x"},
        {"kind": "step"},
        {"kind": "step", "text": "  "},
        {"kind": "step", "text": 5},
        "a bare string",
    ],
)
def test_a_malformed_entry_is_counted_and_the_next_one_is_read(broken: object) -> None:
    found, skipped = whole(json.dumps({"statements": [broken, STEP]}))
    assert [s.text for s in found] == ["Close cock A13."] and skipped == 1


def test_what_is_optional_and_wrong_is_left_out() -> None:
    odd = {
        **STEP,
        "action": "explode",
        "citations": ["2", "[3]", True, None, 2],
        "expected": 5,
        "quote": None,
        "code": 7,
    }
    (statement,), _ = whole(json.dumps({"statements": [odd]}))
    assert statement == Statement("step", "Close cock A13.", (2, 3), "", None, "5", "7")


def test_a_list_of_statements_without_an_object_around_it_is_read() -> None:
    assert [s.text for s in whole(json.dumps([STEP]))[0]] == ["Close cock A13."]


def test_raw_line_breaks_in_strings_are_let_pass() -> None:
    (statement,), _ = whole('{"statements": [{"kind": "cause", "text": "a\nleak"}]}')
    assert statement.text == "a\nleak"


def test_markers_in_code_are_left_alone() -> None:
    (statement,), _ = whole(json.dumps({"statements": [{"kind": "fix", "text": "a[1] := 2;", "language": "st"}]}))
    assert (statement.text, statement.language, statement.citations) == ("a[1] := 2;", "st", ())


def test_prose_that_begins_with_a_marker_is_prose() -> None:
    found, _ = whole("[1] says that the hose leaks. So replace it.")
    assert [s.citations for s in found] == [(1,), ()]


@pytest.mark.parametrize("at", range(1, len(OURS)))
def test_cut_at_any_character_no_half_statement_is_guessed(at: int) -> None:
    full = [s.text for s in whole(OURS)[0]]
    got = [s.text for s in whole(OURS[:at], ended=False)[0]]
    assert got == full[: len(got)]


def test_the_last_words_of_prose_count_only_when_they_were_ended() -> None:
    assert [s.text for s in whole("The hose leaks. Isolate the", ended=False)[0]] == ["The hose leaks."]
    assert [s.text for s in whole("The hose leaks. Isolate it", ended=True)[0]] == ["The hose leaks.", "Isolate it"]
    assert [s.text for s in whole("The hose leaks. It is old.", ended=False)[0]] == ["The hose leaks.", "It is old."]


@pytest.mark.parametrize(
    "text", ["", "   ", "{", "[", "```", "```json\n", "<think>never ending", "{}", '{"a"', "]}", "]" * 9]
)
def test_nothing_and_beginnings_of_nothing_give_nothing(text: str) -> None:
    assert whole(text)[0] == []


def test_deep_nesting_is_malformed_and_no_crash() -> None:
    assert whole('{"steps": ' + "[" * 100_000 + "]" * 100_000 + "}")[0] == []
    assert whole('{"a": {"b": {"c": {"d": {"e": {"fix": "too deep"}}}}}}')[0] == []


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='{}[]",:\\ab.1 \n`[1]<think/>', max_size=80), st.randoms(use_true_random=False))
def test_no_text_makes_it_raise(text: str, luck: random.Random) -> None:
    at = luck.randint(0, len(text))
    pieces([text[:at], text[at:]])


@pytest.mark.parametrize(
    "unit",
    [json.dumps(STEP) + ", ", "A sentence about hoses. ", "no full stop in this at all ", "`` ` ", "1.2.3."],
    ids=["json", "sentences", "endless", "ticks", "dots"],
)
def test_the_cost_grows_with_the_length_and_not_with_its_square(unit: str) -> None:
    def seconds(size: int) -> float:
        start = '{"statements": [' if unit.startswith("{") else "Well: "
        text = start + unit * (size // len(unit))
        began = time.process_time()
        pieces([text[at : at + 5] for at in range(0, len(text), 5)])
        return time.process_time() - began

    seconds(5_000)
    assert seconds(80_000) < 24 * max(seconds(10_000), 0.002)  # 8 times the length; 64 times would be its square


def test_the_schema_is_strict_all_the_way_down() -> None:
    item = SCHEMA["properties"]["statements"]["items"]  # type: ignore[index]
    assert set(item["required"]) == set(item["properties"]) and item["additionalProperties"] is False
    assert set(item["properties"]) == set(STEP)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Use approx. 5 bar. Then stop.", ["Use approx. 5 bar.", "Then stop."]),
        ("It is 4.5 bar. See Fig. 3 there.", ["It is 4.5 bar.", "See Fig. 3 there."]),
        ("Das ist z.B. Öl. Gut!", ["Das ist z.B. Öl.", "Gut!"]),
        ("1. Measure.\n2. Replace.", ["1. Measure.", "2. Replace."]),
        (
            "It fell for 4 s. The supply shows 92 V. See A. Smith.",
            ["It fell for 4 s.", "The supply shows 92 V.", "See A. Smith."],
        ),
        ("It broke in 3. Then it stopped.", ["It broke in 3.", "Then it stopped."]),
        ("a wrapped\nline\n\nnext", ["a wrapped\nline", "next"]),
        ("It leaks [1]. [2] It is old.", ["It leaks [1]. [2]", "It is old."]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in cut(text)] == sentences


def test_list_marks_are_taken_off() -> None:
    assert [LEAD.sub("", text) for text in ("- a", "12) b", "## c", "> - d", "4.5 bar")] == [
        "a",
        "b",
        "c",
        "d",
        "4.5 bar",
    ]
