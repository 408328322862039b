"""What differs between two revisions, sentence by sentence, and which numbers moved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.revision import Change
from app.faults.difference import difference, moved

OLD = """## E73-B
The brake pipe pressure must stay below 3.6 bar.
Check the connector X12. Read the gauge.
| E73-C | Silencer blocked | 40 ohm |
"""
NEW = """## E73-B
The brake pipe pressure must stay below 3.8 bar.
Check the connector
X12. Read the gauge.
| E73-C | Silencer blocked | 40 ohm |
Sign the sheet.
"""


def test_a_limit_that_moved_is_told_with_both_values_and_lines() -> None:
    first = difference(OLD, NEW)[0]
    assert first == Change(
        "changed",
        "The brake pipe pressure must stay below 3.6 bar.",
        "The brake pipe pressure must stay below 3.8 bar.",
        2,
        2,
        (("3.6 bar", "3.8 bar"),),
    )


def test_what_came_and_what_went_is_told_as_such() -> None:
    assert difference("One stays.\nThe pump runs 5 s.", "One stays.") == (
        Change("removed", "The pump runs 5 s.", before_line=2, numbers=(("5 s", ""),)),
    )
    assert [change.kind for change in difference("", OLD)] == ["added"] * 5


def test_a_reworded_sentence_is_paired_with_its_own_and_not_with_its_neighbour() -> None:
    old = "The accumulator pressure must stay below 80 bar.\nThe tank holds 11 l."
    new = "Keep the seal.\nThe accumulator pressure must be at least 95 bar before a throw.\nThe tank holds 8.5 l."
    assert [(c.kind, c.numbers) for c in difference(old, new)] == [
        ("added", ()),
        ("changed", (("80 bar", "95 bar"),)),
        ("changed", (("11 l", "8.5 l"),)),
    ]


@pytest.mark.parametrize(
    ("before", "after", "numbers"),
    [
        ("5 bar", "500 kPa", ()),
        ("between 4 and 6 bar", "between 4 and 7 bar", (("6 bar", "7 bar"),)),
        ("within 3 s at 24 V", "within 5 s at 24 V", (("3 s", "5 s"),)),
        ("E73-B since 2024-01-01", "E73-C since 2025-01-01", ()),
        ("no limit", "at most 3 mm", (("", "3 mm"),)),
    ],
)
def test_only_quantities_that_are_not_the_same_amount_have_moved(
    before: str, after: str, numbers: tuple[tuple[str, str], ...]
) -> None:
    assert moved(before, after) == numbers


@given(st.text(max_size=400))
def test_a_text_does_not_differ_from_itself_however_it_is_spaced(text: str) -> None:
    assert difference(text, text) == ()
    assert difference(text, text.replace(" ", "  ")) == ()


@given(st.lists(st.sampled_from(OLD.splitlines() + NEW.splitlines()), max_size=12))
def test_every_sentence_is_accounted_for_once(lines: list[str]) -> None:
    other = NEW.splitlines()
    found = difference("\n".join(lines), "\n".join(other))
    lost = [change for change in found if change.kind == "removed"]
    came = [change for change in found if change.kind == "added"]
    from app.faults.difference import units

    old, new = list(units("\n".join(lines))), list(units("\n".join(other)))
    assert len(old) - len(lost) == len(new) - len(came)


def test_long_documents_are_compared_in_bounded_time() -> None:
    old = "\n".join(f"Clamp {n} holds {n} mm of the rail." for n in range(3000))
    new = "\n".join(f"Clamp {n} keeps {n + 1} mm of the rail." for n in range(3000))
    found = difference(old, new)
    assert {change.kind for change in found} <= {"changed", "added", "removed"}
    assert len(found) >= 3000
