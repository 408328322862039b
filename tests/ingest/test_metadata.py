from datetime import date

import pytest

from app.core.errors import InvalidDocument
from tests.ingest.shelf import load

FRONT = """---
title: Brake manual
revision: 1.10
valid_from: 2026-03-31
superseded_by: new/brakes.md
vehicle_classes: [BR 101, "185"]
baselines: 3.4, 3.6
layout: wide
---
# Something else

Text.
"""


def test_front_matter_describes_the_document() -> None:
    document = load(FRONT).document
    assert (document.title, document.revision, document.valid_from) == ("Brake manual", "1.10", date(2026, 3, 31))
    assert document.superseded_by == "new/brakes.md"
    assert document.applicability.vehicle_classes == ("BR 101", "185")
    assert document.applicability.baselines == ("3.4", "3.6")
    assert document.text == FRONT


def test_front_matter_is_no_part_of_the_body() -> None:
    assert load(FRONT).blocks[0].start == FRONT.index("# Something")


@pytest.mark.parametrize("path", ["faults.csv", "rec.log"])
def test_leading_comments_describe_a_table_or_log(path: str) -> None:
    text = "# Title: Doors;;\r\n# vehicle-classes: A, B;;\r\n# id: doors-1\r\nCode;Meaning\r\nE73-B;Open\r\n"
    loaded = load(text, path)
    assert loaded.document.id == "main/doors-1"
    assert loaded.document.title == "Doors"
    assert loaded.document.applicability.vehicle_classes == ("A", "B")
    assert loaded.blocks[0].start == text.index("Code;")


def test_a_comment_that_is_no_metadata_stays_in_the_body() -> None:
    loaded = load("# title: Log\n# recorder: 17\n12:00:00 up\n", "a.log")
    assert loaded.document.text[loaded.blocks[0].start :].startswith("# recorder: 17")


def test_the_document_is_titled_by_metadata_then_heading_then_file_name() -> None:
    assert load("---\ntitle: A\n---\n# B\n").document.title == "A"
    assert load("# B [x](y) `c`\n").document.title == "B x c"
    assert load("text\n", "dir/brakes.md").document.title == "brakes"


@pytest.mark.parametrize(
    ("text", "path", "line", "why"),
    [
        ("---\ntitle: A\nvalid_from: soon\n---\nx", "a.md", 3, "no date: 'soon'"),
        ("---\ntitle: [A, B]\n---\nx", "a.md", 2, "takes one value"),
        ("---\nrevision: {a: b}\n---\nx", "a.md", 2, "must be a text"),
        ("---\ntitle: A\nrevison: B\n---\nx", "a.md", 3, "'revision' is meant"),
        ("---\ntitle: A\nbaselines: [a\n---\nx", "a.md", 3, "cannot be read"),
        ("---\n- a\n- b\n---\nx", "a.md", 2, "key: value"),
        ("# title: A\n# valid_from: 31.3.2026\nCode,Text\nE73-B,x\n", "a.csv", 2, "no date"),
        ("# superseeded_by: b.log\n12:00:00 x\n", "a.log", 1, "'superseded_by' is meant"),
    ],
)
def test_bad_metadata_is_refused_naming_file_and_line(text: str, path: str, line: int, why: str) -> None:
    with pytest.raises(InvalidDocument, match=why) as caught:
        load(text, path)
    assert caught.value.line == line
    assert f"{path}, line {line}" in caught.value.message


def test_a_file_of_metadata_alone_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="no text below"):
        load("---\ntitle: A\n---\n\n")


@pytest.mark.parametrize("text", ["---\nprose between rules\n---\nmore\n", "---\nnever closed\n"])
def test_a_rule_on_the_first_line_is_no_front_matter(text: str) -> None:
    loaded = load(text)
    assert loaded.blocks[0].start == 0


def test_front_matter_nested_beyond_reason_is_refused() -> None:
    with pytest.raises(InvalidDocument):
        load("---\ntitle: " + "[" * 50_000 + "\n---\nx\n")
