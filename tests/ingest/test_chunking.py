import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidDocument
from app.core.ids import chunk_id
from app.ingest.tokens import estimate, pieces
from tests.ingest.shelf import chunks, load, parts

FAULT = """# Brake manual

## E73-B: Brake pipe pressure low

The pressure fell below its limit.

### Causes

- Leak at the hose
- Valve worn

### Checks

1. Measure at A.

### Limits

3.5 bar
"""


def test_a_fault_section_that_fits_is_one_chunk_that_tells_all() -> None:
    (chunk,) = chunks(FAULT)
    assert (chunk.section, chunk.role, chunk.defines) == ("E73-B: Brake pipe pressure low", "definition", ("E73-B",))
    assert [role for role, _ in parts(chunk)] == ["definition", "cause", "cause", "test", "limit"]
    assert chunk.indexed.splitlines()[:3] == [
        "Brake manual",
        "E73-B: Brake pipe pressure low",
        "The pressure fell below its limit.",
    ]
    assert chunk.id == chunk_id("main/manual.md", "", chunk.start, chunk.end, chunk.text)


def test_one_that_does_not_fit_is_cut_at_its_headings_and_each_piece_still_defines_the_code() -> None:
    found = chunks(FAULT, limit=11)
    assert [chunk.text.splitlines()[0] for chunk in found] == ["# Brake manual", "### Causes", "### Checks"]
    assert {chunk.defines for chunk in found} == {("E73-B",)}
    assert found[1].section == "E73-B: Brake pipe pressure low > Causes"


def test_two_faults_never_share_a_chunk() -> None:
    found = chunks("# M\n\n## E73-B Low\n\nx.\n\n## E73-A High\n\ny.\n\n## General\n\nz.\n")
    assert [chunk.defines for chunk in found] == [("E73-B",), ("E73-A",), ()]


def test_the_sections_below_a_fault_are_about_it_until_another_is_named() -> None:
    found = chunks("# E73-B Low\n\n## Checks\n\nx.\n\n## E37-B Other\n\ny.\n\n## Remedy\n\nz.\n")
    assert [chunk.defines for chunk in found] == [("E73-B",), ("E37-B",), ("E73-B",)]


def test_a_heading_that_only_points_to_codes_is_not_about_them() -> None:
    found = chunks("## E73-B Low\n\nx.\n\n### See also E37-B\n\ny.\n\n### Differences to E73-A\n\nz.\n")
    assert {chunk.defines for chunk in found} == {("E73-B",)}
    assert found[0].codes == ("E73-B", "E37-B", "E73-A")


def test_a_title_from_the_metadata_stands_above_all_headings() -> None:
    (chunk,) = chunks("---\ntitle: E73-B brake pipe\n---\nThe pipe is empty.\n")
    assert chunk.defines == ("E73-B",)


def test_a_file_name_defines_nothing() -> None:
    (chunk,) = chunks("The pipe is empty.\n", "E73-B.md")
    assert (chunk.defines, chunk.section) == ((), "E73-B")


def test_each_row_of_a_fault_table_is_a_chunk_and_the_head_goes_with_the_first() -> None:
    text = "# T\n\n| Code | Meaning |\n|---|---|\n| E73-B | Low |\n| E73-A | High |\n\nAfterword.\n"
    first, second, last = chunks(text)
    assert first.text.startswith("# T")
    assert (first.defines, first.line) == (("E73-B",), 1)
    assert (second.defines, second.text, second.line) == (("E73-A",), "| E73-A | High |", 6)
    assert (last.defines, last.text) == ((), "Afterword.")


def test_a_head_of_rows_about_other_codes_stays_with_the_section_it_stands_in() -> None:
    text = "## E73-B Low\n\n| Code | Meaning |\n|---|---|\n| E37-B | Other |\n"
    first, second = chunks(text)
    assert (first.defines, second.defines) == (("E73-B",), ("E37-B",))
    assert second.text == "| E37-B | Other |"


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = "The driver releases the brake and waits for the lamp to go out. " * 60
    found = chunks(text)
    assert len(found) > 3
    assert all(chunk.text.endswith("out.") for chunk in found)
    assert all(estimate(chunk.indexed) < 235 for chunk in found)


def test_marks_are_not_indexed() -> None:
    (chunk,) = chunks("# A `b`\n\n> **Bold** [link](http://x.y) <br> 1\\. a_b\n\n```sh\nls\n```\n\n<!-- gone -->\n")
    assert chunk.indexed == "A b\nBold link 1. a_b\nls"


def test_the_estimate_of_tokens_is_near_what_a_word_piece_vocabulary_gives() -> None:
    assert 9 <= estimate("Measure the brake pipe at 3.5 bar.") <= 11


@given(st.text(alphabet="ab1 .\n", max_size=400), st.integers(1, 20))
def test_pieces_lose_no_character_that_is_not_blank_and_keep_the_limit(text: str, limit: int) -> None:
    spans = list(pieces(text, limit))
    held = "".join(text[start:end] for start, end in spans)
    assert "".join(held.split()) == "".join(text.split())
    assert all(estimate(text[start:end]) <= limit for start, end in spans)


LINES = st.sampled_from(
    [
        "# E73-B Low",
        "## Causes",
        "### See also E73-A",
        "- item one; two",
        "  1. nested",
        "Plain text. Measure it. E37-B.",
        "| Code | Check |",
        "|---|---|",
        "| E73-A | 1. a 2. b |",
        "> quote",
        "```",
        "    code",
        "---",
        "<!-- x -->",
        "[a]: b",
        "",
        "",
        "Title\n===",
        "12:00:01 E73-B set",
        'a;b;"c\n d"',
        "word " * 300,
        "\u2028é\r\n",
        "x" * 900,
    ]
)
PATHS = st.sampled_from(["a.md", "a.csv", "a.tsv", "a.log", "a.txt"])


@given(st.lists(LINES, min_size=1, max_size=14).map("\n".join), PATHS, st.sampled_from([5, 40, 220]))
def test_chunks_hold_the_whole_body_in_order_and_parts_stay_within_them(text: str, path: str, limit: int) -> None:
    try:
        loaded = load(text, path)
    except InvalidDocument:
        return
    stored = loaded.document.text
    last, held = loaded.blocks[0].start, ""
    for ordinal, chunk in enumerate(chunks(text, path, limit)):
        assert chunk.ordinal == ordinal
        assert chunk.text == stored[chunk.start : chunk.end]
        assert chunk.start >= last
        assert not stored[last : chunk.start].strip()
        within = chunk.start
        for part in chunk.parts:
            assert within <= part.start < part.end <= chunk.end
            within = part.end
        assert len({*chunk.defines} - {*chunk.codes}) == 0
        last, held = chunk.end, held + chunk.text
    assert not stored[last:].strip()
    assert held.strip()


HOSTILE = {
    "stars.md": "*" * 50_000 + " a",
    "brackets.md": "[" * 50_000,
    "links.md": "[a](" * 20_000,
    "rules.md": "---\n\n" * 20_000,
    "heading.md": "# E73-B " + "1" * 50_000,
    "pipes.md": "|a" * 9_000 + "|\n" + "|-" * 9_000 + "|\n" + "|1" * 9_000 + "|\n",
    "quotes.csv": "a,b\n" + '"x,' * 30_000,
    "spaces.csv": 'Code,Check\nE73-B,"a' + " " * 100_000 + 'b"\n',
}


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_file_costs_seconds_and_not_minutes(path: str) -> None:
    begun = time.process_time()
    assert chunks(HOSTILE[path], path)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(("path", "blank"), [("a.csv", "\f"), ("a.md", "\u2028"), ("a.md", "\x85")])
def test_a_block_of_nothing_but_blanks_makes_no_chunk(path: str, blank: str) -> None:
    table = "Code;Cause\nE73-B;Leak\n" if path.endswith("csv") else "# Brake\n\n| Code |\n|---|\n| E73-B |\n"
    assert all(chunk.text.strip() for chunk in chunks(f"{table}{blank}\n", path))
