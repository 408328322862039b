"""How documents leave: forgotten by name, or offered when their file is gone."""

from pathlib import Path

import pytest

from app.core.errors import Forbidden
from app.core.principal import LOCAL, Principal
from app.ingest.pipeline import IngestPipeline
from tests.ingest.shelf import HashEmbedder, MemoryDocuments
from tests.ingest.test_hostile import executor

__all__ = ["executor"]


@pytest.fixture
def documents() -> MemoryDocuments:
    return MemoryDocuments()


@pytest.fixture
def pipeline(documents: MemoryDocuments, executor) -> IngestPipeline:  # type: ignore[no-untyped-def]
    return IngestPipeline(documents, HashEmbedder(), executor)


def shelf(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"Text of {name}.\n")
    return root


async def test_a_document_whose_file_is_gone_is_offered_and_removed_only_when_told(
    tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    root = shelf(tmp_path, "a.md", "x/b.md")
    await pipeline.folder(LOCAL, "main", root)
    (root / "x/b.md").unlink()
    report = await pipeline.folder(LOCAL, "main", root)
    assert report.vanished == ("x/b.md",)
    assert len(documents.kept) == 2
    report = await pipeline.folder(LOCAL, "main", root, prune=True)
    assert (report.vanished, report.count("removed"), list(documents.kept)) == ((), 1, ["main/a.md"])


async def test_files_of_another_folder_and_uploads_are_never_offered(
    tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    one, two = shelf(tmp_path / "one", "a.md"), shelf(tmp_path / "two", "b.md")
    await pipeline.upload(LOCAL, "main", "c.md", b"Text.\n")
    await pipeline.folder(LOCAL, "main", one)
    report = await pipeline.folder(LOCAL, "main", two, prune=True)
    assert (report.vanished, report.count("removed"), len(documents.kept)) == ((), 0, 3)


async def test_an_empty_folder_prunes_nothing(tmp_path: Path, pipeline: IngestPipeline) -> None:
    root = shelf(tmp_path, "a.md")
    await pipeline.folder(LOCAL, "main", root)
    (root / "a.md").unlink()
    assert (await pipeline.folder(LOCAL, "main", root, prune=True)).vanished == ("a.md",)


async def test_a_file_that_is_refused_now_is_not_gone(tmp_path: Path, pipeline: IngestPipeline) -> None:
    root = shelf(tmp_path, "a.md", "b.md")
    await pipeline.folder(LOCAL, "main", root)
    (root / "b.md").unlink()
    (root / "b.md").symlink_to("/etc/passwd")
    assert (await pipeline.folder(LOCAL, "main", root, prune=True)).vanished == ()


async def test_only_what_is_named_is_read(tmp_path: Path, pipeline: IngestPipeline) -> None:
    root = shelf(tmp_path, "a.md", "b.md")
    counted: list[int] = []
    report = await pipeline.folder(LOCAL, "main", root, only={"b.md"}, expect=counted.append)
    assert ([outcome.path for outcome in report.outcomes], counted) == (["b.md"], [1])


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (["x/b.md"], ["a.md", "x/c.md", "xy.md"]),
        (["x"], ["a.md", "xy.md"]),
        (["./x/"], ["a.md", "xy.md"]),
        (["main/a.md", "xy.md"], ["x/b.md", "x/c.md"]),
    ],
)
async def test_documents_are_forgotten_by_path_id_and_folder(
    names: list[str], left: list[str], tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    await pipeline.folder(LOCAL, "main", shelf(tmp_path, "a.md", "x/b.md", "x/c.md", "xy.md"))
    report = await pipeline.forget(LOCAL, "main", names)
    assert report.count("removed") == 4 - len(left)
    assert sorted(one.document.path for one in documents.kept.values()) == left


async def test_a_name_that_nothing_has_is_told_and_the_others_go(tmp_path: Path, pipeline: IngestPipeline) -> None:
    await pipeline.folder(LOCAL, "main", shelf(tmp_path, "a.md"))
    report = await pipeline.forget(LOCAL, "main", ["b.md", "a.md", ".", "/"])
    assert [(outcome.path, outcome.state) for outcome in report.outcomes] == [
        ("b.md", "refused"),
        (".", "refused"),
        ("/", "refused"),
        ("a.md", "removed"),
    ]


async def test_who_may_not_ingest_may_not_forget(pipeline: IngestPipeline) -> None:
    with pytest.raises(Forbidden):
        await pipeline.forget(Principal("reader", frozenset({"ask"})), "main", ["a.md"])
