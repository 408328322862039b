"""`rail-debug ask` from a shell: what it prints, what it takes, and how it ends."""

import json
from pathlib import Path

import pytest

from app.cli import exits
from tests.cli.conftest import Shell

LOG = "06:12:41 TCU WARN E73B persistent\n"


def test_a_known_code_is_answered_as_text_with_its_sources(shell: Shell) -> None:
    result = shell("ask", "E73-B after the brake test, what do I check first?")
    assert result.exit_code == exits.ANSWERED
    assert result.stdout.startswith("answered")
    for heading in ("Codes", "Causes", "Steps", "Sources"):
        assert f"\n{heading}\n" in result.stdout
    assert "[c1] brakes/halden-bcu-fault-manual.md rev 5, line " in result.stdout
    assert result.stderr == ""


def test_json_is_the_diagnosis_and_nothing_else(shell: Shell) -> None:
    result = shell("ask", "e73b", "--json")
    body = json.loads(result.stdout)
    assert (body["schema"], body["verdict"]) == (1, "answered")
    assert [(code["code"], code["spelled"]) for code in body["fault_codes"]] == [("E73-B", "e73b")]
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("question", "verdict", "status"),
    [
        ("what is E73-Q?", "unknown_code", exits.UNKNOWN_CODE),
        ("best pizza recipe with mozzarella", "insufficient_evidence", exits.INSUFFICIENT),
    ],
)
def test_the_exit_status_tells_the_verdict(shell: Shell, question: str, verdict: str, status: int) -> None:
    result = shell("ask", question, "--json")
    assert (json.loads(result.stdout)["verdict"], result.exit_code) == (verdict, status)


def test_a_held_step_ends_with_the_status_that_says_it_waits(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAIL_DEBUG_GATE__APPROVAL", "true")
    result = shell("ask", "E43-A: what do I check?")
    assert "Held until a named person releases it." in result.stdout
    assert result.exit_code == exits.WAITS


@pytest.mark.parametrize("words", [("ask",), ("ask", "--log", "-"), ("ask", "why did it brake?", "--log", "-")])
def test_a_log_is_read_from_standard_input(shell: Shell, words: tuple[str, ...]) -> None:
    body = json.loads(shell(*words, "--json", stdin=LOG).stdout)
    assert body["fault_codes"][0]["code"] == "E73-B"


def test_a_log_and_a_code_fragment_are_read_from_files(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "unit.log").write_text(LOG)
    (tmp_path / "brake.st").write_text("IF p > 5.0 THEN fault := 16#73; END_IF")
    result = shell("ask", "why?", "--log", "unit.log", "--code", "brake.st", "--json")
    assert json.loads(result.stdout)["fault_codes"][0]["code"] == "E73-B"


def test_what_is_not_utf8_is_read_as_far_as_it_goes(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "dump.bin").write_bytes(b"\xff\xfe\x00 x")
    for words, stdin in (
        (("ask",), b"\xff\xfe E73B \x00\n"),
        (("ask", "E73-B", "--log", "dump.bin", "--code", "dump.bin", "--vehicle-class", "\udcff"), None),
        (("ask", "E73-B \udcff"), None),
    ):
        result = shell(*words, "--json", stdin=stdin)
        assert json.loads(result.stdout)["fault_codes"][0]["code"] == "E73-B", words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ask",), "The question is empty."),
        (("ask", "E73-B", "--log", "missing.log"), "missing.log"),
        (("ask", "E73-B", "--code", "missing.py"), "missing.py"),
        (("ask", "E73-B", "--kb", "Not A Slug"), "no name for a knowledge base"),
        (("ask", "E73-B", "--analyzer", "gpt-9"), "There is no analyzer 'gpt-9'."),
        (("ask", "E73-B", "--colour"), "No such option"),
        (("asks", "E73-B"), "No such command"),
    ],
)
def test_wrong_input_is_told_on_stderr(shell: Shell, words: tuple[str, ...], told: str) -> None:
    result = shell(*words, stdin="")
    assert (result.exit_code, result.stdout) == (exits.WRONG_INPUT, "")
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_is_json_too_where_json_was_asked_for(shell: Shell) -> None:
    result = shell("ask", "E73-B", "--analyzer", "gpt-9", "--json")
    problem = json.loads(result.stdout)
    assert (problem["code"], result.exit_code) == ("unknown_analyzer", exits.WRONG_INPUT)
    assert "evidence" in problem["hint"]


def test_a_knowledge_base_that_is_empty_gets_no_sample_documents_in_a_home_that_has_others(shell: Shell) -> None:
    assert shell("ask", "E73-B", "--kb", "depot").exit_code == exits.UNKNOWN_CODE
