import pytest

from app.core.errors import InvalidDocument
from tests.ingest.papers import HTML
from tests.ingest.shelf import chunks, load, parts


def kinds(text: str) -> list[tuple[str, str, str]]:
    loaded = load(text, "a.html")
    shown = [block for block in loaded.blocks if block.kind not in ("dropped", "furniture")]
    return [(block.kind, block.label, block.words) for block in shown]


def test_a_page_becomes_what_its_reader_sees() -> None:
    assert kinds(HTML) == [
        ("heading", "", "Brake unit"),
        ("text", "", "Check the valve at < 5 bar."),
        ("text", "", "Second"),
        ("heading", "", "E73-B Pressure low"),
        ("text", "Causes", "Causes:"),
        ("item", "Causes", "Leaking pipe"),
        ("item", "Causes", "Valve stuck"),
        ("cell", "Code", "E73-A"),
        ("cell", "Cause", "Low pressure"),
    ]


def test_the_stored_text_is_the_source_and_places_count_in_it() -> None:
    loaded = load(HTML, "a.html")
    assert loaded.document.text == HTML
    places = [HTML[block.start : block.end] for block in loaded.blocks if block.kind == "text"]
    assert places[0] == "Check <b>the</b> valve at &lt; 5 bar."


def test_title_and_metadata_come_from_the_head() -> None:
    document = load(HTML, "a.html").document
    assert (document.title, document.revision, document.format) == ("Brake & air", "B", "html")


def test_scripts_navigation_and_server_side_includes_are_in_no_chunk() -> None:
    whole = "".join(chunk.text + chunk.indexed for chunk in chunks(HTML, "a.shtml"))
    assert not [word for word in ("not this", "Home", "Imprint") if word in whole]
    assert "virtual" not in "".join(chunk.indexed for chunk in chunks(HTML, "a.shtml"))


def test_items_below_causes_are_causes() -> None:
    found = [part for chunk in chunks(HTML, "a.html") for part in parts(chunk)]
    assert ("cause", "Leaking pipe") in found


def test_a_part_that_is_skipped_but_never_closed_is_read() -> None:
    assert kinds("<html><nav><p>All of it</p>") == [("text", "", "All of it")]


def test_cells_that_span_rows_and_columns_do_not_shift_the_others() -> None:
    table = (
        "<table><tr><th>Code<th>Cause<th>Remedy</tr>"
        "<tr><td rowspan=2>E73-B<td>Leak<td>Seal</tr>"
        "<tr><td>Wear<td>Replace</tr><tr><td colspan=2>E1<td>None</tr></table>"
    )
    assert kinds(table)[3:] == [
        ("cell", "Cause", "Wear"),
        ("cell", "Remedy", "Replace"),
        ("cell", "Code", "E1"),
        ("cell", "Remedy", "None"),
    ]


def test_a_table_of_one_column_only_lays_out_the_page() -> None:
    assert kinds("<table><tr><td><p>One<p>Two</td></tr></table>")[0][0] == "text"


def test_a_term_leads_in_its_definition() -> None:
    assert kinds("<dl><dt>Cause<dd>Leak</dl>") == [("text", "Cause", "Cause"), ("item", "Cause", "Leak")]


def test_preformatted_text_is_code() -> None:
    assert kinds("<p>a</p><pre>x = 1\ny = 2</pre>")[1] == ("code", "", "x = 1 y = 2")


def test_a_page_without_text_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="no text between its tags"):
        load("<html><body><script>x</script></body></html>", "a.html")


@pytest.mark.parametrize("odd", ["<![0DOCTYPE html>", "<![if !mso]>", "<![CDATA[x]]>", "<![endif]"])
def test_a_marked_section_is_a_comment_whatever_it_says(odd: str) -> None:
    assert [chunk.text for chunk in chunks(f"{odd}\n<p>Brake pressure low.</p>", "a.html")] == ["Brake pressure low."]
