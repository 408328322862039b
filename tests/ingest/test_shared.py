"""Resolved words are shared out where the pieces of their source end."""

import pytest

from app.ingest.shared import shared


@pytest.mark.parametrize(
    ("words", "pieces", "found"),
    [
        (
            "The brake unit vents. It is loud.",
            ["The BU vents.", "It is loud."],
            ["The brake unit vents.", "It is loud."],
        ),
        ("a b a b a b", ["a b", "a b", "a b"], ["a b", "a b", "a b"]),
        ("Press the red button now. Wait.", ["Press B now.", "Wait."], ["Press the red button now.", "Wait."]),
        ("Call it the unit Wait", ["Call it U", "Wait"], ["Call it U", "Wait"]),  # its last word stands for another
        ("", ["one", "two"], ["one", "two"]),
    ],
)
def test_each_piece_gets_its_own_share(words: str, pieces: list[str], found: list[str]) -> None:
    assert shared(words, pieces) == found
