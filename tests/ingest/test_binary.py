import io
import zipfile

import pytest

from app.core.errors import InvalidDocument
from tests.ingest.papers import docx, pdf, rezipped
from tests.ingest.shelf import chunks, load, parts

HEAD = ["Code", "Meaning", "Check"]
ROWS = [[f"E{n}-B", f"Pressure low {n}", f"Measure {n}.5 bar"] for n in range(10, 60)]


def test_a_pdf_tells_its_pages_its_headings_and_its_title() -> None:
    content = pdf(
        [["# Brake unit", "The unit vents."], ["# E73-B Low", "Check it."]],
        "Manual",
        "revision=B; vehicle_classes=101,185",
    )
    document = load(content, "a.pdf").document
    assert (document.title, document.revision, document.format) == ("Manual", "B", "pdf")
    assert document.applicability.vehicle_classes == ("101", "185")
    assert [(chunk.section, chunk.page) for chunk in chunks(content, "a.pdf")] == [("Brake unit", 1), ("E73-B Low", 2)]


def test_a_table_over_a_page_break_keeps_its_head() -> None:
    content = pdf([["# Faults", [HEAD, *ROWS]]])
    found = [chunk for chunk in chunks(content, "a.pdf") if "E58-B" in chunk.defines]
    assert found[0].page == 2
    assert "Code: E58-B; Meaning: Pressure low 58; Check: Measure 58.5 bar" in found[0].indexed
    assert ("test", "Measure 58.5 bar") in parts(found[0])


def test_a_row_of_several_lines_is_one_row() -> None:
    long = "The pressure in the main pipe is low\nand the compressor runs on"
    content = pdf([[[HEAD, ["E73-B", long, "Look"], ["E74-B", "Short", "Listen"], ["E75-B", "Other", "Feel"]]]])
    whole = "\n".join(chunk.indexed for chunk in chunks(content, "a.pdf"))
    assert "Meaning: The pressure in the main pipe is low and the compressor runs on" in whole


def test_a_page_without_text_is_named() -> None:
    assert load(pdf([["Text."], [], ["More."]]), "a.pdf").warnings == (
        "page 2 holds no text (a picture?) and was not read",
    )
    assert load(pdf([["Text."], [], [], ["More."]]), "a.pdf").warnings[0].startswith("pages 2, 3 hold no text")


def test_running_titles_are_not_searched() -> None:
    pages = [[f"Halden manual page {n}", f"Words of part {'abcdef'[n]}."] for n in range(6)]
    found = chunks(pdf(pages), "a.pdf")
    assert "Halden" not in "".join(chunk.indexed for chunk in found)
    assert "Halden manual" in found[0].text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pdf([[], []]), "none of its 2 pages"),
        (pdf([["x"]], code="secret"), "password"),
        (b"%PDF-1.7\n" + b"garbage " * 50, "damaged"),
        (pdf([["x"]])[:300], "damaged"),
    ],
)
def test_a_pdf_that_cannot_be_read_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(InvalidDocument, match=why):
        load(content, "a.pdf")


def test_a_docx_becomes_headings_items_and_cells() -> None:
    loaded = load(docx("revision=B; valid_from=2026-03-31", "Manual"), "a.docx")
    text = loaded.document.text
    assert [(b.kind, b.label, text[b.start : b.end]) for b in loaded.blocks if b.kind != "furniture"] == [
        ("heading", "", "Brake unit"),
        ("text", "", "The unit vents the pipe."),
        ("heading", "", "E73-B Pressure low"),
        ("item", "", "Check the valve"),
        ("cell", "Code", "E73-A"),
        ("cell", "Cause", "Leaking pipe"),
    ]
    assert (loaded.document.title, loaded.document.revision, str(loaded.document.valid_from)) == (
        "Manual",
        "B",
        "2026-03-31",
    )
    assert chunks(docx(), "a.docx")[0].page is None


def body(inner: str) -> bytes:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    return rezipped(docx(), document=f"<w:document {space}><w:body>{inner}</w:body></w:document>".encode())


def test_inserted_text_is_read_deleted_text_is_not_and_pages_are_told() -> None:
    content = body(
        "<w:p><w:r><w:t>Keep </w:t></w:r><w:ins><w:r><w:t>this</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:lastRenderedPageBreak/><w:t>Boxed</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    loaded = load(content, "a.docx")
    assert loaded.document.text == "Keep this\n\n\fBoxed\n\n"


def test_headers_and_footers_are_read_once_and_page_counts_are_not() -> None:
    import docx as word

    document = word.Document()
    document.add_heading("Brake unit", 1)
    document.add_paragraph("The unit vents the pipe.")
    for section in (document.sections[0], document.add_section()):
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        section.header.paragraphs[0].text = "Valid for class 418 from software 4.1"
        section.footer.paragraphs[0].text = "Page 3 of 17"
    out = io.BytesIO()
    document.save(out)
    loaded = load(out.getvalue(), "a.docx")
    told = [(block.headings, loaded.document.text[block.start : block.end]) for block in loaded.blocks]
    assert told[-1] == ((), "Valid for class 418 from software 4.1")
    assert "Page 3" not in loaded.document.text
    assert loaded.document.text.count("Valid for class 418") == 1


def test_a_footnote_is_read_below_what_it_belongs_to() -> None:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    note = '<w:footnote w:id="2"><w:p><w:r><w:t>Only with cock A13 open.</w:t></w:r></w:p></w:footnote>'
    notes = f"<w:footnotes {space}>{note}</w:footnotes>"
    content = body(
        '<w:p><w:r><w:t>Read the gauge.</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
        "<w:p><w:r><w:t>Then vent.</w:t></w:r></w:p>"
    )
    loaded = load(related(content, "footnotes", notes), "a.docx")
    assert loaded.document.text.split("\n\n")[:3] == ["Read the gauge.", "Only with cock A13 open.", "Then vent."]
    damaged = load(related(content, "footnotes", "<w:footnotes"), "a.docx")
    assert damaged.document.text.split("\n\n")[:2] == ["Read the gauge.", "Then vent."]


def related(content: bytes, kind: str, xml: str) -> bytes:
    """The package with one more part that its document refers to."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relation = f'<Relationship Id="rId99" Type="{office}/{kind}" Target="{kind}.xml"/></Relationships>'
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "word/_rels/document.xml.rels":
                part = part.replace(b"</Relationships>", relation.encode())
            new.writestr(name, part)
        new.writestr(f"word/{kind}.xml", xml)
    return out.getvalue()


def test_cells_that_are_merged_keep_the_others_in_their_columns() -> None:
    def cell(text: str, how: str = "") -> str:
        return f"<w:tc><w:tcPr>{how}</w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"

    rows = (
        cell("Code") + cell("Cause") + cell("Remedy"),
        cell("E73-B", '<w:vMerge w:val="restart"/>') + cell("Leak") + cell("Seal"),
        cell("", "<w:vMerge/>") + cell("both", '<w:gridSpan w:val="2"/>'),
    )
    loaded = load(body("<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"), "a.docx")
    assert [block.label for block in loaded.blocks if block.kind == "cell"] == ["Code", "Cause", "Remedy", "Cause"]


@pytest.mark.parametrize(
    ("content", "why"),
    [(docx()[:900], "parts cannot be listed"), (body(""), "no text"), (body("<w:p>"), "cannot be read")],
)
def test_a_docx_that_cannot_be_read_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(InvalidDocument, match=why):
        load(content, "a.docx")


def test_names_and_values_are_no_head_and_short_lines_end_a_paragraph() -> None:
    content = pdf(
        [
            [
                "# Data",
                [["Supply", "24 V"], ["Pressure", "5 bar"]],
                "# E73-B Low",
                "Cause: stuck.",
                "Remedy: clean it.",
                "x " * 80,
            ]
        ]
    )
    found = chunks(content, "a.pdf")
    assert "Supply; 24 V" in found[0].indexed
    assert [role for role, _ in parts(found[1])][:2] == ["cause", "remedy"]
    assert load(content, "a.pdf").document.title == "Data"


def test_a_numbered_line_at_the_edge_of_both_pages_runs_along() -> None:
    pages = [
        [f"Words of part {'ab'[n]}.", "More of it.", "Still more.", f"Halden manual, page {n + 1}"] for n in range(2)
    ]
    assert "Halden" not in "".join(chunk.indexed for chunk in chunks(pdf(pages), "a.pdf"))


def test_a_chunk_tells_the_page_of_its_own_words() -> None:
    pages = [[f"Halden manual, page {n}", f"# E{n}3-B Low", "Check the valve.", "Vent it."] for n in (1, 2, 3)]
    found = chunks(pdf(pages), "a.pdf")
    assert [(chunk.defines, chunk.page) for chunk in found] == [(("E13-B",), 1), (("E23-B",), 2), (("E33-B",), 3)]
    assert "\f" not in "".join(chunk.text for chunk in found)
