import pytest

from app.core.errors import InvalidDocument
from app.ingest.loaders.places import Places
from tests.ingest.papers import RST
from tests.ingest.shelf import chunks, load


def told(text: str) -> list[tuple[str, str, str]]:
    loaded = load(text, "a.rst")
    return [(block.kind, block.label, block.words) for block in loaded.blocks if block.kind != "furniture"]


def test_a_manual_becomes_headings_items_cells_and_code() -> None:
    assert told(RST) == [
        ("heading", "", "Brake unit"),
        ("text", "", "Read the gauge as told in two lines."),
        ("heading", "", "E73-B Pressure low"),
        ("item", "Warning", "Vent the pipe first."),
        ("item", "", "Check the valve"),
        ("item", "", "Tighten it"),
        ("cell", "Code", "E73-A"),
        ("cell", "Cause", "Leaking pipe at the joint"),
        ("text", "", "Title"),
        ("text", "", "Kept content."),
        ("text", "", "Code: E37-A; Cause: Two lines of one cell"),
        ("code", "c", "int x;"),
    ]


def test_the_stored_text_is_the_source_and_places_count_in_it() -> None:
    loaded = load(RST, "a.rst")
    assert loaded.document.text == RST
    own = {block.words: RST[block.start : block.end] for block in loaded.blocks}
    assert own["Read the gauge as told in two lines."] == "Read |gauge| as :ref:`told <there>` in two\nlines."
    assert own["Leaking pipe at the joint"] == "Leaking pipe\n       at the joint"


def test_leading_fields_are_metadata_and_no_body() -> None:
    loaded = load(RST, "a.rst")
    assert (loaded.document.revision, loaded.document.title) == ("C", "Brake unit")
    assert loaded.document.applicability.vehicle_classes == ("101", "185")
    assert loaded.blocks[0].start == RST.index("Brake unit")


def test_nothing_is_read_from_another_file() -> None:
    for directive in (
        ".. include:: /etc/passwd",
        ".. raw:: html\n   :file: /etc/passwd",
        ".. csv-table::\n   :file: /etc/passwd",
    ):
        assert "root" not in "".join(chunk.indexed for chunk in chunks(f"Text.\n\n{directive}\n", "a.rst"))


def test_a_substitution_that_is_defined_elsewhere_keeps_its_name() -> None:
    assert told("Use |EX-CS| here.\n") == [("text", "", "Use EX-CS here.")]


def test_a_substitution_is_resolved_in_each_piece_of_a_long_paragraph_too() -> None:
    sentences = [f"Sentence {n} says that |unit| vents the pipe behind cock {n} of the car." for n in range(60)]
    text = ".. |unit| replace:: the brake unit\n\n" + "\n".join(sentences) + "\n"
    found = [chunk.indexed for chunk in chunks(text, "a.rst")]
    assert len(found) > 2
    assert "|" not in "".join(found)
    for n in range(60):
        assert sum(f"Sentence {n} says that the brake unit vents" in words for words in found) == 1


def test_equal_words_are_told_apart_by_their_order() -> None:
    text = "A\n=\n\nDone.\n\nB\n=\n\nDone.\n"
    first, second = (block for block in load(text, "a.rst").blocks if block.kind == "text")
    assert (first.start, second.start) == (text.index("Done."), text.rindex("Done."))


def test_a_long_paragraph_is_searched_without_its_marks() -> None:
    text = "Use :ref:`the |gauge| <there>` and **look** at ``it``. " * 60 + "\n"
    found = chunks(text, "a.rst")
    assert len(found) > 1
    assert not set("`*|<") & set("".join(chunk.indexed for chunk in found))


def test_a_definition_stands_under_its_term() -> None:
    assert told("Cause\n   Leaking pipe.\n") == [("text", "Cause", "Cause"), ("item", "Cause", "Leaking pipe.")]


@pytest.mark.parametrize("text", [".. toctree::\n\n   a\n   b\n", ".. comment\n"])
def test_a_file_of_directives_alone_is_refused(text: str) -> None:
    with pytest.raises(InvalidDocument, match="directives alone"):
        load(text, "a.rst")


def test_a_line_beyond_reason_is_refused_by_its_number() -> None:
    with pytest.raises(InvalidDocument) as caught:
        load("a\n\n" + "x" * 200_000, "a.rst")
    assert caught.value.line == 3


def test_a_piece_that_is_nowhere_has_no_place() -> None:
    places = Places("one\ntwo\n")
    assert places.find("three") is None
    assert places.find("") is None
    assert places.find("two") == (4, 7)
    assert places.find("one") is None
