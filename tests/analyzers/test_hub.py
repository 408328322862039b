"""A whole repository from a hub, by the hub's own client over a server that speaks its protocol."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.analyzers.store.pull import Wanted, pull
from app.analyzers.store.shelf import Shelf
from app.core.errors import DownloadFailed

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b"{}",
    "model.safetensors": bytes(range(256)) * 64,
    "pytorch_model.bin": b"a second form of the same weights",
    "tokenizer.json": b'{"version": "1.0"}',
}


class Hub(BaseHTTPRequestHandler):
    asked: list[str]

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/owner/tiny/tree/"):
            tree = [{"type": "file", "path": n, "size": len(f), "oid": "0" * 40} for n, f in FILES.items()]
            self.send(json.dumps(tree).encode(), body, "tree")
            return
        if path.startswith("/api/models/owner/tiny"):
            told = {"id": "owner/tiny", "sha": COMMIT, "siblings": [{"rfilename": name} for name in FILES]}
            self.send(json.dumps(told).encode(), body, "api")
            return
        name = path.removeprefix(f"/owner/tiny/resolve/{COMMIT}/")
        if name not in FILES:
            self.send_response(404)
            self.send_header("x-error-code", "RepoNotFound")
            self.send_header("content-length", "0")
            self.end_headers()
            return
        if body:
            type(self).asked.append(name)
        self.send(FILES[name], body, hashlib.sha1(FILES[name]).hexdigest())

    def send(self, content: bytes, body: bool, etag: str) -> None:
        self.send_response(200)
        self.send_header("x-repo-commit", COMMIT)
        self.send_header("etag", f'"{etag}"')
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    Hub.asked = []
    made = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}"
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def bring(tmp_path: Path, hub: str, source: str) -> tuple[Shelf, list[str]]:
    shelf = Shelf(tmp_path / "models")
    held = pull(shelf, Wanted(source), online=False, tell=lambda *_: None, hub=hub)
    assert held.name == "tiny" and shelf.wrong(held) == []
    return shelf, [f"{held.version}/{file.path}" for file in held.files]


def test_a_repository_comes_at_its_commit_without_what_no_analyzer_reads(hub: str, tmp_path: Path) -> None:
    shelf, files = bring(tmp_path, hub, "hub:owner/tiny")
    assert files == [f"{COMMIT[:12]}/{name}" for name in FILES if not name.endswith(".bin")]
    assert sorted(Hub.asked) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert list(shelf.incoming.iterdir()) == []


def test_one_file_of_a_repository_at_a_revision(hub: str, tmp_path: Path) -> None:
    source = f"hub:owner/tiny/model.safetensors@{COMMIT}"
    shelf = Shelf(tmp_path / "models")
    held = pull(shelf, Wanted(source, name="one"), online=False, tell=lambda *_: None, hub=hub)
    assert held.digest == hashlib.sha256(FILES["model.safetensors"]).hexdigest() and held.version == COMMIT


def test_a_repository_that_is_not_there_is_told(hub: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="owner/other"):
        bring(tmp_path, hub, "hub:owner/other")
