"""`doctor`, `keys`, `--help`, colour: the verbs around the answers."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import exits
from app.cli.main import VERBS, cli
from tests.cli.conftest import Shell

ROOT = Path(__file__).parents[2]
ESCAPE = "\x1b["


def test_doctor_finds_everything_well(shell: Shell) -> None:
    result = shell("doctor")
    assert result.exit_code == exits.ANSWERED
    assert all(line.startswith("ok   ") for line in result.stdout.splitlines())
    findings = json.loads(shell("doctor", "--json").stdout)["findings"]
    assert {"python", "home", "records", "embedder", "documents", "answer"} <= {f["what"] for f in findings}
    assert all(finding["good"] for finding in findings)


def test_doctor_fails_where_there_is_nothing_to_answer_from(bare: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAIL_DEBUG_SERVICE__SAMPLE_SHELF", "false")
    result = bare("doctor")
    assert result.exit_code == exits.FAILED
    assert "FAIL documents: 0 in knowledge base 'main'" in result.stdout
    assert "FAIL answer" in result.stdout


def test_a_key_is_made_listed_and_revoked(shell: Shell) -> None:
    secret = shell("keys", "create", "anna", "--scope", "ask", "--scope", "approve", "--grant", "main").stdout.strip()
    assert secret.startswith("rd_")
    key_id = secret.split("_")[1]
    assert shell("keys", "list").stdout == f"{key_id}  valid  anna  approve,ask  main\n"
    assert json.loads(shell("keys", "revoke", key_id, "--json").stdout) == {"revoked": key_id}
    (row,) = json.loads(shell("keys", "list", "--json").stdout)["keys"]
    assert row["revoked_at"]
    assert secret not in json.dumps(row)


@pytest.mark.parametrize(
    "words",
    [
        ("create", "anna", "--scope", "asks"),
        ("create", "anna", "--grant", "No Slug"),
        ("create", ""),
        ("create",),
        ("revoke", "00000000"),
    ],
)
def test_a_wrong_key_command_is_told(shell: Shell, words: tuple[str, ...]) -> None:
    result = shell("keys", *words)
    assert (result.exit_code, result.stdout) == (exits.WRONG_INPUT, "")
    assert result.stderr


def test_help_names_every_verb_and_every_status() -> None:
    told = CliRunner().invoke(cli, ["--help"]).stdout
    assert all(f"  {verb} " in told for verb in VERBS)
    statuses = {v for name, v in vars(exits).items() if name.isupper() and isinstance(v, int)}
    listed = " ".join(told.split()).partition("Exit status: ")[2]
    assert all(f"{status} " in listed for status in statuses)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_tells_its_options(verb: str) -> None:
    result = CliRunner().invoke(cli, [verb, "--help"])
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


def test_without_a_terminal_nothing_is_coloured(shell: Shell) -> None:
    for words in (("ask", "E73-B"), ("ask", ""), ("search", "E73-B", "--explain"), ("code", "E73-Q"), ("doctor",)):
        assert ESCAPE not in shell(*words, stdin="").output


@pytest.mark.slow
def test_a_terminal_gets_colour_from_the_real_command(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "app.cli.main", "ask", "E73-B"]
    child = subprocess.Popen(command, cwd=tmp_path, env=env, stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    shown = b""
    try:
        while piece := os.read(leader, 65536):
            shown += piece
    except OSError:  # Linux says so when the last writer has gone
        pass
    finally:
        os.close(leader)
    assert child.wait(60) == exits.ANSWERED
    assert ESCAPE in shown.decode()
    assert "answered" in shown.decode()


@pytest.mark.slow
def test_doctor_gives_a_whole_answer_with_every_socket_refused(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "app.cli.main", "doctor", "--offline", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, timeout=120, check=False)
    findings = json.loads(done.stdout)["findings"]
    assert [f["told"] for f in findings if not f["good"]] == []
    assert (done.returncode, done.stderr) == (exits.ANSWERED, b"")
