"""The truth as an index reads it."""

from dataclasses import replace as altered

import pytest

from app.core.errors import RecordsUnavailable
from app.core.principal import LOCAL
from app.records.home import Records
from app.retrieval.base import Hit, IndexRow, Truth
from tests.records.samples import cut


async def test_it_is_what_the_retriever_asks_for(records: Records) -> None:
    truth: Truth = records.truth
    assert truth.index_version("main") == 0
    assert truth.changes("main", 0, "m").documents == frozenset()


async def test_passages_carry_the_place_in_the_document(records: Records) -> None:
    brought = cut("a.md", 3)
    brought = altered(brought, document=altered(brought.document, superseded_by="main/b.md"))
    await records.documents.replace(LOCAL, "main", [brought])
    piece = brought.chunks[1]
    (passage,) = records.truth.passages("main", [piece.id])
    for name in ("id", "document_id", "section", "start", "end", "line", "text", "role", "page", "codes", "defines"):
        assert getattr(passage, name) == getattr(piece, name), name
    assert (passage.source, passage.title) == ("a.md", "Title of a.md")
    assert (passage.revision, passage.superseded_by) == ("A", "main/b.md")
    assert passage.parts == piece.parts
    assert passage.applicability == brought.document.applicability
    assert [passage.slice(part) for part in passage.parts] == [
        brought.document.text[p.start : p.end] for p in piece.parts
    ]


async def test_passages_come_in_the_order_asked_and_only_while_active(records: Records) -> None:
    old, other = cut("a.md", 3), cut("b.md", 2)
    await records.documents.replace(LOCAL, "main", [old, other])
    asked = [other.chunks[1].id, old.chunks[2].id, "unknown", other.chunks[0].id]
    assert [p.id for p in records.truth.passages("main", asked)] == [asked[0], asked[1], asked[3]]
    await records.documents.replace(LOCAL, "main", [cut("a.md", 3, revision="B")])
    assert [p.id for p in records.truth.passages("main", asked)] == [asked[0], asked[3]]
    await records.documents.remove(LOCAL, "main", ["main/b.md"])
    assert records.truth.passages("main", asked) == []
    assert records.truth.passages("main", []) == []


async def test_no_passage_crosses_into_another_knowledge_base(records: Records) -> None:
    brought = cut("a.md", kb="depot")
    await records.documents.replace(LOCAL, "depot", [brought])
    assert records.truth.passages("main", [piece.id for piece in brought.chunks]) == []
    assert records.truth.by_code("main", ["E73-B"], 5) == []
    assert records.truth.changes("main", 0, "m").rows == ()


async def test_changes_tell_what_to_forget_and_what_to_add(records: Records) -> None:
    brought = cut("a.md", 2, model="m")
    await records.documents.replace(LOCAL, "main", [brought, cut("b.md", 1)])
    first = records.truth.changes("main", 0, "m")
    assert (first.version, first.documents) == (1, {"main/a.md", "main/b.md"})
    rows = {row.chunk_id: row for row in first.rows}
    vectors = list(brought.vectors.values())
    piece = brought.chunks[0]
    assert rows[piece.id] == IndexRow(piece.id, "main/a.md", piece.indexed, ("E73-B",), ("E73-B",), vectors[0])
    assert [row.vector for row in first.rows if row.document_id == "main/b.md"] == [None]

    await records.documents.replace(LOCAL, "main", [cut("c.md", 1)])
    await records.documents.remove(LOCAL, "main", ["main/a.md"])
    later = records.truth.changes("main", 1, "m")
    assert (later.version, later.documents) == (3, {"main/a.md", "main/c.md"})
    assert {row.document_id for row in later.rows} == {"main/c.md"}
    assert records.truth.changes("main", 3, "m").documents == frozenset()


async def test_another_model_has_not_seen_the_texts(records: Records) -> None:
    await records.documents.replace(LOCAL, "main", [cut("a.md", 2, model="m")])
    assert [row.vector for row in records.truth.changes("main", 0, "other").rows] == [None, None]


async def test_by_code_puts_definitions_first_then_the_documents_order(records: Records) -> None:
    first, second = cut("a.md", 3), cut("b.md", 2)
    await records.documents.replace(LOCAL, "main", [second, first])
    hits = records.truth.by_code("main", ["E73-B", "E99-Z"], 4)
    pieces = (first.chunks[0], second.chunks[0], first.chunks[1], first.chunks[2])
    assert [hit.chunk_id for hit in hits] == [piece.id for piece in pieces]
    assert hits[0].score == hits[1].score > hits[2].score
    assert isinstance(hits[0], Hit)
    assert records.truth.by_code("main", ["E73-A"], 4) == []
    assert records.truth.by_code("main", [], 4) == []


async def test_a_definition_outweighs_several_mentions(records: Records) -> None:
    brought = cut("a.md", 2)
    busy = altered(brought.chunks[1], codes=("E73-B", "E12-A", "E13-A"))
    await records.documents.replace(LOCAL, "main", [altered(brought, chunks=(brought.chunks[0], busy))])
    hits = records.truth.by_code("main", ["E73-B", "E12-A", "E13-A"], 2)
    assert [hit.chunk_id for hit in hits] == [brought.chunks[0].id, busy.id]


async def test_closed_records_say_so(records: Records) -> None:
    await records.close()
    with pytest.raises(RecordsUnavailable):
        records.truth.index_version("main")
    with pytest.raises(RecordsUnavailable):
        await records.documents.replace(LOCAL, "main", [cut("a.md")])
