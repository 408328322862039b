"""`rail-debug bench`: a round, told in text and JSON, and red where there is nothing to tell."""

import json
from pathlib import Path

import pytest

from app.cli import exits
from tests.cli.conftest import Shell


def test_a_round_is_run_and_told(shell: Shell, tmp_path: Path) -> None:
    result = shell("bench", "--plot", str(tmp_path / "history.svg"))
    assert result.exit_code == exits.ANSWERED
    assert "fastest: evidence; best: evidence" in result.stdout and "keep evidence: nobody is better" in result.stdout
    assert (tmp_path / "history.svg").read_text().startswith("<svg")
    assert (tmp_path / "home" / "benchmark_results.jsonl").is_file()
    shown = json.loads(shell("bench", "--show", "--json").stdout)
    assert (shown["status"], len(shown["history"]), shown["models"]["evidence"]["questions"]) == ("ok", 1, 8)


def test_to_show_before_there_was_a_round_is_red(shell: Shell) -> None:
    result = shell("bench", "--show")
    assert result.exit_code == exits.FAILED and "the newest round: never" in result.stdout


def test_without_a_question_it_is_red(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAIL_DEBUG_BENCHMARK__GOLDEN", "0")
    result = shell("bench")
    assert result.exit_code == exits.FAILED
    assert "evidence: no question was asked" in result.stdout and "the newest round: failed" in result.stdout


def test_one_that_gives_only_errors_has_a_row_without_times(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = {"kind": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1", "retries": 0}
    monkeypatch.setenv("RAIL_DEBUG_ANALYZERS", json.dumps({"dead": dead}))
    result = shell("bench", "--json")
    summary = json.loads(result.stdout)
    assert result.exit_code == exits.ANSWERED  # evidence answered
    row = summary["models"]["dead"]
    assert (row["status"], row["errors"]["hits"], row["p50_latency_ms"]) == ("failed", 8, None)
    assert row["error_codes"] == {"analyzer_unreachable": 8}


def test_cases_that_are_not_there_are_told(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAIL_DEBUG_BENCHMARK__CASES", str(tmp_path / "none.jsonl"))
    result = shell("bench")
    assert result.exit_code == exits.WRONG_INPUT and "none.jsonl" in result.stderr
