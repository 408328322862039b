"""A grammar is learned from a list of codes: no wider than the list, and read as any other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.faults.grammars import parse
from app.faults.learn import propose
from app.faults.scan import build, shipped


def codes_in(toml: str, text: str) -> list[str]:
    scan = build(parse(toml, "test"))
    return [scan.read(match)[0] for match in scan.regex.finditer(text)]


@pytest.mark.parametrize(
    ("listed", "text", "codes"),
    [
        (["HX.12", "HX.13", "HY.14"], "hx.12 then HY.77, ZX.12 and HX.123", ["HX.12", "HY.77"]),
        (["LFT 07-A", "LFT 08-B"], "lft07a LFT-08-B, LFT_09_C", ["LFT 07-A", "LFT 08-B", "LFT 09-C"]),
        (["0x00A1", "0x1FF0"], "0x00a1 16#1FF0 0x1FF01 0x1F", ["0x00A1", "0x1FF0"]),
        (["ZQ-9-1", "ZQ-8-22"], "zq9-1 ZQ_8_22 ZQ-91", ["ZQ-9-1", "ZQ-8-22"]),
        (["A12/3", "B1/20"], "a12/3 B-1/20 C1/20 A12-3", ["A12/3", "B1/20"]),
        (["KLM1001", "KLM1002"], "KLM 1001, klm–1003 KLM100", ["KLM1001", "KLM1003"]),
    ],
)
def test_what_is_learned_reads_the_list_and_its_like_in_their_spellings(
    listed: list[str], text: str, codes: list[str]
) -> None:
    proposal = propose(listed, "my list 2", "Somebody")
    assert set(proposal.read) == set(listed)
    assert proposal.unread == ()
    assert codes_in(proposal.toml, text) == codes


def test_the_proposal_stands_as_a_table_beside_the_shipped_ones() -> None:
    proposal = propose(["HX.12", "HX.13"], "Pumps", "Somebody")
    (grammar,) = proposal.grammars
    assert (grammar.name, grammar.vendor) == ("pumps-codes", "Somebody")
    scan = build([*proposal.grammars, *shipped()])
    assert [scan.read(match) for match in scan.regex.finditer("hx.13 after E73-B")] == [
        ("HX.13", "pumps-codes"),
        ("E73-B", "letter-number-suffix"),
    ]


def test_each_form_is_a_table_of_its_own_and_a_lone_one_is_left_out() -> None:
    proposal = propose(["HX.12", "HX.13", "QP/7/A", "QP/8/B", "odd one"], "mixed", "Somebody")
    assert [grammar.name for grammar in proposal.grammars] == ["mixed-codes", "mixed-codes-b"]
    assert proposal.unread == ("odd one",)


def test_codes_that_are_read_already_teach_nothing() -> None:
    proposal = propose(["E73-B", "E74-A", "TC-1042"], "known", "Somebody")
    assert (proposal.toml, proposal.grammars, proposal.unread) == ("", (), ())
    assert proposal.already == ("E73-B", "E74-A", "TC-1042")


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (["1001", "1002"], "bare numbers"),
        (["pump", "fan"], "no form"),
        (["HX.12", "7-Q"], "no form"),
        (["ABCDEFGHIJ-12", "ABCDEFGHIJ-13"], "no form"),
    ],
)
def test_a_list_without_a_form_is_refused_with_the_reason(listed: list[str], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        propose(listed, "x", "y")


CELLS = st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=12)


@given(CELLS, st.text(max_size=8), st.text(max_size=8))
def test_whatever_a_column_holds_there_is_a_proposal_or_a_reason(cells: list[str], name: str, vendor: str) -> None:
    try:
        proposal = propose(cells, name, vendor)
    except InvalidInput:
        return
    assert len(proposal.read) + len(proposal.already) + len(proposal.unread) <= len(cells)
