"""Fault codes are found in any spelling, and no code is taken for another."""

import time
from itertools import pairwise, product

import pytest

from app.faults.codes import REASONS, STRETCH, find, near, scan
from app.faults.scan import shipped

GRAMMARS = shipped()
EXAMPLES = [(g.name, spelled, code) for g in GRAMMARS for spelled, code in g.examples.items()]
COUNTER = [(g.name, text) for g in GRAMMARS for text in g.counter]


@pytest.mark.parametrize(("grammar", "spelled", "code"), EXAMPLES)
def test_each_example_of_a_grammar_is_read_as_its_canonical_code(grammar: str, spelled: str, code: str) -> None:
    for text in (spelled, f"What does {spelled} mean?", f"06:12:44 BCU2 {spelled} p=4.8 bar\n"):
        (mention,) = find(text)
        assert (mention.code, mention.grammar) == (code, grammar)
        assert text[mention.start : mention.end] == mention.spelled


@pytest.mark.parametrize(("grammar", "text"), COUNTER)
def test_no_counter_example_of_a_grammar_is_read_as_one_of_its_codes(grammar: str, text: str) -> None:
    assert grammar not in [mention.grammar for mention in find(text)]


@pytest.mark.parametrize("code", sorted({code for _, _, code in EXAMPLES}))
def test_a_canonical_code_is_its_own_spelling(code: str) -> None:
    assert [mention.code for mention in find(code)] == [code]


def test_mentions_come_in_order_and_never_overlap() -> None:
    text = "E73-B, then TC 1042 and tc-1024; src=MVB3/17 state SIG-1FH. E73-A/E37-B E2005"
    mentions = find(text)
    assert [m.code for m in mentions] == [
        "E73-B", "TC-1042", "TC-1024", "MVB 3/17", "SIG_0x1F", "E73-A", "E37-B", "E2005",
    ]  # fmt: skip
    assert all(a.end <= b.start for a, b in pairwise(mentions))


@pytest.mark.parametrize(
    "text",
    [
        "On 2026-03-14 at 06:12:44.120 unit 412 stood at km 12+340, platform 4B.",
        "Ping 10.12.3.4:8080, then 192.168.100.17/24 and fe80::73b:1042.",
        "Part 4410-1042-02, serial 0073-B-9981, drawing 3EGM-007310, software 3.14.2, bulletin 24/07.",
        "A 24 V supply, 110 V DC, 5 bar, 10 kΩ, a Pt100 sensor and I 600 A.",
        "see EN 50155, IEC 61375-1, ISO 9001:2015, UIC 541-05 and 3.2.1",
        "runs 1b9d6bcd-e73b-e12a-e44c-2b0d7b3dcb6d and 6F9619FF-E86D-D011-E42B-00C04FC964FF",
        "commit 3fe73b91a0, crc 0xE73B, id 550e8400-e200-41d4-a716-446655440000",
        "",
    ],
)
def test_dates_parts_ports_addresses_and_quantities_are_no_codes(text: str) -> None:
    assert find(text) == ()


KNOWN = [
    "E73-A",
    "E73-B",
    "E37-B",
    "E730-B",
    "TC-1042",
    "TC-1024",
    "PNT-1042",
    "SIG_0x1F",
    "SIG_0xF1",
    "MVB 3/17",
    "MVB 3/7",
]


@pytest.mark.parametrize(
    ("code", "nearest", "why"),
    [
        ("E73-C", "E73-A", "differs in the suffix letter"),
        ("E73", "E73-A", "has a suffix letter"),
        ("TC-1042B", "TC-1042", "has no suffix letter"),
        ("E370-B", "E730-B", "digits swapped"),
        ("TC-2041", "TC-1042", "digits swapped"),
        ("TC-1043", "TC-1042", "one digit differs"),
        ("SIG_0x1E", "SIG_0x1F", "one digit differs"),
        ("TC-102", "TC-1024", "one digit more"),
        ("MVB 3/177", "MVB 3/17", "one digit less"),
        ("AXC-1024", "TC-1024", "same number, other prefix"),
        ("WTB 3/7", "MVB 3/7", "same number, other prefix"),
        ("C73-A", "E73-A", "same number, other prefix"),
    ],
)
def test_a_near_miss_is_named_with_what_sets_it_apart(code: str, nearest: str, why: str) -> None:
    first = near(code, KNOWN)[0]
    assert (first.code, first.why) == (nearest, why)


def test_a_code_is_not_near_itself_and_a_far_one_is_not_near_at_all() -> None:
    assert "E73-B" not in [n.code for n in near("E73-B", KNOWN)]
    assert near("E99-Z", KNOWN) == ()
    assert near("", KNOWN) == ()


def test_near_codes_are_ordered_by_kind_then_code_whatever_the_order_they_were_known_in() -> None:
    expected = near("E73-C", KNOWN, limit=9)
    assert expected == near("E73-C", dict.fromkeys(reversed(KNOWN)), limit=9)
    assert [REASONS.index(n.why) for n in expected] == sorted(REASONS.index(n.why) for n in expected)
    assert len(near("E73-C", KNOWN, limit=1)) == 1


def test_a_question_among_ten_thousand_known_codes_stays_cheap() -> None:
    known = {f"{prefix}-{number}" for prefix, number in product(("TC", "PNT", "AXC", "DRS"), range(1000, 3500))}
    near("TC-1042", known)
    begun = time.process_time()
    for _ in range(10):
        near("TC-9042", known)
    assert (time.process_time() - begun) / 10 < 0.03


def test_a_chunk_is_scanned_in_microseconds() -> None:
    text = ("The cylinder pressure did not fall after release; check terminal X4, E73-B follows TC 1042. " * 6)[:500]
    scan()
    begun = time.process_time()
    for _ in range(500):
        find(text)
    assert (time.process_time() - begun) / 500 < 200e-6  # about 20 µs on an idle core


def test_a_code_is_found_wherever_in_a_long_log_it_stands() -> None:
    for before in range(STRETCH - 12, STRETCH + 3):
        text = f"{'x' * before} E73-B and e73c"
        assert [mention.code for mention in find(text)] == ["E73-B", "E73-C"]
        assert all(text[m.start : m.end] == m.spelled for m in find(text))
