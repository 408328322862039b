"""`rail-debug replay` from a shell."""

import json

from app.cli import exits
from tests.cli.conftest import Shell


def ask(shell: Shell, question: str = "E73-B after the brake test?") -> str:
    return str(json.loads(shell("ask", question, "--json").stdout)["run_id"])


def test_an_equal_run_ends_well(shell: Shell) -> None:
    run_id = ask(shell)
    result = shell("replay", run_id, "--retrieve")
    assert result.exit_code == exits.ANSWERED
    assert f"{run_id}  equal  evidence@" in result.stdout
    assert "by the index of today" in result.stdout


def test_today_s_index_may_answer_otherwise(shell: Shell) -> None:
    run_id = ask(shell)
    assert shell("forget", "brakes/halden-bcu-fault-manual.md").exit_code == 0
    result = shell("replay", run_id, "--retrieve", "--json")
    assert result.exit_code == exits.DIFFERENT
    (done,) = json.loads(result.stdout)["replays"]
    assert (done["equal"], done["differences"]) == (False, [])
    assert done["today"]["gone"]
    text = shell("replay", run_id, "--retrieve").stdout
    assert "different" in text
    assert "changed: index version" in text
    assert "gone: " in text


def test_a_run_that_is_not_there_is_wrong_input(shell: Shell) -> None:
    assert shell("replay", "nothing").exit_code == exits.WRONG_INPUT
