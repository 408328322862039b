"""Codes that are named together are each named."""

import pytest

from app.faults.ranges import covered


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("MVB 10/1…10/9", [f"MVB 10/{n}" for n in range(1, 10)]),
        ("MVB 4/1..4/3", ["MVB 4/1", "MVB 4/3", "MVB 4/2"]),
        ("TC-1040 to TC-1043", ["TC-1040", "TC-1043", "TC-1041", "TC-1042"]),
        ("TC-1040 – TC-1042", ["TC-1040", "TC-1042", "TC-1041"]),
        ("E8x", [f"E8{n}" for n in range(10)]),
        ("E73-B", ["E73-B"]),
        ("E73-A, E73-B", ["E73-A", "E73-B"]),
        ("TC-1040 and TC-1042", ["TC-1040", "TC-1042"]),
    ],
)
def test_a_range_names_each_code_in_it(text: str, codes: list[str]) -> None:
    assert set(covered(text)) == set(codes)


@pytest.mark.parametrize("text", ["TC-1000 to TC-4000", "MVB 3/1…4/9", "TC-1045 to TC-1040", "AXC-1040 to TC-1045"])
def test_what_is_no_range_names_only_its_ends(text: str) -> None:
    assert len(covered(text)) <= 2
