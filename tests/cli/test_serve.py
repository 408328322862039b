"""`rail-debug serve`, as far as it gets without starting: what is wrong is told before anything is opened."""

import socket
from pathlib import Path

import pytest

from app.cli import exits
from tests.cli.conftest import Shell


def test_a_port_that_is_taken_is_told_in_one_line_and_no_home_is_made(bare: Shell, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = bare("serve", "--port", str(taken.getsockname()[1]))
    assert (result.exit_code, result.stdout) == (exits.FAILED, "")
    assert "cannot be listened on: Address already in use." in result.stderr
    assert not (tmp_path / "home").exists()


def test_a_host_that_is_none_of_this_machine_is_told(bare: Shell) -> None:
    result = bare("serve", "--host", "192.0.2.1")
    assert result.exit_code == exits.FAILED
    assert result.stderr.startswith("rail-debug: 192.0.2.1:8000 cannot be listened on: ")


@pytest.mark.parametrize(("variable", "value"), [("SERVICE__PORT", "0"), ("KB", "No Slug"), ("ANALYZERS", "{half")])
def test_settings_that_are_wrong_keep_it_from_starting(
    bare: Shell, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"RAIL_DEBUG_{variable}", value)
    result = bare("serve")
    assert (result.exit_code, result.stdout) == (exits.WRONG_INPUT, "")
    assert result.stderr.startswith("rail-debug: ")


def test_a_port_that_is_none_is_told(bare: Shell) -> None:
    assert bare("serve", "--port", "70000").exit_code == exits.WRONG_INPUT
