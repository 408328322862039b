"""The shelf of models: what comes is whole and right, or it does not come."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.analyzers.store import download as downloading
from app.analyzers.store.bundle import LIST, pack, unpack
from app.analyzers.store.catalogue import catalogue, usual
from app.analyzers.store.download import download
from app.analyzers.store.pull import Wanted, pull
from app.analyzers.store.shelf import Held, Shelf
from app.core.errors import Conflict, DownloadFailed, Forbidden, InvalidInput, ModelDamaged, NotFound

WEIGHTS = bytes(range(256)) * 4096  # 1 MiB
SHA = hashlib.sha256(WEIGHTS).hexdigest()


class Files(BaseHTTPRequestHandler):
    """Serves the weights by range; the first `cuts` replies break off in the middle."""

    cuts = 0
    etag = '"one"'
    ranges: list[str]

    def do_GET(self) -> None:
        if self.path != "/tiny.gguf":
            self.send_error(404)
            return
        asked = self.headers.get("range", "")
        whole = not asked or self.headers.get("if-range") != self.etag
        start = 0 if whole else int(asked.removeprefix("bytes=").rstrip("-"))
        type(self).ranges.append(asked)
        body = WEIGHTS[start:]
        self.send_response(200 if whole else 206)
        self.send_header("etag", self.etag)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if type(self).cuts:
            type(self).cuts -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(downloading, "PAUSE_S", 0.0)
    Files.cuts, Files.ranges = 0, []
    made = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}/tiny.gguf"
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


def bring(shelf: Shelf, source: str, online: bool = False, **more: object) -> Held:
    return pull(shelf, Wanted(source, **more), online=online, tell=lambda there, total: None)  # type: ignore[arg-type]


def left(shelf: Shelf) -> list[str]:
    return sorted(p.relative_to(shelf.folder).as_posix() for p in shelf.folder.rglob("*") if p.is_file())


def test_a_download_that_is_cut_goes_on_where_it_stopped(server: str, tmp_path: Path) -> None:
    Files.cuts = 2
    seen: list[int] = []
    digest = download(server, tmp_path / "t", checksum=SHA, tell=lambda there, total: seen.append(total), pause_s=0)
    assert digest == SHA and (tmp_path / "t").read_bytes() == WEIGHTS
    assert Files.ranges == ["", "bytes=524288-", "bytes=786432-"]
    assert set(seen) == {len(WEIGHTS)}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t"]


def test_one_that_breaks_off_for_good_goes_on_with_the_next_call(server: str, tmp_path: Path) -> None:
    Files.cuts = downloading.ATTEMPTS
    with pytest.raises(DownloadFailed, match="broke off"):
        download(server, tmp_path / "t", tell=lambda *_: None, pause_s=0)
    assert not (tmp_path / "t").exists() and (tmp_path / "t.part").stat().st_size > len(WEIGHTS) // 2
    assert download(server, tmp_path / "t", checksum=SHA, tell=lambda *_: None, pause_s=0) == SHA


def test_a_file_that_changed_meanwhile_begins_anew(server: str, tmp_path: Path) -> None:
    (tmp_path / "t.part").write_bytes(b"of another version")
    (tmp_path / "t.etag").write_text('"zero"')
    assert download(server, tmp_path / "t", checksum=SHA, tell=lambda *_: None, pause_s=0) == SHA


def test_a_wrong_checksum_is_refused_and_nothing_stays(server: str, shelf: Shelf) -> None:
    with pytest.raises(ModelDamaged, match="was expected"):
        bring(shelf, server, sha256="0" * 64)
    assert left(shelf) == [] and shelf.all() == []


def test_what_is_not_there_is_told(server: str, shelf: Shelf) -> None:
    with pytest.raises(DownloadFailed, match="status 404"):
        bring(shelf, server + "x")
    with pytest.raises(InvalidInput, match="no file, no address and no name"):
        bring(shelf, "/nowhere/tiny.gguf")
    assert left(shelf) == []


def test_offline_means_that_nothing_is_fetched_from_elsewhere(shelf: Shelf) -> None:
    for source in ("https://example.org/tiny.gguf", "hub:owner/repo", "hub:owner/repo/tiny.gguf@main", ""):
        with pytest.raises(Forbidden, match="offline"):
            bring(shelf, source)
    assert left(shelf) == []


def test_a_licence_that_is_not_free_is_accepted_first(shelf: Shelf) -> None:
    with pytest.raises(Forbidden, match="Community License") as refused:
        bring(shelf, "llama-3.1-8b-instruct", online=True)
    assert "--accept-licence" in refused.value.hint
    with pytest.raises(Forbidden, match="offline"):
        bring(shelf, "llama-3.1-8b-instruct", accepted=True)


def test_versions_stand_side_by_side_and_the_newest_is_meant(server: str, shelf: Shelf, tmp_path: Path) -> None:
    first = bring(shelf, server, licence="MIT")
    assert (first.name, first.version, first.digest, first.licence) == ("tiny", SHA[:12], SHA, "MIT")
    other = tmp_path / "tiny.gguf"
    other.write_bytes(b"other weights")
    second = bring(shelf, str(other))
    assert [held.label for held in shelf.all()] == [first.label, second.label]
    assert shelf.find("tiny") == second and shelf.find(first.label) == first
    assert bring(shelf, server) == first  # once more is the same
    with pytest.raises(Conflict):
        bring(shelf, str(other), version=first.version)
    shelf.remove(second)
    assert shelf.find("tiny") == first
    with pytest.raises(NotFound):
        shelf.find(second.label)


def test_verify_sees_what_changed_is_missing_or_came_besides(shelf: Shelf, tmp_path: Path) -> None:
    source = tmp_path / "whole"
    source.mkdir()
    for name in ("a.safetensors", "config.json", "tokenizer.json"):
        (source / name).write_text(name)
    held = bring(shelf, str(source))
    assert shelf.wrong(held) == []
    place = shelf.place(held)
    (place / "a.safetensors").write_text("a.safetensorz")
    (place / "config.json").unlink()
    (place / "more.json").write_text("")
    wrong = shelf.wrong(held)
    assert wrong == ["config.json: missing", "a.safetensors: other contents", "more.json: not in the manifest"]


@pytest.mark.parametrize("name", ["../up", ".hidden", "a/b", "a b"])
def test_names_that_would_leave_the_shelf_are_refused(shelf: Shelf, tmp_path: Path, name: str) -> None:
    (tmp_path / "w").write_text("w")
    with pytest.raises(InvalidInput):
        bring(shelf, str(tmp_path / "w"), name=name)
    with pytest.raises(InvalidInput):
        bring(shelf, str(tmp_path / "w"), version=name)


def test_a_bundle_carries_models_to_another_machine(server: str, shelf: Shelf, tmp_path: Path) -> None:
    held = bring(shelf, server)
    target = pack(shelf, [held], tmp_path / "models.tar")
    other = Shelf(tmp_path / "other")
    (taken,) = unpack(other, target)
    assert (taken.label, taken.digest, taken.files) == (held.label, held.digest, held.files)
    assert other.wrong(taken) == [] and (other.place(taken) / "tiny.gguf").read_bytes() == WEIGHTS
    assert left(other) == [f"tiny/{held.version}/model.json", f"tiny/{held.version}/tiny.gguf"]
    (shelf.place(held) / "tiny.gguf").write_bytes(b"x")
    with pytest.raises(ModelDamaged, match="other contents"):
        pack(shelf, [held], tmp_path / "again.tar")


def tampered(source: Path, target: Path, change: str) -> Path:
    with tarfile.open(source) as tar, tarfile.open(target, "w") as out:
        for entry in tar:
            stream = tar.extractfile(entry)
            assert stream is not None
            body = stream.read()
            if change == "contents" and entry.name.endswith("gguf"):
                body = body[:-1] + b"!"
            if change == "climbs" and entry.name == LIST:
                body = body.replace(b'"tiny.gguf"', b'"../../evil"')
            if change == "link" and entry.name.endswith("gguf"):
                entry.type, entry.linkname, body = tarfile.SYMTYPE, "/etc/passwd", b""
            if change == "short" and entry.name.endswith("gguf"):
                continue
            entry.size = len(body)
            out.addfile(entry, io.BytesIO(body))
        if change == "more":
            out.addfile(tarfile.TarInfo("../evil"))
    return target


@pytest.mark.parametrize("change", ["contents", "climbs", "link", "short", "more"])
def test_a_bundle_that_was_tampered_with_leaves_nothing(server: str, shelf: Shelf, tmp_path: Path, change: str) -> None:
    target = pack(shelf, [bring(shelf, server)], tmp_path / "models.tar")
    other = Shelf(tmp_path / "other")
    with pytest.raises(ModelDamaged):
        unpack(other, tampered(target, tmp_path / "bad.tar", change))
    assert left(other) == [] and not (tmp_path / "evil").exists()


@pytest.mark.parametrize("keep", [10, 600, 5000])
def test_half_a_bundle_is_no_bundle(server: str, shelf: Shelf, tmp_path: Path, keep: int) -> None:
    target = pack(shelf, [bring(shelf, server)], tmp_path / "models.tar")
    target.write_bytes(target.read_bytes()[:keep])
    other = Shelf(tmp_path / "other")
    with pytest.raises((ModelDamaged, InvalidInput)):
        unpack(other, target)
    assert left(other) == []


def test_the_catalogue_tells_licence_and_memory_of_every_model() -> None:
    assert usual().title == "Mistral 7B Instruct v0.3" and usual().licence == "Apache-2.0"
    for known in catalogue().values():
        assert known.licence and known.commercial and known.context and known.style
        assert known.free or known.terms.startswith("https://")
        assert 2e9 < known.memory("q4_k_m") < known.memory("q8_0") < known.memory("bf16")
