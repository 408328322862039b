import os
from pathlib import Path

import pytest

from app.core.errors import InvalidInput, NotFound
from app.ingest.base import Outcome
from app.ingest.walk import Found, clean_path, walk


def seen(root: Path, limit: int = 1000) -> dict[str, str]:
    """Path -> the reason of a refusal, empty for a file that may be read."""
    return {entry.path: entry.reason if isinstance(entry, Outcome) else "" for entry in walk(root, limit)}


def test_files_come_in_order_and_hidden_ones_are_passed_over(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.md", "a/b/c.csv", ".hidden.md", ".git/x.md", "a/.cache/y.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert list(seen(tmp_path)) == ["b.md", "a/z.md", "a/b/c.csv"]


def test_one_file_may_be_named_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    (tmp_path / "b.md").write_text("x")
    (found,) = walk(tmp_path / "a.md", 10)
    assert isinstance(found, Found)
    assert (found.path, found.size) == ("a.md", 1)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder"):
        seen(tmp_path / "gone")


def test_links_are_followed_within_the_folder_and_never_out_of_it(tmp_path: Path) -> None:
    root = tmp_path / "shelf"
    (root / ".data").mkdir(parents=True)
    (tmp_path / "secret.md").write_text("x")
    (root / ".data" / "a.md").write_text("x")
    (root / "a.md").symlink_to(root / ".data" / "a.md")
    (root / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "up").symlink_to(tmp_path)
    (root / "gone.md").symlink_to(root / "nothing.md")
    (root / "loop.md").symlink_to(root / "loop.md")
    reasons = seen(root)
    assert reasons.pop("a.md") == ""
    assert {path: reason.split(" is ")[0] for path, reason in reasons.items()} == {
        "out.md": "a link that leaves the folder",
        "up": "a link that leaves the folder",
        "gone.md": "a link that leads nowhere",
        "loop.md": "a link that leads nowhere",
    }


def test_what_is_too_large_or_no_file_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "big.md").write_bytes(b"x" * 2048)
    os.mkfifo(tmp_path / "pipe.md")
    assert seen(tmp_path, 1024) == {
        "big.md": "0.0 MiB is more than the limit of 0.0 MiB",
        "pipe.md": "not a regular file",
    }


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.md")).write_text("x")
    ((path, reason),) = seen(tmp_path).items()
    assert path == "\\udcff.md"
    assert "no path for a document" in reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_folder_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0)
    assert "cannot be opened" in seen(tmp_path)["locked"]


def test_an_uploads_path_is_normalised() -> None:
    assert clean_path("a//b/./c.md") == "a/b/c.md"


@pytest.mark.parametrize(
    "path", ["", ".", "/etc/x.md", "../x.md", "a/../x.md", "a\\b.md", "C:x.md", ".x.md", "a\n.md", "a" * 600, "a\0.md"]
)
def test_a_path_that_leaves_its_folder_or_hides_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput, match="no path for a document"):
        clean_path(path)
