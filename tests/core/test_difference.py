"""The first token that differs is named, with its place."""

import pytest

from app.core.difference import Difference, differences


@pytest.mark.parametrize(
    ("then", "now", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": [1, 2]}, {"a": [1, 3]}, [Difference("a[1]", 0, "2", "3")]),
        ({"a": "at 4.8 bar"}, {"a": "at 4.9 bar"}, [Difference("a", 4, "8", "9")]),
        ({"a": "check it"}, {"a": "check it twice"}, [Difference("a", 3, "", "twice")]),
        ({"a": "x  y"}, {"a": "x y"}, [Difference("a", 0, "x  y", "x y")]),
        ({"a": [{"b": "one"}]}, {"a": []}, [Difference("a[0]", 0, "{'b': 'one'}", "")]),
        ({"a": None}, {"a": "x"}, [Difference("a", 0, "", "x")]),
        (
            {"a": 1, "b": "x"},
            {"b": "y", "c": 2},
            [Difference("a", 0, "1", ""), Difference("b", 1, "x", "y"), Difference("c", 0, "", "2")],
        ),
    ],
)
def test_every_place_is_told_once(then: object, now: object, found: list[Difference]) -> None:
    assert list(differences(then, now)) == found
