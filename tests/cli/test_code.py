"""`code`: looked up in any spelling; and how another vendor writes his is learned from a table of them."""

import json
from pathlib import Path

import pytest

from app.cli import exits
from app.faults.own import teach
from tests.cli.conftest import Shell

KNOWLEDGE = Path(__file__).parents[2] / "app" / "knowledge"
TABLE = "Fault;Text;Cause\nHX.12;Pump hot;dry bearing\nHX.13;Pump dry;no oil\nHX.14;Pump off;fuse\n"


@pytest.fixture(autouse=True)
def shipped_again() -> object:
    yield
    teach(None)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "pumps.csv"
    file.write_text(TABLE)
    return file


def test_options_may_stand_before_a_code_as_behind_it(shell: Shell) -> None:
    assert shell("code", "--json", "e73b").stdout == shell("code", "e73b", "--json").stdout
    assert json.loads(shell("code", "--json", "e73b").stdout)["codes"][0]["code"] == "E73-B"


def test_an_unknown_code_is_told_what_it_is_near_to_and_why(shell: Shell) -> None:
    result = shell("code", "E73-C")
    assert result.exit_code == exits.UNKNOWN_CODE
    assert "E73-B: differs in the suffix letter" in result.stdout


def test_a_proposal_is_a_table_and_tells_what_it_would_read(shell: Shell, table: Path) -> None:
    result = shell("code", "learn", str(table), "--column", "fault")
    assert result.exit_code == exits.ANSWERED
    assert result.stdout.startswith("[pumps-codes]\n")
    assert "0 of the column's codes are read without it, 3 with it." in result.stdout
    assert "0 places of these codes and 0 of others" in result.stdout


def test_what_it_would_read_wrongly_is_shown_with_its_place(shell: Shell, table: Path) -> None:
    table.write_text("Fault;Text\nC7;Pump hot\nC8;Pump dry\n")
    lesson = json.loads(shell("code", "learn", str(table), "--column", "Fault", "--json").stdout)
    assert lesson["wrong_places"] >= len(lesson["wrong"]) > 0
    fitting = next(sight for sight in lesson["wrong"] if sight["code"] == "C1")  # where the manual measures pressure
    lines = (KNOWLEDGE / fitting["source"]).read_text().splitlines()
    assert "C1" in lines[fitting["line"] - 1]


def test_a_kept_grammar_is_read_in_documents_of_every_kind_and_in_questions(
    shell: Shell, table: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "pumps.csv").write_text(TABLE)
    (folder / "pumps.html").write_text("<html><body><h2>HX.15 Pump loud</h2><p>Cause: a loose bolt.</p></body></html>")
    assert shell("ingest", str(folder)).exit_code == exits.ANSWERED
    assert shell("code", "hx.13").exit_code == exits.UNKNOWN_CODE
    kept = shell("code", "learn", str(table), "--column", "Fault", "--keep")
    assert f"Kept in {tmp_path / 'home' / 'grammars.toml'}." in kept.stdout
    again = json.loads(shell("ingest", str(folder), "--json").stdout)
    assert [outcome["state"] for outcome in again["outcomes"]] == ["read", "read"]
    for spelled in ("hx.13", "HX.15"):  # the table is read beside us, the page in a process of its own
        assert shell("code", spelled).exit_code == exits.ANSWERED
    assert shell("code", "learn", str(table), "--column", "Fault", "--keep").stdout.startswith("# 3 of the column's")


def test_a_column_that_is_not_there_is_answered_with_those_that_are(shell: Shell, table: Path) -> None:
    result = shell("code", "learn", str(table), "--column", "code")
    assert result.exit_code == exits.WRONG_INPUT
    assert "'Fault', 'Text', 'Cause'" in result.stderr


def test_a_wrong_grammar_of_the_operator_s_stops_every_verb_with_its_line(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "home" / "grammars.toml").write_text("\n[pumps]\nvendor = 3\n")
    result = shell("code", "E73-B")
    assert result.exit_code == exits.WRONG_INPUT
    assert "grammars.toml, line 3: [pumps] vendor" in result.stderr
