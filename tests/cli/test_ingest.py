"""`ingest` and `forget`: what leaves, what is offered, and a folder that is watched."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.cli import exits
from tests.cli.conftest import Shell

TABLE = "# revision: B\nCode,Meaning,Check\nE91-Q,Sand box heater open circuit,Measure the element\n"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shelf"
    made.mkdir()
    (made / "sand.csv").write_text(TABLE)
    (made / "door.json").write_text('{"code": "E92-Q", "cause": "Door blocked"}')
    return made


def test_what_is_gone_is_offered_and_pruned_when_told(shell: Shell, folder: Path) -> None:
    shell("ingest", str(folder))
    (folder / "door.json").unlink()
    offered, pruned = shell("ingest", str(folder)), shell("ingest", str(folder), "--prune")
    assert "gone door.json" in offered.stdout
    assert "1 documents have no file any more; --prune removes them" in offered.stdout
    assert "refused 0, removed 1" in pruned.stdout
    assert (offered.exit_code, pruned.exit_code) == (exits.ANSWERED, exits.ANSWERED)
    assert shell("code", "E92-Q").exit_code == exits.UNKNOWN_CODE


def test_documents_are_forgotten_by_path_and_by_folder(shell: Shell, folder: Path) -> None:
    shell("ingest", str(folder))
    result = shell("forget", "sand.csv", "--json")
    assert [outcome["state"] for outcome in json.loads(result.stdout)["outcomes"]] == ["removed"]
    assert shell("code", "E91-Q").exit_code == exits.UNKNOWN_CODE
    assert "removed" in shell("forget", "brakes").stdout
    missed = shell("forget", "brakes")
    assert missed.exit_code == exits.WRONG_INPUT
    assert "refused brakes" in missed.stdout


def test_a_refusal_names_file_line_and_reason_and_a_warning_its_page(shell: Shell, folder: Path) -> None:
    (folder / "bad.json").write_text('{\n"a": }')
    (folder / "page.txt").write_text("<!doctype html><html><p>Text")
    result = shell("ingest", str(folder))
    assert result.exit_code == exits.REFUSED
    assert "refused bad.json:2: " in result.stdout
    assert "warning page.txt: named .txt, but its content is HTML" in result.stdout


def test_a_manifest_that_cannot_be_read_stops_the_ingest(shell: Shell, folder: Path) -> None:
    (folder / "manifest.yaml").write_text("- [")
    result = shell("ingest", str(folder))
    assert result.exit_code == exits.REFUSED
    assert "manifest.yaml, line" in result.stderr


def test_only_a_folder_is_watched(shell: Shell, folder: Path) -> None:
    assert shell("ingest", str(folder / "sand.csv"), "--watch").exit_code == exits.WRONG_INPUT


@pytest.mark.slow
def test_a_change_is_taken_in_within_two_seconds_and_ctrl_c_ends_it(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    words = [sys.executable, "-m", "app.cli.main", "ingest", str(folder), "--watch", "--json", "--prune"]
    env = {
        **os.environ,
        "RAIL_DEBUG_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
        "RAIL_DEBUG_EMBEDDER_PATH": "/none",
    }
    with log.open("w") as out:
        child = subprocess.Popen(words, env=env, stdout=out, stderr=subprocess.STDOUT, cwd=tmp_path)
    try:
        wait_for(log, "watching", 60)
        time.sleep(0.5)
        begun = time.monotonic()
        (folder / "new.json").write_text('{"code": "E93-Q", "cause": "Lamp dark"}')
        wait_for(log, "new.json", 10)
        assert time.monotonic() - begun < 2
        (folder / "new.json").unlink()
        wait_for(log, '"removed"', 10)
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == exits.ANSWERED
        assert "Traceback" not in log.read_text()
    finally:
        child.kill()
        child.wait()


def wait_for(log: Path, words: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while words not in log.read_text():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.02)


def test_progress_is_drawn_for_each_file() -> None:
    from io import StringIO

    from rich.console import Console
    from rich.progress import Progress

    from app.cli.ingest import Bar
    from app.services.hall import Outcome

    with Progress(console=Console(file=StringIO(), force_terminal=True)) as drawn:
        bar = Bar(drawn, drawn.add_task("", total=None))
        bar.all(2)
        bar.one(Outcome("brakes/e73.md", "read"))
        (task,) = drawn.tasks
    assert (task.total, task.completed, task.description) == (2, 1, "brakes/e73.md")


@pytest.mark.parametrize("name", ["pipe.md", "huge.md", "device.md"])
def test_a_single_file_that_never_ends_is_refused_at_once(shell: Shell, folder: Path, name: str) -> None:
    os.mkfifo(folder / "pipe.md")
    with (folder / "huge.md").open("wb") as file:
        file.truncate(2**31)
    (folder / "device.md").symlink_to("/dev/zero")
    result = shell("ingest", str(folder / name))
    assert result.exit_code == exits.REFUSED
    assert name in result.stderr
