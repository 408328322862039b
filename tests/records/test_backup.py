"""A backup is whole, a restored home is the same, and what is not right changes nothing."""

import asyncio
import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import Conflict, InvalidBackup, NotFound, RecordsUnavailable
from app.core.principal import LOCAL
from app.core.wire import from_json, to_json
from app.records.archive import Kept, Manifest, plain
from app.records.backup import backup
from app.records.home import Records, open_records
from app.records.restore import restore
from tests.records.samples import cut
from tests.records.whole import broken

Members = dict[str, bytes]


@pytest.fixture
async def saved(tmp_path: Path) -> Path:
    """A backup of a home with two documents, a spooled pack, and things that belong to no backup."""
    home = tmp_path / "home"
    records = open_records(home)
    await records.open()
    await records.documents.replace(LOCAL, "main", [cut("a.md", 3), cut("b.md", 2)])
    (home / "spool").mkdir()
    (home / "spool" / "r1.json").write_text("{}")
    (home / "spool" / "r2.tmp").write_text("half")
    (home / "weights").mkdir()
    (home / "weights" / "model.safetensors").write_bytes(bytes(10))
    (home / "link").symlink_to("/etc/passwd")
    backup(home, tmp_path / "saved.tgz", "1", _settings(tmp_path))
    await records.close()
    return tmp_path / "saved.tgz"


def _settings(folder: Path) -> Path:
    (folder / "rail-debug.yaml").write_text("kb: depot\n")
    return folder / "rail-debug.yaml"


async def listed(records: Records) -> list[tuple[str, str, int]]:
    return [(row.path, row.digest, row.chunks) for row in await records.documents.list(LOCAL, "main")]


def rewritten(saved: Path, change: Callable[[Members], None]) -> Path:
    """The same archive after somebody worked on it."""
    with tarfile.open(saved) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    change(members)
    with tarfile.open(saved, "w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return saved


def listing(members: Members, change: Callable[[Manifest], Manifest]) -> None:
    members["manifest.json"] = to_json(change(from_json(Manifest, members["manifest.json"])))


async def test_what_comes_back_is_what_was_there(saved: Path, tmp_path: Path) -> None:
    manifest = restore(saved, tmp_path / "other")
    assert [file.path for file in manifest.files] == ["records.db", "spool/r1.json", "rail-debug.yaml"]
    assert (manifest.documents, manifest.runs) == (2, 0)
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o700
    assert saved.stat().st_mode & 0o777 == 0o600
    assert broken(tmp_path / "other" / "records.db") == {}
    records = open_records(tmp_path / "other")
    await records.open()
    assert [(path, chunks) for path, _, chunks in await listed(records)] == [("a.md", 3), ("b.md", 2)]
    await records.close()


async def test_while_documents_come_in_a_backup_is_one_state_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    records = open_records(tmp_path / "home")
    await records.open()
    acknowledged: list[str] = []

    async def ingest() -> None:
        for number in range(60):
            await records.documents.replace(
                LOCAL, "main", [cut(f"{number}.md", 4), cut("same.md", 3, revision=f"{number}")]
            )
            acknowledged.append(f"{number}.md")

    ingesting = asyncio.create_task(ingest())
    taken: list[tuple[Path, set[str]]] = []
    for number in range(3):
        while len(acknowledged) < 5 + 15 * number:
            await asyncio.sleep(0.001)
        before = set(acknowledged)
        target = tmp_path / f"{number}.tgz"
        await asyncio.to_thread(backup, tmp_path / "home", target, "1")
        taken.append((target, before))
    await ingesting
    await records.close()
    for target, before in taken:
        home = tmp_path / target.stem
        restore(target, home)
        assert broken(home / "records.db") == {}
        again = open_records(home)
        await again.open()
        assert before <= {path for path, _, _ in await listed(again)}
        await again.close()


async def test_a_home_that_is_not_empty_is_only_put_aside_when_that_is_said(saved: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "mine.txt").write_text("keep me")
    with pytest.raises(Conflict, match="not empty"):
        restore(saved, home)
    restore(saved, home, replace=True)
    (aside,) = tmp_path.glob("home.before-*")
    assert (aside / "mine.txt").read_text() == "keep me"
    assert (home / "weights" / "model.safetensors").exists(), "what is in no backup stays"
    assert not (home / "mine.txt").exists()


async def test_a_home_that_is_served_is_not_replaced(saved: Path, tmp_path: Path) -> None:
    records = open_records(tmp_path / "home")
    await records.open(serve=True)
    try:
        with pytest.raises(Conflict, match="Another service"):
            restore(saved, tmp_path / "home", replace=True)
        assert len(await listed(records)) == 2
    finally:
        await records.close()


def test_an_empty_folder_is_a_place_for_a_home(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    restore(saved, tmp_path / "other")
    assert (tmp_path / "other" / "records.db").exists()


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_a_backup_that_was_cut_off_is_refused(saved: Path, tmp_path: Path, at: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * at)])
    refused(saved, tmp_path)


@pytest.mark.parametrize("seed", range(12))
def test_a_flipped_byte_is_found(saved: Path, tmp_path: Path, seed: int) -> None:
    """Also where the compression's own checksum does not see it: the stream is rebuilt around the flipped byte."""
    content = bytearray(gzip.decompress(saved.read_bytes()))
    with tarfile.open(saved) as tar:
        member = next(member for member in tar if member.name == "records.db")
    content[member.offset_data + (seed * 7919 + 131) % member.size] ^= 1 << seed % 8
    saved.write_bytes(gzip.compress(bytes(content), 1, mtime=0))
    refused(saved, tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"no archive", gzip.compress(b"no archive", mtime=0)], ids=["empty", "text", "compressed"]
)
def test_what_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.tgz").write_bytes(content)
    refused(tmp_path / "x.tgz", tmp_path)


def escaped(members: Members, name: str) -> None:
    """A file that would land elsewhere, with a list that says it belongs."""
    import hashlib

    kept = Kept(name, 4, hashlib.sha256(b"evil").hexdigest())
    listing(members, lambda m: Manifest(m.created_at, m.release, m.schema, 0, 0, (*m.files, kept)))
    members[name] = b"evil"


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/../../evil", "a\\..\\evil", "c:evil", "./evil", "a//b"])
def test_no_file_leaves_the_home(saved: Path, tmp_path: Path, name: str) -> None:
    assert not plain(name)
    refused(rewritten(saved, lambda members: escaped(members, name)), tmp_path)
    assert not (tmp_path / "evil").exists()


def drop(members: Members) -> None:
    del members["spool/r1.json"]


def add(members: Members) -> None:
    members["more.json"] = b"{}"


def newer(members: Members) -> None:
    listing(members, lambda m: Manifest(m.created_at, "9.9", 999, 0, 0, m.files))


def foreign(members: Members) -> None:
    listing(members, lambda m: Manifest(m.created_at, "1", 1, 0, 0, m.files, format="something else"))


@pytest.mark.parametrize("change", [drop, add, newer, foreign])
def test_a_list_that_does_not_fit_is_refused(saved: Path, tmp_path: Path, change: Callable[[Members], None]) -> None:
    refused(rewritten(saved, change), tmp_path)


def test_a_link_in_an_archive_is_refused(saved: Path, tmp_path: Path) -> None:
    with tarfile.open(saved) as tar:
        told = tar.extractfile("manifest.json").read()  # type: ignore[union-attr]
    with tarfile.open(saved, "w:gz") as tar:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(told)
        tar.addfile(member, io.BytesIO(told))
        link = tarfile.TarInfo("records.db")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    refused(saved, tmp_path)


def refused(saved: Path, tmp_path: Path) -> None:
    """And nothing is left of the attempt."""
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(InvalidBackup):
        restore(saved, tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_backup_is_not_written_over_and_needs_a_home(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="there already"):
        backup(tmp_path / "home", saved, "1")
    with pytest.raises(NotFound, match="no home"):
        backup(tmp_path / "nowhere", tmp_path / "new.tgz", "1")
    with pytest.raises(NotFound, match="no file"):
        restore(tmp_path / "nothing.tgz", tmp_path / "other")
    with pytest.raises(RecordsUnavailable):
        backup(tmp_path / "home", tmp_path / "no folder" / "new.tgz", "1")
