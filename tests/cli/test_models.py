"""`rail-debug models`: without a service the verbs do their work by themselves."""

import json
from pathlib import Path

import pytest

from app.cli import exits
from tests.cli.conftest import Shell

ROWS = '{"quoting": {"kind": "evidence"}, "dead": {"kind": "openai", "model": "m", "base_url": "http://127.0.0.1:9"}}'


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAIL_DEBUG_ANALYZERS", ROWS)


def test_analyzers_are_listed(shell: Shell, rows: None) -> None:
    result = shell("models", "list")
    assert result.exit_code == exits.ANSWERED, result.output
    assert "* evidence  evidence  idle  qualified" in result.stdout and "dead  openai" in result.stdout
    told = json.loads(shell("models", "list", "--json").stdout)
    assert told["active"] == "evidence" and len(told["models"]) == 3


def test_a_switch_without_a_service_holds_for_the_next_start(shell: Shell, rows: None) -> None:
    refused = shell("models", "switch", "quoting")
    assert refused.exit_code == exits.FAILED and "has not passed the golden questions" in refused.stderr
    result = shell("models", "switch", "quoting", "--reason", "the drill")
    assert (result.exit_code, result.stdout) == (exits.ANSWERED, "switched: quoting\n")
    answer = json.loads(shell("ask", "E73-B", "--json").stdout)
    assert answer["analyzer"].startswith("quoting@")
    assert shell("models", "switch", "dead", "--reason", "x").exit_code == exits.FAILED
    assert shell("models", "switch", "nobody").exit_code == exits.WRONG_INPUT


def test_load_tells_whether_it_can_be_and_stages_are_kept(shell: Shell, rows: None) -> None:
    assert "quoting  evidence  ready" in shell("models", "load", "quoting").stdout
    assert "shadow" in shell("models", "stage", "quoting", "shadow").stdout
    assert "override by local: the drill" in shell("models", "qualify", "quoting", "--reason", "the drill").stdout
    assert shell("models", "switch", "quoting").stdout == "switched: quoting\n"


def test_a_service_that_does_not_answer_is_told(shell: Shell, rows: None) -> None:
    result = shell("models", "list", "--url", "http://127.0.0.1:9")
    assert result.exit_code == exits.FAILED and "does not answer at http://127.0.0.1:9" in result.stderr


def test_a_model_comes_from_a_file_is_shown_verified_bundled_and_removed(bare: Shell, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"weights" * 1000)
    pulled = json.loads(bare("models", "pull", str(tmp_path / "tiny.gguf"), "--licence", "MIT", "--json").stdout)
    label = f"tiny@{pulled['version']}"
    assert bare("models", "shelf").stdout.startswith(label)
    shown = bare("models", "show", "tiny").stdout
    assert pulled["digest"] in shown and "MIT" in shown
    assert bare("models", "verify").stdout == f"{label}: well\n"
    assert bare("models", "bundle", "save", "all.tar", "tiny").exit_code == exits.ANSWERED
    assert bare("models", "bundle", "load", "all.tar", "--home", "other").stdout.startswith(label)
    (tmp_path / "home" / "models" / "tiny" / pulled["version"] / "tiny.gguf").write_bytes(b"x")
    damaged = bare("models", "verify", "tiny")
    assert damaged.exit_code == exits.FAILED and "tiny.gguf: other contents" in damaged.stdout
    assert bare("models", "remove", "tiny").stdout == f"removed {label}\n"
    assert bare("models", "show", "tiny").exit_code == exits.WRONG_INPUT


def test_the_catalogue_tells_the_licence_and_offline_fetches_nothing(bare: Shell) -> None:
    told = bare("models", "catalogue").stdout
    assert "Mistral 7B Instruct v0.3: Apache-2.0; commercial use: yes" in told
    assert "Llama 3.1 Community License, https://" in told
    refused = bare("models", "pull")
    assert refused.exit_code == exits.FAILED and "the service is offline" in refused.stderr
    assert "Mistral 7B Instruct v0.3: Apache-2.0" in refused.stderr
