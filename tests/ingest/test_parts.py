import pytest

from tests.ingest.shelf import chunks, parts


def test_the_marks_of_a_list_are_outside_its_parts() -> None:
    (chunk,) = chunks("# Checks\n\n- [ ] Measure A.\n- Read B\n  twice.\n\n> 1. Compare C.\n")
    assert parts(chunk) == [("test", "Measure A."), ("test", "Read B\n  twice."), ("test", "Compare C.")]


def test_the_nearest_heading_that_tells_a_role_decides() -> None:
    (chunk,) = chunks("# Causes\n\n## Left side\n\nHose.\n\n## Remedy\n\nNew hose.\n")
    assert parts(chunk) == [("cause", "Hose."), ("remedy", "New hose.")]


def test_without_a_heading_that_tells_neighbouring_sentences_of_one_role_are_one_part() -> None:
    (chunk,) = chunks("It is cold. It rains. Measure A. Check the valve No. 5 too. Never open it.\n")
    assert parts(chunk) == [
        ("narrative", "It is cold. It rains."),
        ("test", "Measure A. Check the valve No. 5 too."),
        ("warning", "Never open it."),
    ]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("1. Measure A. 2. Read B; then C", ["Measure A.", "Read B; then C"]),
        ("Measure A; read B; log it", ["Measure A", "read B", "log it"]),
        ("(1) Measure A (2) Read B", ["Measure A", "Read B"]),
        ("Measure 24. 5. Then read", ["Measure 24. 5. Then read"]),
    ],
)
def test_several_steps_in_one_paragraph_are_a_part_each(text: str, steps: list[str]) -> None:
    (chunk,) = chunks(f"# Checks\n\nFirst: x.\n\n**Checks:** {text}\n")
    assert [what for _, what in parts(chunk)][1:] == steps


def test_a_label_before_a_sentence_tells_its_role_and_is_outside() -> None:
    (chunk,) = chunks("## E73-B Low\n\n**Cause:** Hose leaks.\n\nRemedy: New hose.\n")
    assert parts(chunk)[-2:] == [("cause", "Hose leaks."), ("remedy", "New hose.")]


def test_a_line_that_leads_in_a_list_gives_it_its_role_and_is_itself_no_part() -> None:
    (chunk,) = chunks("## E73-B Low\n\nPossible causes:\n\n- Hose\n\nRemedy:\n\n- New hose\n")
    assert parts(chunk) == [("definition", "Low"), ("cause", "Hose"), ("remedy", "New hose")]


def test_below_a_faults_name_steps_are_told_by_their_wording_and_the_rest_is_the_meaning() -> None:
    (chunk,) = chunks("## E73-B Pipe low\n\nThe pipe lost air. Measure it.\n\n- Replace the hose.\n")
    assert parts(chunk) == [
        ("definition", "The pipe lost air."),
        ("test", "Measure it."),
        ("remedy", "Replace the hose."),
    ]


@pytest.mark.parametrize(
    "heading", ["## E73-B: Pipe pressure low", "## Pipe pressure low (E73-B)", "Pipe pressure low [E73-B]\n-----"]
)
def test_a_heading_is_the_meaning_where_nothing_below_says_it(heading: str) -> None:
    (chunk,) = chunks(f"{heading}\n\n### Causes\n\n- Hose\n")
    assert parts(chunk) == [("definition", "Pipe pressure low"), ("cause", "Hose")]
    (chunk,) = chunks(f"{heading}\n\n### Meaning\n\nThe pipe lost air.\n")
    assert parts(chunk) == [("definition", "The pipe lost air.")]


def test_a_heading_of_a_code_alone_says_nothing() -> None:
    (chunk,) = chunks("## E73-B\n\n### Causes\n\n- Hose\n")
    assert parts(chunk) == [("cause", "Hose")]


def test_code_is_one_part_without_its_fences() -> None:
    (chunk,) = chunks("# Remedy\n\n```python\nif a:\n    b()\n```\n\n~~~log\n12:00:00 E73-B\n~~~\n")
    assert parts(chunk) == [("remedy", "if a:\n    b()"), ("log", "12:00:00 E73-B")]


def test_breaks_within_a_table_cell_part_its_steps() -> None:
    table = "| Code | Check |\n|---|---|\n| E73-B | Measure A<br/>Read B; log it |\n"
    (chunk,) = chunks(table)
    assert [what for _, what in parts(chunk)] == ["Measure A", "Read B", "log it"]
