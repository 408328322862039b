"""`ingest`, `search` and `code`: what is on the shelf, what is found, and why."""

import json
from pathlib import Path

import pytest

from app.cli import exits
from tests.cli.conftest import Shell

TABLE = "# revision: B\nCode,Meaning,Check\nE91-Q,Sand box heater open circuit,Measure the element\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shelf"
    made.mkdir()
    (made / "sand.csv").write_text(TABLE)
    return made


def test_a_folder_is_read_and_what_is_unchanged_is_left(shell: Shell, folder: Path) -> None:
    first, second = shell("ingest", str(folder)), shell("ingest", str(folder), "--json")
    assert first.exit_code == second.exit_code == exits.ANSWERED
    assert first.stdout.startswith("read 1 (1 chunks), unchanged 0, refused 0; index version ")
    assert [outcome["state"] for outcome in json.loads(second.stdout)["outcomes"]] == ["unchanged"]
    assert shell("ask", "E91-Q").exit_code == exits.ANSWERED


def test_one_file_takes_its_name_as_its_path(shell: Shell, folder: Path) -> None:
    report = json.loads(shell("ingest", str(folder / "sand.csv"), "--json").stdout)
    assert [outcome["path"] for outcome in report["outcomes"]] == ["sand.csv"]


def test_a_file_that_is_refused_stops_no_other_and_shows_in_the_status(shell: Shell, folder: Path) -> None:
    (folder / "broken.csv").write_bytes(b"\x00\x01")
    (folder / "tool.exe").write_bytes(b"MZ")
    result = shell("ingest", str(folder))
    assert result.exit_code == exits.REFUSED
    assert "refused broken.csv" in result.stdout
    assert "read 1 (1 chunks), unchanged 0, refused 2" in result.stdout


@pytest.mark.parametrize(
    ("name", "status"), [("broken.csv", exits.REFUSED), ("tool.exe", exits.WRONG_INPUT), ("gone.md", exits.WRONG_INPUT)]
)
def test_a_single_file_that_cannot_be_read_is_told(shell: Shell, folder: Path, name: str, status: int) -> None:
    if name != "gone.md":
        (folder / name).write_bytes(b"\x00\x01")
    result = shell("ingest", str(folder / name))
    assert (result.exit_code, result.stdout) == (status, "")
    assert name in result.stderr


def test_search_shows_passages_and_with_explain_each_lane(shell: Shell) -> None:
    plain, explained = shell("search", "E73-B", "-k", "2"), shell("search", "E73-B", "-k", "2", "--explain")
    assert plain.exit_code == exits.ANSWERED
    assert plain.stdout.startswith("E73-B\n1. brakes/halden-bcu-fault-manual.md rev 5, line ")
    assert "\n3. " not in plain.stdout
    assert "score" not in plain.stdout
    assert "  code " in explained.stdout
    assert "defines E73-B" in explained.stdout


def test_search_as_json_carries_passages_and_their_reasons(shell: Shell) -> None:
    found = json.loads(shell("search", "brake does not release", "--json").stdout)
    assert found["passages"]
    assert all(passage["why"] for passage in found["passages"])


def test_a_search_that_finds_nothing_says_so_by_its_status(shell: Shell) -> None:
    assert shell("search", "anything", "--kb", "empty").exit_code == exits.INSUFFICIENT
    assert shell("search", "anything", "-k", "0").exit_code == exits.WRONG_INPUT


def test_a_code_is_looked_up_in_any_spelling(shell: Shell) -> None:
    result = shell("code", "e 73 b")
    assert result.exit_code == exits.ANSWERED
    assert result.stdout.startswith("E73-B (written e 73 b)")
    assert "brakes/halden-bcu-fault-manual.md rev 5, line " in result.stdout
    found = json.loads(shell("code", "e73b", "--json").stdout)
    assert [code["code"] for code in found["codes"]] == ["E73-B"]
    assert found["defined_in"]


@pytest.mark.parametrize(
    ("spelled", "told"), [("E73-Q", "not in the documents"), ("hello", "no known fault-code grammar")]
)
def test_an_unknown_code_is_never_taken_for_another(shell: Shell, spelled: str, told: str) -> None:
    result = shell("code", spelled)
    assert result.exit_code == exits.UNKNOWN_CODE
    assert told in result.stdout
    assert "  brakes/" not in result.stdout


def test_two_revisions_are_compared_in_the_shell(shell: Shell) -> None:
    told = shell("diff", "points/hydraulic-points-rev3.md", "--numbers")
    assert told.exit_code == exits.ANSWERED
    assert "80 bar → 95 bar" in told.stdout
    found = json.loads(shell("diff", "points/hydraulic-points-rev3.md", "--json").stdout)
    assert found["before"]["revision"] == "2"
    assert shell("diff", "general/glossary.md").exit_code == exits.WRONG_INPUT
