import asyncio
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.errors import (
    EmbedderUnavailable,
    Forbidden,
    InvalidDocument,
    InvalidInput,
    NotFound,
    RecordsUnavailable,
    TooLarge,
    UnsupportedFormat,
)
from app.core.ids import text_hash
from app.core.principal import LOCAL, Principal
from app.ingest.apart import Workshop
from app.ingest.base import Outcome, Pipeline
from app.ingest.pipeline import IngestPipeline
from app.ingest.reading import Shelf
from app.ingest.walk import Found
from app.retrieval.base import Embedder
from tests.ingest.shelf import HashEmbedder, MemoryDocuments

BRAKE = "# Brake\n\n## E73-B Low\n\nPipe is empty.\n"


@pytest.fixture(scope="module")
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def documents() -> MemoryDocuments:
    return MemoryDocuments()


@pytest.fixture
def pipeline(documents: MemoryDocuments, executor: ThreadPoolExecutor) -> IngestPipeline:
    return IngestPipeline(documents, HashEmbedder(), executor)


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_md", ".md").replace("_csv", ".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def states(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {outcome.path: outcome.state for outcome in outcomes}


def texts(pipeline: IngestPipeline) -> list[str]:
    assert isinstance(pipeline.embedder, HashEmbedder)
    return pipeline.embedder.seen


async def test_a_folder_becomes_documents_with_chunks_and_vectors(
    tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    write(tmp_path, brakes__e73_md=BRAKE, faults_csv="Code,Meaning\nE73-A,High\n")
    report = await pipeline.folder(LOCAL, "main", tmp_path)
    assert states(report.outcomes) == {"brakes/e73.md": "read", "faults.csv": "read"}
    assert (report.count("read"), report.index_version) == (2, 1)
    kept = documents.kept["main/brakes/e73.md"]
    assert (kept.document.text, kept.model) == (BRAKE, "hash@1")
    (chunk,) = kept.chunks
    vector = np.frombuffer(kept.vectors[text_hash(chunk.indexed)], "<f4")
    assert vector.tolist() == pytest.approx(HashEmbedder().encode([chunk.indexed])[0].tolist())


async def test_a_second_run_reads_only_what_changed(tmp_path: Path, pipeline: IngestPipeline) -> None:
    write(tmp_path, a_md=BRAKE, b_md="Other.\n")
    await pipeline.folder(LOCAL, "main", tmp_path)
    write(tmp_path, b_md="Changed.\n")
    report = await pipeline.folder(LOCAL, "main", tmp_path)
    assert states(report.outcomes) == {"a.md": "unchanged", "b.md": "read"}
    assert report.outcomes[0].chunks == 1


async def test_only_texts_without_a_vector_reach_the_encoder(
    tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    write(tmp_path, a_md="---\nid: a\n---\n" + BRAKE)
    await pipeline.folder(LOCAL, "main", tmp_path)
    write(tmp_path, a_md="---\nid: a\nrevision: 2\n---\n" + BRAKE + "\n## E37-B New\n\nMore.\n")
    await pipeline.folder(LOCAL, "main", tmp_path)
    assert len(texts(pipeline)) == 2
    assert len(documents.kept["main/a"].vectors) == 2


async def test_shipped_vectors_are_taken_before_the_encoder_is_asked(
    tmp_path: Path, documents: MemoryDocuments, executor: ThreadPoolExecutor
) -> None:
    asked: list[str] = []

    def seeds(model: str, hashes: Sequence[str]) -> Mapping[str, bytes]:
        asked.append(model)
        return dict.fromkeys(hashes, b"seed")

    pipeline = IngestPipeline(documents, HashEmbedder(), executor, seeds=seeds)
    write(tmp_path, a_md=BRAKE)
    await pipeline.folder(LOCAL, "main", tmp_path)
    assert (asked, texts(pipeline), list(documents.stored.values())) == (["hash@1"], [], [b"seed"])


async def test_without_an_encoder_documents_are_kept_without_vectors(
    tmp_path: Path, documents: MemoryDocuments, executor: ThreadPoolExecutor
) -> None:
    write(tmp_path, a_md=BRAKE)
    bare = IngestPipeline(documents, None, executor)
    await bare.folder(LOCAL, "main", tmp_path)
    assert documents.kept["main/a.md"].vectors == {}
    assert (await bare.folder(LOCAL, "main", tmp_path)).count("unchanged") == 1
    encoder: Embedder = HashEmbedder()
    assert (await IngestPipeline(documents, encoder, executor).folder(LOCAL, "main", tmp_path)).count("read") == 1


class NoWeights(HashEmbedder):
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise EmbedderUnavailable("No weights were found.")


async def test_when_the_encoder_is_missing_documents_are_kept_and_completed_later(
    tmp_path: Path, documents: MemoryDocuments, executor: ThreadPoolExecutor
) -> None:
    write(tmp_path, a_md=BRAKE)
    report = await IngestPipeline(documents, NoWeights(), executor).folder(LOCAL, "main", tmp_path)
    assert (report.count("read"), documents.kept["main/a.md"].vectors) == (1, {})
    again = IngestPipeline(documents, HashEmbedder(), executor)
    assert (await again.folder(LOCAL, "main", tmp_path)).count("read") == 1
    assert documents.kept["main/a.md"].vectors


async def test_a_refused_file_stops_no_other_and_says_why(tmp_path: Path, pipeline: IngestPipeline) -> None:
    write(tmp_path, a_md="---\nvalid_from: soon\n---\nx", b_md="\0\0", c_md=BRAKE, d="\0x")
    (tmp_path / "e.xls").write_bytes(b"x")
    heard: list[Outcome] = []
    report = await pipeline.folder(LOCAL, "main", tmp_path, heard.append)
    reasons = {outcome.path: outcome.reason for outcome in report.outcomes if outcome.state == "refused"}
    assert list(reasons) == ["a.md", "b.md", "d", "e.xls"]
    assert report.outcomes[0].line == 2
    assert "binary" in reasons["b.md"]
    assert "binary" in reasons["d"]
    assert ".xls files are not read; Markdown" in reasons["e.xls"]
    assert states(report.outcomes)["c.md"] == "read"
    assert tuple(heard) == report.outcomes


async def test_writes_come_in_batches_and_a_document_is_never_divided(
    tmp_path: Path, documents: MemoryDocuments, executor: ThreadPoolExecutor
) -> None:
    sections = "".join(f"## SIG-{1000 + n} x\n\ny\n\n" for n in range(4))
    write(tmp_path, **{f"f{n:02}_md": sections for n in range(7)})
    pipeline = IngestPipeline(documents, None, executor, batch_documents=5, batch_chunks=9)
    report = await pipeline.folder(LOCAL, "main", tmp_path)
    assert documents.batches == [8, 8, 4, 8]
    assert report.index_version == 4


async def test_when_the_records_fail_nothing_is_said_to_be_read(
    tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    write(tmp_path, a_md=BRAKE)
    documents.broken = True
    heard: list[Outcome] = []
    with pytest.raises(RecordsUnavailable):
        await pipeline.folder(LOCAL, "main", tmp_path, heard.append)
    assert heard == []


async def test_a_successor_may_be_named_by_path_or_by_id(
    tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    def old(by: str) -> str:
        return f"---\nsuperseded_by: {by}\n---\nOld.\n"

    write(tmp_path, x__a_md=old("new/b.md"), x__b_md=old("../new/b.md"), x__c_md=old("b-2"), x__d_md=old("new/c.md"))
    write(tmp_path, new__b_md="---\nid: b-2\n---\nNew.\n", new__c_md="New.\n", x__e_md=old("../../etc/b.md"))
    await pipeline.folder(LOCAL, "main", tmp_path)
    after = {path: documents.kept[f"main/x/{path}.md"].document.superseded_by for path in "abcd"}
    assert after == {"a": "main/b-2", "b": "main/b-2", "c": "main/b-2", "d": "main/new/c.md"}
    assert (await pipeline.folder(LOCAL, "main", tmp_path)).count("read") == 0


async def test_a_successor_that_comes_later_under_an_id_of_its_own_is_followed(
    tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    write(tmp_path, a_md="---\nsuperseded_by: b.md\n---\nOld.\n")
    await pipeline.folder(LOCAL, "main", tmp_path)
    write(tmp_path, b_md="---\nid: b-2\n---\nNew.\n")
    report = await pipeline.folder(LOCAL, "main", tmp_path)
    assert states(report.outcomes) == {"a.md": "read", "b.md": "read"}
    assert documents.kept["main/a.md"].document.superseded_by == "main/b-2"


async def test_a_document_that_supersedes_itself_or_shares_an_id_is_refused(
    tmp_path: Path, pipeline: IngestPipeline
) -> None:
    write(tmp_path, a_md="---\nsuperseded_by: a.md\n---\nx", b_md="---\nid: c\n---\nx", c_md="---\nid: c\n---\ny")
    report = await pipeline.folder(LOCAL, "main", tmp_path)
    assert states(report.outcomes) == {"a.md": "refused", "b.md": "read", "c.md": "refused"}
    assert "belongs to b.md" in report.outcomes[2].reason


async def test_a_file_that_gives_itself_an_id_leaves_its_old_one(
    tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    write(tmp_path, a_md=BRAKE)
    await pipeline.folder(LOCAL, "main", tmp_path)
    write(tmp_path, a_md="---\nid: brake\n---\n" + BRAKE)
    await pipeline.folder(LOCAL, "main", tmp_path)
    assert list(documents.kept) == ["main/brake"]


async def test_an_upload_is_one_file(pipeline: IngestPipeline, documents: MemoryDocuments) -> None:
    door: Pipeline = pipeline
    assert await door.upload(LOCAL, "main", "a//e73.md", BRAKE.encode()) == Outcome("a/e73.md", "read", 1)
    assert await door.upload(LOCAL, "main", "a/e73.md", BRAKE.encode()) == Outcome("a/e73.md", "unchanged", 1)
    assert list(documents.kept) == ["main/a/e73.md"]


@pytest.mark.parametrize(
    ("path", "content", "error"),
    [
        ("../a.md", b"x", InvalidInput),
        ("a.xls", b"x", UnsupportedFormat),
        ("a.md", b"\0", InvalidDocument),
        ("a.md", b"x" * 2000, TooLarge),
    ],
)
async def test_an_upload_that_cannot_be_read_is_an_error(
    documents: MemoryDocuments, executor: ThreadPoolExecutor, path: str, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await IngestPipeline(documents, None, executor, size_limit=1000).upload(LOCAL, "main", path, content)
    assert documents.version == 0


async def test_who_may_not_ingest_is_turned_away(tmp_path: Path, pipeline: IngestPipeline) -> None:
    reader = Principal("reader", frozenset({"ask"}))
    with pytest.raises(Forbidden):
        await pipeline.folder(reader, "main", tmp_path)
    with pytest.raises(Forbidden):
        await pipeline.upload(Principal("x", kbs=frozenset({"other"})), "main", "a.md", b"x")


async def test_a_missing_folder_is_an_error(tmp_path: Path, pipeline: IngestPipeline) -> None:
    with pytest.raises(NotFound):
        await pipeline.folder(LOCAL, "main", tmp_path / "gone")


async def test_two_ingests_of_one_knowledge_base_take_turns(
    tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    write(tmp_path, **{f"f{n}_md": f"{BRAKE}{n}\n" for n in range(6)})
    first, second = await asyncio.gather(
        pipeline.folder(LOCAL, "main", tmp_path), pipeline.folder(LOCAL, "main", tmp_path)
    )
    assert (first.count("read"), second.count("unchanged")) == (6, 6)
    assert documents.version == 1


def test_a_file_that_vanishes_before_it_is_read_is_refused(tmp_path: Path) -> None:
    (reading,) = Shelf("main", {}, {}, 220, Workshop().submit).read_all([Found("a.md", tmp_path / "a.md", 1)])
    assert reading.outcome.state == "refused"
    assert "cannot be read" in reading.outcome.reason
