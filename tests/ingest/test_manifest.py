from pathlib import Path

import pytest

from app.core.errors import InvalidDocument
from app.core.principal import LOCAL
from app.ingest import manifest
from app.ingest.pipeline import IngestPipeline
from tests.ingest.shelf import HashEmbedder, MemoryDocuments
from tests.ingest.test_hostile import executor

__all__ = ["executor"]

SAID = """- path: a.md
  id: brake-1
  title: Brake manual
  revision: 1.10
  valid_from: 2026-03-31
  superseded_by: b.md
  vehicle_classes: [101, "185"]
  baselines: 3.4, 3.6
  owner: depot-north
- path: b.md
  id: brake-2
"""


@pytest.fixture
def documents() -> MemoryDocuments:
    return MemoryDocuments()


@pytest.fixture
def pipeline(documents: MemoryDocuments, executor) -> IngestPipeline:  # type: ignore[no-untyped-def]
    return IngestPipeline(documents, HashEmbedder(), executor)


def shelf(root: Path, said: str = SAID) -> Path:
    (root / "a.md").write_text("---\nrevision: old\nbaselines: 1.0\n---\nE73-B is low.\n")
    (root / "b.md").write_text("E73-B is lower.\n")
    (root / "manifest.yaml").write_text(said)
    return root


async def test_the_manifest_wins_over_the_file_and_is_no_document(
    tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    report = await pipeline.folder(LOCAL, "main", shelf(tmp_path))
    assert [(outcome.path, outcome.state) for outcome in report.outcomes] == [("a.md", "read"), ("b.md", "read")]
    document = documents.kept["main/brake-1"].document
    assert (document.title, document.revision, str(document.valid_from)) == ("Brake manual", "1.10", "2026-03-31")
    assert document.applicability.vehicle_classes == ("101", "185")
    assert document.applicability.baselines == ("3.4", "3.6")
    assert document.superseded_by == "main/brake-2"
    assert documents.owners == {"main/brake-1": "depot-north", "main/brake-2": "local"}


async def test_what_the_manifest_changes_is_read_anew_and_nothing_else(
    tmp_path: Path, pipeline: IngestPipeline
) -> None:
    await pipeline.folder(LOCAL, "main", shelf(tmp_path))
    report = await pipeline.folder(LOCAL, "main", shelf(tmp_path, SAID + "  revision: 2\n"))
    assert [(outcome.path, outcome.state) for outcome in report.outcomes] == [("a.md", "unchanged"), ("b.md", "read")]


async def test_an_entry_whose_file_is_missing_is_told(tmp_path: Path, pipeline: IngestPipeline) -> None:
    report = await pipeline.folder(LOCAL, "main", shelf(tmp_path, SAID + "- path: gone/c.md\n"))
    (told,) = (outcome for outcome in report.outcomes if outcome.state == "refused")
    assert (told.path, told.line) == ("manifest.yaml", 12)
    assert "gone/c.md" in told.reason


@pytest.mark.parametrize(
    ("said", "line", "why"),
    [
        ("- path: a.md\n  revison: B\n", 2, "unknown field 'revison'"),
        ("- path: a.md\n  valid_from: soon\n", 2, "no date"),
        ("- path: a.md\n  title: [x, y]\n", 2, "takes one value"),
        ("- path: a.md\n  title: {x: y}\n", 2, "must be a text"),
        ("- path: b.md\n- path: a.md\n- path: a.md\n", 3, "stands twice"),
    ],
)
async def test_a_wrong_entry_refuses_its_file_alone(
    said: str, line: int, why: str, tmp_path: Path, pipeline: IngestPipeline
) -> None:
    report = await pipeline.folder(LOCAL, "main", shelf(tmp_path, said))
    refused, read = report.outcomes
    assert (refused.path, refused.state, refused.line, read.state) == ("a.md", "refused", line, "read")
    assert why in refused.reason


@pytest.mark.parametrize(
    "said",
    [
        "- title: x\n",
        "- path: ../a.md\n",
        "- just text\n",
        "some: thing\n",
        "- path: [a\n",
        "- [a]: b\n",
        "[" * 500,
        "- path: a.md\n  id: " + "[" * 50,
    ],
)
async def test_a_manifest_that_cannot_be_made_out_lets_nothing_in(
    said: str, tmp_path: Path, pipeline: IngestPipeline, documents: MemoryDocuments
) -> None:
    with pytest.raises(InvalidDocument, match=r"manifest\.yaml, line [12]"):
        await pipeline.folder(LOCAL, "main", shelf(tmp_path, said))
    assert documents.kept == {}


def test_entries_may_stand_under_documents() -> None:
    assert list(manifest.read(b"documents:\n- path: a.md\n  revision: B\n").entries) == ["a.md"]
