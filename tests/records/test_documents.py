"""Documents go in whole, are replaced whole, and are seen only by who was granted their knowledge base."""

import hashlib
from dataclasses import replace as altered
from datetime import date

import pytest

from app.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.core.ids import text_hash
from app.core.principal import LOCAL, Principal
from app.records.home import Records
from tests.records.samples import ANNA, BORIS, STRANGER, cut
from tests.records.whole import faulty


async def test_a_document_comes_back_as_it_went_in(records: Records) -> None:
    brought = cut("brakes/e73.md")
    document = altered(brought.document, valid_from=date(2026, 3, 1), superseded_by="main/new.md")
    await records.documents.replace(ANNA, "main", [altered(brought, document=document)])
    assert await records.documents.get(ANNA, document.id) == document


async def test_the_list_tells_what_each_document_holds(records: Records) -> None:
    brought = cut("b.md", 4)
    await records.documents.replace(ANNA, "main", [cut("c.md", 1)])
    await records.documents.replace(BORIS, "main", [brought])
    first, second = await records.documents.list(ANNA, "main")
    assert (first.path, first.owner, first.chunks, first.generation) == ("b.md", "boris", 4, 2)
    assert first.digest == hashlib.sha256(brought.document.text.encode()).hexdigest()
    assert (second.path, second.owner, second.chunks, second.generation) == ("c.md", "anna", 1, 1)


async def test_each_replacement_raises_the_version_of_its_own_knowledge_base(records: Records) -> None:
    assert await records.documents.replace(BORIS, "main", [cut("a.md")]) == 1
    assert await records.documents.replace(BORIS, "main", [cut("a.md", revision="B"), cut("b.md")]) == 2
    assert await records.documents.replace(BORIS, "depot", [cut("a.md", kb="depot")]) == 1
    assert await records.documents.replace(BORIS, "main", []) == 2


async def test_a_replaced_document_leaves_nothing_of_its_old_generation(records: Records) -> None:
    await records.documents.replace(ANNA, "main", [cut("a.md", 9, model="m"), cut("b.md", 2, model="m")])
    await records.documents.replace(ANNA, "main", [cut("a.md", 2, revision="B", model="m")])
    assert await faulty(records) == {}
    chunks, vectors = await records.db.read(
        lambda c: (c.execute("SELECT COUNT(*) FROM chunks").fetchone(), c.execute("SELECT * FROM vectors").fetchall())
    )
    assert chunks == (4,)
    assert len(vectors) == 4


async def test_a_removed_document_is_gone_and_may_come_back(records: Records) -> None:
    await records.documents.replace(ANNA, "main", [cut("a.md"), cut("b.md")])
    assert await records.documents.remove(ANNA, "main", ["main/a.md", "main/nowhere.md"]) == 2
    with pytest.raises(NotFound):
        await records.documents.get(ANNA, "main/a.md")
    assert [row.path for row in await records.documents.list(ANNA, "main")] == ["b.md"]
    assert await faulty(records) == {}
    assert await records.documents.remove(ANNA, "main", ["main/a.md"]) == 2
    assert await records.documents.replace(ANNA, "main", [cut("a.md")]) == 3
    assert (await records.documents.get(ANNA, "main/a.md")).path == "a.md"


async def test_a_removal_reaches_no_other_knowledge_base(records: Records) -> None:
    await records.documents.replace(BORIS, "depot", [cut("a.md", kb="depot")])
    with pytest.raises(Conflict):
        await records.documents.remove(ANNA, "main", ["depot/a.md"])
    assert await records.documents.get(BORIS, "depot/a.md")


async def test_nothing_is_written_of_a_batch_that_is_refused(records: Records) -> None:
    await records.documents.replace(BORIS, "depot", [cut("a.md", kb="depot")])
    stolen = cut("x.md")
    stolen = altered(stolen, document=altered(stolen.document, id="depot/a.md"), chunks=())
    clash = altered(cut("y.md"), chunks=cut("y.md").chunks[:1] * 2)
    for wrong, error in (
        ([cut("new.md"), stolen], Conflict),
        ([cut("new.md"), clash], Conflict),
        ([cut("new.md"), cut("new.md")], InvalidInput),
        ([cut("new.md"), cut("z.md", kb="depot")], InvalidInput),
    ):
        with pytest.raises(error):
            await records.documents.replace(BORIS, "main", wrong)
    assert list(await records.documents.list(BORIS, "main")) == []
    assert records.truth.index_version("main") == 0


async def test_who_was_not_granted_a_knowledge_base_is_refused(records: Records) -> None:
    await records.documents.replace(ANNA, "main", [cut("a.md")])
    with pytest.raises(Forbidden):
        await records.documents.replace(STRANGER, "main", [cut("a.md", revision="B")])
    with pytest.raises(Forbidden):
        await records.documents.remove(STRANGER, "main", ["main/a.md"])
    with pytest.raises(Forbidden):
        await records.documents.list(STRANGER, "main")
    with pytest.raises(Forbidden):
        await records.documents.digests(STRANGER, "main", "m")
    with pytest.raises(NotFound):
        await records.documents.get(STRANGER, "main/a.md")
    with pytest.raises(NotFound):
        await records.documents.get(Principal("nobody", kbs=frozenset()), "main/a.md")


async def test_reading_needs_a_scope_and_asking_does_not_suffice_to_write(records: Records) -> None:
    await records.documents.replace(ANNA, "main", [cut("a.md")])
    asker, approver = Principal("x", frozenset({"ask"})), Principal("y", frozenset({"approve"}))
    assert await records.documents.get(asker, "main/a.md")
    with pytest.raises(Forbidden):
        await records.documents.get(approver, "main/a.md")
    with pytest.raises(Forbidden):
        await records.documents.replace(asker, "main", [cut("b.md")])


async def test_a_knowledge_base_has_a_plain_name(records: Records) -> None:
    with pytest.raises(InvalidInput):
        await records.documents.replace(LOCAL, "Main Depot", [])


async def test_digests_name_the_documents_that_need_no_work(records: Records) -> None:
    whole, bare = cut("whole.md", model="m"), cut("bare.md")
    half = cut("half.md", model="m")
    half = altered(half, vectors=dict(list(half.vectors.items())[:1]))
    await records.documents.replace(ANNA, "main", [whole, bare, half])
    digest = hashlib.sha256(whole.document.text.encode()).hexdigest()
    assert await records.documents.digests(ANNA, "main", "m") == {"main/whole.md": digest}
    assert await records.documents.digests(ANNA, "main", "other") == {}
    assert set(await records.documents.digests(ANNA, "main", "")) == {"main/whole.md", "main/bare.md", "main/half.md"}


async def test_vectors_are_found_by_model_and_text_and_shared_by_equal_texts(records: Records) -> None:
    brought = cut("a.md", model="m")
    await records.documents.replace(ANNA, "main", [brought])
    hashes = [*brought.vectors, text_hash("never seen")]
    assert await records.documents.vectors("m", hashes) == brought.vectors
    assert await records.documents.vectors("other", hashes) == {}
    assert await records.documents.vectors("m", []) == {}


async def test_where_a_document_came_from_and_whose_it_is_is_kept(records: Records) -> None:
    brought = altered(cut("a.md"), seal="s1", root="r1", owner="depot")
    await records.documents.replace(ANNA, "main", [brought])
    (row,) = await records.documents.list(ANNA, "main")
    assert (row.seal, row.root, row.owner, row.superseded_by) == ("s1", "r1", "depot", None)
    await records.documents.replace(ANNA, "main", [altered(brought, seal="s2", owner="")])
    (row,) = await records.documents.list(ANNA, "main")
    assert (row.seal, row.root, row.owner) == ("s2", "r1", "anna")
