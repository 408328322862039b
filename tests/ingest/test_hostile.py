"""What nobody would want to be sent: each is refused by name and reason, and the file beside it still comes in."""

import os
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from app.core.errors import InvalidDocument, UnsupportedFormat
from app.core.principal import LOCAL
from app.core.wire import from_json, to_json
from app.ingest.apart import Workshop
from app.ingest.base import Report
from app.ingest.child import Limits, Reply, answer, refuse
from app.ingest.parse import Job
from app.ingest.pipeline import IngestPipeline
from tests.ingest.papers import ENTITIES, docx, pdf, rezipped
from tests.ingest.shelf import MemoryDocuments

GOOD = "# Brake\n\nE73-B: the pressure is low.\n"
Make = Callable[[Path], None]


@pytest.fixture(scope="module")
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        package.writestr("[Content_Types].xml", "x")
        package.writestr("word/document.xml", b"a" * (280 * 2**20))
    return out.getvalue()


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 * 2**30)


def written(content: bytes) -> Make:
    return lambda path: (path.write_bytes(content), None)[1]


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes devices")


def undecodable(path: Path) -> None:
    (path.parent / os.fsdecode(b"\xff" + os.fsencode(path.name))).write_text(GOOD)


HOSTILE: dict[str, tuple[str, Make, str]] = {
    "broken PDF": (
        "x.pdf",
        written(b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\nstartxref\n99999\n%%EOF"),
        "damaged",
    ),
    "PDF cut short": ("x.pdf", written(pdf([["Text."]])[:600]), "damaged"),
    "2 GB": ("x.md", sparse, "more than the limit"),
    "2 GB PDF": ("x.pdf", sparse, "more than the limit"),
    "wrong encoding": ("x.md", written("Überdruck prüfen".encode("utf-16-le")), "binary"),
    "broken UTF-16": ("x.rst", written(b"\xff\xfea\x00\x00\xd8b\x00"), "promises utf-16"),
    "random bytes": ("x.html", written(bytes(range(256)) * 40), "binary|neither"),
    "empty": ("x.html", written(b""), "empty"),
    "empty PDF": ("x.pdf", written(b""), "empty"),
    "blank": ("x.json", written(b" \n "), "empty"),
    "zip bomb": ("x.docx", written(bomb()), "bomb"),
    "entity bomb": (
        "x.docx",
        written(rezipped(docx(), document=ENTITIES)),
        "cannot be read|no text",
    ),
    "alias bomb": (
        "x.yaml",
        written(b"a: &a [x]\n" + b"".join(b"%d: &n%d [*a, *a]\n" % (n, n) for n in range(3)) + b"b: ["),
        "no valid YAML",
    ),
    "deep JSON": ("x.json", written(b"[" * 100_000), "nested too deep"),
    "deep YAML": ("x.yaml", written(b"[" * 5_000), "nested|too deep|valid"),
    "deep quotes in reStructuredText": (
        "x.rst",
        written(b"".join(b" " * n + b"* a\n\n" for n in range(2_000))),
        "nested|memory|longer",
    ),
    "archive": ("x.md", written(b"PK\x03\x04zip"), "ZIP archive"),
    "archive named DOCX": ("x.docx", written(b"PK\x03\x04zip"), "not a DOCX"),
    "picture named PDF": ("x.pdf", written(b"\x89PNG\r\n"), "not a PDF"),
    "program": ("x.exe", written(b"MZ\x90"), "not read"),
    "link out": ("x.md", lambda path: path.symlink_to("/etc/passwd"), "leaves the folder"),
    "link loop": ("x.md", lambda path: path.symlink_to(path.name), "leads nowhere"),
    "folder link out": ("x", lambda path: path.symlink_to("/etc"), "leaves the folder"),
    "pipe": ("x.md", os.mkfifo, "not a regular file"),
    "device": ("x.md", device, "not a regular file"),
    "name that is no text": ("x.md", undecodable, "no path for a document"),
}


async def taken_in(root: Path, executor: ThreadPoolExecutor, **options: Limits) -> tuple[Report, MemoryDocuments]:
    documents = MemoryDocuments()
    return await IngestPipeline(documents, None, executor, **options).folder(LOCAL, "main", root), documents


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_file_is_refused_by_name_and_reason_and_stops_no_other(
    what: str, tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    name, make, why = HOSTILE[what]
    (tmp_path / "a.md").write_text(GOOD)
    (tmp_path / "z.md").write_text(GOOD)
    make(tmp_path / name)
    report, documents = await taken_in(tmp_path, executor)
    assert sorted(documents.kept) == ["main/a.md", "main/z.md"]
    (refused,) = (outcome for outcome in report.outcomes if outcome.state == "refused")
    assert refused.path.endswith(name)
    assert [word for word in why.split("|") if word in refused.reason], refused.reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    (tmp_path / "x.md").write_text(GOOD)
    (tmp_path / "x.md").chmod(0)
    report, _ = await taken_in(tmp_path, executor)
    assert "cannot be read" in report.outcomes[0].reason


async def test_deep_html_is_read_since_no_tree_is_built(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    (tmp_path / "x.html").write_text("<div>" * 100_000 + "Text.")
    report, _ = await taken_in(tmp_path, executor)
    assert report.outcomes[0].state == "read"


def test_a_process_that_takes_too_long_is_ended_and_replaced() -> None:
    slow = b"<p>x" + b"<!--" * 200_000
    with Workshop(Limits(seconds=1), 1) as workshop:
        begun = time.monotonic()
        with pytest.raises(InvalidDocument, match=r"more than \d+ s of computing|took longer than"):
            workshop.parse(Job("main", "slow.html", slow))
        assert time.monotonic() - begun < 60
        assert workshop.parse(Job("main", "a.json", b'{"a": "b"}')).chunks


def test_a_process_that_takes_too_much_memory_is_told_and_replaced() -> None:
    with Workshop(Limits(memory=260 * 2**20), 1) as workshop:
        with pytest.raises(InvalidDocument, match=r"memory|broke down"):
            workshop.parse(Job("main", "big.json", b'["' + b"a b " * 8_000_000 + b'"]'))
        assert workshop.parse(Job("main", "a.json", b'{"a": "b"}')).chunks


def test_what_is_refused_apart_is_refused_here() -> None:
    with Workshop(size=1) as workshop:
        with pytest.raises(InvalidDocument) as caught:
            workshop.parse(Job("main", "a.json", b'{\n"a": }'))
        assert caught.value.line == 2
        with pytest.raises(UnsupportedFormat):
            workshop.parse(Job("main", "a.xls", b"x"))


def test_a_workshop_that_is_closed_takes_no_more() -> None:
    workshop = Workshop(size=1)
    workshop.parse(Job("main", "a.json", b'{"a": "b"}'))
    workshop.close()
    with pytest.raises(InvalidDocument, match="stopped"):
        workshop.parse(Job("main", "a.json", b'{"a": "b"}'))


def test_a_reader_reaches_for_no_network_and_starts_no_program() -> None:
    for event in ("socket.connect", "subprocess.Popen", "os.system"):
        with pytest.raises(PermissionError):
            refuse(event, ())
    refuse("open", ("a.json", "r", 0))


@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        ("a.json", b'{"a": }', "line 1"),
        ("a.xls", b"x", "not read"),
        ("a.html", b"<p>x", ""),
        ("a.rst", b"x" * 200_000, "longer"),
    ],
)
def test_an_answer_is_data_whatever_came_of_the_file(path: str, content: bytes, told: str) -> None:
    reply = answer(Job("main", path, content), Limits())
    assert told in reply.reason
    assert (reply.parsed is None) == bool(told)
    assert from_json(Reply, to_json(reply)) == reply
