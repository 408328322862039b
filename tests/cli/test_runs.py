"""`rail-debug runs` from a shell."""

import json
from pathlib import Path

from app.cli import exits
from tests.cli.conftest import Shell


def ask(shell: Shell) -> str:
    return str(json.loads(shell("ask", "E73-B after the brake test?", "--json").stdout)["run_id"])


def test_a_run_is_shown_as_json_and_as_a_page(shell: Shell, tmp_path: Path) -> None:
    run = ask(shell)
    row = json.loads(shell("runs", "show", run).stdout)
    assert (row["status"], row["pack"]["run_id"]) == ("answered", run)
    result = shell("runs", "show", run, "--html", str(tmp_path / "run.html"))
    assert result.exit_code == exits.ANSWERED
    page = (tmp_path / "run.html").read_text()
    assert page.startswith("<!doctype html>")
    assert row["pack"]["diagnosis"]["analyzer"] in page


def test_a_deleted_run_is_gone(shell: Shell) -> None:
    run = ask(shell)
    assert shell("runs", "delete", run, "--reason", "asked for").stdout == f"deleted {run}\n"
    assert shell("runs", "show", run).exit_code == exits.WRONG_INPUT
    assert shell("runs", "delete", run).exit_code == exits.WRONG_INPUT


def test_a_sweep_tells_what_went(shell: Shell) -> None:
    ask(shell)
    assert shell("runs", "sweep").stdout == "deleted 0 runs, 0 gaps, 0 benchmark rounds\n"
    result = shell("runs", "sweep", "--json", env={"RAIL_DEBUG_RECORDS__RUNS_DAYS": "0.0000001"})
    assert json.loads(result.stdout)["runs"] == 1
