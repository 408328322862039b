"""The PDF and Word documents of the shelf are what their sources make of them."""

import io
import re
import zipfile

import pytest
from docx import Document as WordFile
from pypdf import PdfReader

from tests.knowledge.shelf import PATHS, SHELF, SOURCES, manifest, suffix
from training.make_shelf import MAKERS, Block, blocks, read

MADE = [path for path in PATHS if suffix(path) in MAKERS]


def pages(path: str, content: bytes = b"") -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(content or (SHELF / path).read_bytes())).pages]


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("path", MADE)
def test_a_document_on_the_shelf_is_what_its_source_makes_of_it(path: str) -> None:
    """What is compared is the content: another zlib packs the same content into other bytes."""
    made, stored = MAKERS[suffix(path)](read(SOURCES / f"{path}.md")), (SHELF / path).read_bytes()
    if path.endswith(".pdf"):
        assert pages(path, made) == pages(path, stored)
    else:
        assert members(made) == members(stored)


@pytest.mark.parametrize("path", [MADE[0], MADE[1]])
def test_the_same_source_gives_the_same_bytes(path: str) -> None:
    source = read(SOURCES / f"{path}.md")
    assert MAKERS[suffix(path)](source) == MAKERS[suffix(path)](source)


def test_a_page_that_was_scanned_holds_a_picture_and_not_one_letter() -> None:
    path = "radio/cab-radio-manual.pdf"
    assert [number for number, text in enumerate(pages(path), start=1) if not text.strip()] == [3]
    assert len(PdfReader(SHELF / path).pages[2].images) == 1


def test_a_table_that_runs_over_a_page_break_repeats_its_head_and_breaks_no_code() -> None:
    found = [re.findall(r"^RBC-\d{4}$", text, re.MULTILINE) for text in pages("rbc/rbc-fault-manual.pdf")]
    assert [len(codes) > 2 for codes in found] == [True, True]
    assert len({code for codes in found for code in codes}) == 14
    assert all("Probable cause" in text for text in pages("rbc/rbc-fault-manual.pdf"))


@pytest.mark.parametrize("path", [path for path in MADE if path.endswith(".pdf")])
def test_a_pdf_has_several_pages_and_says_what_it_is(path: str) -> None:
    about, entry = PdfReader(SHELF / path).metadata, manifest()[path]
    assert about is not None
    assert len(pages(path)) > 1
    assert about.title == entry["title"]
    assert about.subject == f"revision={entry['revision']}; valid_from={entry['valid_from']}"


@pytest.mark.parametrize("path", [path for path in MADE if path.endswith(".docx")])
def test_a_word_document_says_what_it_is(path: str) -> None:
    about, entry = WordFile(str(SHELF / path)).core_properties, manifest()[path]
    assert (about.title, about.version) == (entry["title"], entry["revision"])
    assert about.subject == f"revision={entry['revision']}; valid_from={entry['valid_from']}"


def test_a_source_is_read_block_by_block() -> None:
    body = (
        "# Title\n\nTwo lines\nof text.\n\n1. First.\n2. Second.\n\n- [ ] Box.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    )
    body += "<!-- page -->\n\n```scan\nseen,\n\nnot read\n```\n"
    assert list(blocks(body)) == [
        Block("heading", ("Title",), 1),
        Block("text", ("Two lines of text.",)),
        Block("numbers", ("First.", "Second.")),
        Block("bullets", ("Box.",)),
        Block("table", rows=(("a", "b"), ("1", "2"))),
        Block("page"),
        Block("scan", ("seen,", "", "not read")),
    ]
