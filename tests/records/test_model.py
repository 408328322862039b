"""Whatever is replaced and removed, in whatever order, the records hold what a dict would hold."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.ids import text_hash
from app.core.principal import LOCAL
from app.records.base import Cut
from app.records.home import Records, open_records
from tests.records.samples import cut
from tests.records.whole import broken

KBS = st.sampled_from(("main", "depot"))
PATHS = st.sampled_from(("a.md", "b.md", "c.md"))
CUTS = st.builds(
    lambda path, chunks, revision, model, shared: (path, chunks, revision, model, shared),
    PATHS,
    st.integers(0, 4),
    st.sampled_from("AB"),
    st.sampled_from(("", "m")),
    st.sampled_from(("", "shared")),
)
REPLACE = st.tuples(st.just("replace"), KBS, st.lists(CUTS, max_size=3, unique_by=lambda row: row[0]))
REMOVE = st.tuples(st.just("remove"), KBS, st.lists(PATHS, max_size=2))
LOOK = st.tuples(st.just("look"), KBS, st.just([]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(REPLACE, REMOVE, LOOK), max_size=12))
def test_records_and_an_index_fed_by_changes_agree_with_a_dict(steps: list[tuple[str, str, list]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(played(Path(folder), steps))


async def played(folder: Path, steps: list[tuple[str, str, list]]) -> None:
    records = open_records(folder)
    await records.open()
    model: dict[str, dict[str, Cut]] = {"main": {}, "depot": {}}
    index, seen = {"main": {}, "depot": {}}, {"main": 0, "depot": 0}
    for verb, kb, wanted in steps:
        if verb == "look":
            seen[kb] = follow(records, kb, index[kb], seen[kb])
        elif verb == "replace":
            cuts = [cut(p, n, kb=kb, revision=r, model=m, shared=s) for p, n, r, m, s in wanted]
            await records.documents.replace(LOCAL, kb, cuts)
            model[kb].update({c.document.id: c for c in cuts})
        else:
            ids = [f"{kb}/{path}" for path in wanted]
            await records.documents.remove(LOCAL, kb, ids)
            for document in ids:
                model[kb].pop(document, None)
    for kb, expected in model.items():
        assert follow(records, kb, index[kb], seen[kb]) == records.truth.index_version(kb)
        assert {row.id for row in await records.documents.list(LOCAL, kb)} == set(expected)
        assert index[kb] == {c.id: (c.document_id, c.indexed) for held in expected.values() for c in held.chunks}
        for document, held in expected.items():
            assert await records.documents.get(LOCAL, document) == held.document
            found = records.truth.passages(kb, [piece.id for piece in held.chunks])
            assert [passage.text for passage in found] == [piece.text for piece in held.chunks]
            hashes = [text_hash(piece.indexed) for piece in held.chunks]
            assert held.vectors.items() <= (await records.documents.vectors("m", hashes)).items()
    await records.close()
    assert broken(records.db.path) == {}


def follow(records: Records, kb: str, index: dict[str, tuple[str, str]], since: int) -> int:
    """What an index does: forget the rows of the documents that moved, then add the new ones."""
    changes = records.truth.changes(kb, since, "m")
    for chunk in [chunk for chunk, (document, _) in index.items() if document in changes.documents]:
        del index[chunk]
    index.update({row.chunk_id: (row.document_id, row.indexed) for row in changes.rows})
    return changes.version
