"""`rail-debug feedback` on the sample shelf."""

import json
from pathlib import Path

from app.cli import exits
from tests.cli.conftest import Shell


def test_an_answer_is_judged_and_exported(shell: Shell, tmp_path: Path) -> None:
    run = json.loads(shell("ask", "What is E73-B?", "--json").stdout)["run_id"]
    assert shell("feedback", "give", run, "--thumbs", "down", "--cause", "moisture").exit_code == exits.ANSWERED
    told = shell("feedback", "export", str(tmp_path / "out.jsonl"), "--json")
    assert json.loads(told.stdout)["records"] == 1
    (line,) = (tmp_path / "out.jsonl").read_text().splitlines()
    assert json.loads(line)["facts"] == ["(?i)moisture"]


def test_feedback_that_says_nothing_or_of_no_run_is_refused(shell: Shell) -> None:
    assert shell("feedback", "give", "x").exit_code == exits.WRONG_INPUT
    assert shell("feedback", "give", "x", "--closed").exit_code == exits.WRONG_INPUT
