"""Weights are hashed once, and again when they change."""

import hashlib
from pathlib import Path

import pytest

from app.analyzers.local import digest


def test_the_hash_is_kept_beside_the_file_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"weights")
    known = hashlib.sha256(b"weights").hexdigest()
    assert digest.digest([file]) == known
    with monkeypatch.context() as patched:
        patched.setattr(digest, "read", lambda _: pytest.fail("it was read again"))
        assert digest.digest([file]) == known
    file.write_bytes(b"other weights")
    assert digest.digest([file]) == hashlib.sha256(b"other weights").hexdigest()


def test_a_note_that_was_spoiled_is_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"weights")
    (tmp_path / ".model.gguf.sha256").write_bytes(b"\xff\xfe nonsense")
    assert digest.digest([file]) == hashlib.sha256(b"weights").hexdigest()


def test_several_files_are_one_hash_that_each_of_them_changes(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b")]
    for file in files:
        file.write_bytes(b"one")
    before = digest.digest(files)
    files[1].write_bytes(b"two!")
    assert digest.digest(files) != before
    with pytest.raises(OSError):
        digest.digest([tmp_path / "missing"])
