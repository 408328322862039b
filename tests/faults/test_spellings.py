"""Every code of the shelf is itself in every spelling, and what merely looks like a code is none."""

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.faults.codes import find

SHELF = Path(__file__).parents[1] / "knowledge"
KNOWN = sorted(
    {json.loads(line)["code"] for name in ("expected", "unknown") for line in (SHELF / f"{name}.jsonl").open()}
)
DASHES = ("-", "_", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\\_", "\\-")
SPACES = (" ", "\u00a0", "\u202f")
WRAPS = ("-\n", "-\r\n   ", "\u00ad\n")
AROUND = (
    "{}",
    "({})",
    "[{}]",
    "ERR={};",
    '"code":"{}",',
    "x\\n{}",
    "\x1b[31m{}\x1b[0m",
    "FLT_{}_ON",
    "<td>{}</td>",
    "{}:",
)


def spellings(code: str) -> list[str]:
    """All that the grammar of this code allows, in one case."""
    grammar = find(code)[0].grammar
    match grammar:
        case "letter-number-suffix":
            letter, number, suffix = code[0], code[1:-2], code[-1]
            opened = ["", *DASHES] if len(number) > 1 else [""]  # `E-7 B` and `E 7 B` are too little to go by
            joined = ["".join(s) for s in product([letter], opened, [number], ["", *DASHES, *WRAPS], [suffix])]
            if len(number) > 1:
                return [*joined, f"{letter} {number} {suffix}", f"{letter} {number}-{suffix}"]
            return [spelled for spelled in joined if spelled != f"{letter}{number}{suffix}"]
        case "letter-number":
            return [code]
        case "prefix-number":
            prefix, number = code.split("-")
            between = ("-", "_", "\u2013", *WRAPS) if prefix == "GSM" else ("", *DASHES, *WRAPS)
            spaced = [f"{prefix} {number}"] if len(number) == 4 and prefix != "GSM" else []
            return [*(f"{prefix}{dash}{number}" for dash in between), *spaced]
        case "hex-signal":
            prefix, number = code.split("_0x")
            marked = (
                f"0x{number}",
                f"0X{number}",
                f"16#{number}",
                f"16#{number}#",
                f"{number}h",
                f"{number}H",
                f"0x{number:0>4}",
            )
            apart = (*SPACES, *DASHES, "\n")
            named = [f"{prefix}{gap}{mark}" for gap, mark in product(apart, marked) if len(mark) < 9]
            return [*named, f"{prefix}0x{number}", f"{prefix} {number} hex", f"{prefix} hex {number}"]
        case "bus-address":
            bus, address = code.split(" ")
            line, device = address.split("/")
            return [
                f"{bus}{gap}{line}{slash}{device}" for gap, slash in product(("", *SPACES, *DASHES, "\n"), ("/", " / "))
            ]
        case "status-word":
            high, low = code[2:6], code[6:]
            marked = [f"{mark}{high}{low}" for mark in ("0x", "0X", "16#", "DWORD#16#")]
            closed = [f"{high}{low}{end}" for end in ("h", "H", "hex", " hex", " (hex)")]
            apart = [f"0x{high}_{low}", f"16#{high}_{low}#", f"{high}_{low}h", f"{high} {low}h", f"0{high}{low}h"]
            return [*marked, *closed, *apart, f"status word {int(code, 16)}", f"status={int(code, 16)};"]
        case _:
            return [code, code.lower()]


@pytest.mark.parametrize("code", KNOWN)
def test_a_code_is_read_from_each_of_its_spellings_in_either_case(code: str) -> None:
    for spelled in spellings(code):
        for written in {spelled, spelled.lower()} if " " not in spelled or "/" in spelled else {spelled}:
            assert [mention.code for mention in find(f"What about {written}?")] == [code], written


@given(st.sampled_from(KNOWN), st.data(), st.sampled_from(AROUND))
def test_a_code_is_read_from_a_log_line_that_it_is_glued_into(code: str, data: st.DataObject, around: str) -> None:
    assume(not (around == "FLT_{}_ON" and code[1:].isdigit()))  # `E80_ON` may be anything, and E80 is short
    spelled = data.draw(st.sampled_from(spellings(code)))
    line = f"2026-02-11T07:12:44.120 car=3 {around.format(spelled)} p=1.31bar"
    found = find(line)
    assert [mention.code for mention in found] == [code]
    assert line[found[0].start : found[0].end] == found[0].spelled


def test_no_two_codes_share_a_spelling() -> None:
    owner: dict[str, str] = {}
    for code in KNOWN:
        for spelled in spellings(code):
            assert owner.setdefault(spelled.lower(), code) == code


NUMBER = st.integers(0, 9999)
SHORT = st.integers(0, 59)
WORD = st.sampled_from(["on", "at", "unit 412", "car 3", "since", "port", "version", "call", "the", "E"])


@st.composite
def lookalikes(draw: st.DrawFn) -> str:
    """Dates, times, addresses, versions, parts, places, telephone numbers."""
    a, b, c, d = (draw(SHORT) for _ in range(4))
    n, m = draw(NUMBER), draw(NUMBER)
    year, month, day = draw(st.integers(1990, 2039)), 1 + a % 12, 1 + b % 28
    return draw(
        st.sampled_from(
            [
                f"{year}-{month:02}-{day:02}",
                f"{day:02}.{month:02}.{year}",
                f"{year}{month:02}{day:02}T{a % 24:02}{b:02}{c:02}Z",
                f"{year}-{month:02}-{day:02}T{a % 24:02}:{b:02}:{c:02}.{n:04}+01:00",
                f"{a % 24:02}:{b:02}:{c:02}",
                f"SEP-{year}",
                f"KW-{a:02}{b:02}",
                f"10.{a}.{b}.{c}:{1024 + n}",
                f"fe80::{a:x}:{n:x}",
                f"TCP {n}",
                f"UDP-{1000 + n % 9000}",
                f"v{a}.{b}.{c}",
                f"{a}.{b}.{c}-rc{d}",
                f"part 4410-{n:04}-{b:02}",
                f"drawing HX-{10000 + n}",
                f"S/N AB-{10000 + n}",
                f"{n:04}-{m:04}-{a:02}",
                f"N{a}°{b:02}'{c:02}\" E{d:03}°{b:02}'{c:02}\"",
                f"N {a} {b:02}.{n:04}, E {d:03} {c:02}.{m:04}",
                f"{a}.{n:04} N, {d}.{m:04} E",
                f"+49 69 {n:04} {m:04}",
                f"0{a:02}/{n:04}{m:04}",
                f"km {a}+{b:03}",
                f"{a} V, {b} A, {c} bar",
                f"#{n:04x}{m:04x}",
            ]
        )
    )


@given(st.lists(st.tuples(WORD, lookalikes()), min_size=1, max_size=6), st.sampled_from([" ", ", ", "; ", "\n"]))
def test_dates_times_addresses_versions_parts_places_and_telephones_are_no_codes(
    pairs: list[tuple[str, str]], joint: str
) -> None:
    text = joint.join(f"{word} {like}" for word, like in pairs)
    assert find(text) == (), text


@given(st.sampled_from(KNOWN), lookalikes(), lookalikes())
def test_a_code_among_them_is_still_the_only_one(code: str, before: str, after: str) -> None:
    assert [mention.code for mention in find(f"{before} {code}; {after}")] == [code]


@given(st.integers(0, 2**33))
def test_a_decimal_status_word_is_one_exactly_when_its_highest_bit_of_32_is_set(number: int) -> None:
    codes = [mention.code for mention in find(f"status word {number}")]
    assert codes == ([f"0x{number:08X}"] if 2**31 <= number < 2**32 else [])
