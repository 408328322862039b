from app.ingest.base import Block
from tests.ingest.shelf import chunks, load


def spelled(text: str) -> list[tuple[str, str]]:
    return [(block.kind, text[block.start : block.end]) for block in load(text).blocks]


def test_every_structure_is_a_block_at_its_place() -> None:
    text = "# A\n\nOne\ntwo.\n\n- x\n  - y\n\n```log\n12:00:00\n```\n\n> quoted\n\n---\n\n<!-- note -->\n"
    assert spelled(text) == [
        ("heading", "# A"),
        ("text", "One\ntwo."),
        ("item", "- x"),
        ("item", "  - y"),
        ("code", "```log\n12:00:00\n```"),
        ("text", "> quoted"),
        ("furniture", "---"),
        ("furniture", "<!-- note -->"),
    ]


def test_headings_run_from_the_title_inwards() -> None:
    blocks = load("# A\n## B\n### C\nx\n## D\ny\n\nE\n=\nz\n").blocks
    assert [block.headings for block in blocks if block.kind == "text"] == [("A", "B", "C"), ("A", "D"), ("E",)]


def test_a_heading_within_a_list_opens_no_section() -> None:
    blocks = load("# A\n\n- # B\n\nx\n").blocks
    assert blocks[-1].headings == ("A",)


def test_cells_know_their_column_and_their_row() -> None:
    text = "| Code | Mean |\n|---|:--|\n| E73-B | a \\| b |\nE73-A | c\n"
    cells = [block for block in load(text).blocks if block.kind == "cell"]
    assert [(text[cell.start : cell.end], cell.label) for cell in cells] == [
        ("E73-B", "Code"),
        ("a \\| b", "Mean"),
        ("E73-A", "Code"),
        ("c", "Mean"),
    ]
    assert cells[0].group == cells[1].group != cells[2].group


def test_an_empty_or_surplus_cell_does_not_shift_the_columns() -> None:
    text = "| | B |\n|-|-|\n| | 2 | 3 |\n"
    cells = [block for block in load(text).blocks if block.kind == "cell"]
    assert [(text[cell.start : cell.end], cell.label) for cell in cells] == [("2", "B"), ("3", "")]


def test_a_table_within_a_quote_has_its_cells() -> None:
    text = "> | A | B |\n> |---|---|\n> | 1 | 2 |\n"
    cells = [block for block in load(text).blocks if block.kind == "cell"]
    assert [text[cell.start : cell.end] for cell in cells] == ["1", "2"]


def test_a_line_that_leads_in_a_list_labels_its_items() -> None:
    def labels(text: str) -> list[str]:
        return [block.label for block in load(text).blocks if block.kind == "item"]

    assert labels("Possible causes:\n\n- a\n- b\n") == ["Possible causes", "Possible causes"]
    assert labels("**Remedy**\n\n- a\n") == ["Remedy"]
    assert labels("Causes:\n\n- a\n\nProse.\n\n- b\n") == ["Causes", ""]
    assert labels("Causes:\n\n# New\n\n- b\n") == [""]


def test_text_that_leaves_no_token_is_still_in_a_chunk() -> None:
    (chunk,) = chunks("[a]: http://example.org\n")
    assert chunk.text == "[a]: http://example.org"
    first, *_ = chunks("[a]: http://example.org\n\ntext\n")
    assert first.text.startswith("[a]:")


def test_carriage_returns_and_unicode_lines_do_not_shift_places() -> None:
    text = "# A\r\n\r\nOne\u2028two\r\n\r\n- x\r\n"
    assert spelled(text) == [("heading", "# A"), ("text", "One\u2028two"), ("item", "- x")]


def test_the_first_block_starts_with_the_body() -> None:
    assert load("---\ntitle: A\n---\n\n\ntext").blocks == (Block(19, 23, (), "", 1, "text"),)
