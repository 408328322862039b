"""`rail-debug prompts`, with files alone and with Langfuse."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import exits
from app.prompts.files import FilePrompts
from tests.cli.conftest import Shell
from tests.langfuse_server import PUBLIC, SECRET, Remote, langfuse_server

TEXT = FilePrompts().load().written("judge").text
BETTER = TEXT.replace("version: 1", "version: 2").replace("You grade", "You judge")


@pytest.fixture
def second(bare: Shell, tmp_path: Path) -> Path:
    file = tmp_path / "home" / "prompts" / "judge@2.md"
    file.parent.mkdir(parents=True)
    file.write_text(BETTER)
    return file


def told(shell: Shell, *words: str) -> dict[str, object]:
    result = shell("prompts", *words, "--json")
    assert result.exit_code == exits.ANSWERED, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def used(shell: Shell, name: str = "judge") -> str:
    listed = told(shell, "list")["prompts"]
    assert isinstance(listed, list)
    return next(str(p["used"]) for p in listed if p["name"] == name)


def test_a_version_waits_until_it_is_promoted_and_goes_back(bare: Shell, second: Path) -> None:
    assert used(bare) == "judge@1/default"
    assert told(bare, "promote", "judge", "2", "prod", "--note", "reads better")["changed"] is True
    assert used(bare) == "judge@2/default"
    assert told(bare, "promote", "judge", "2", "prod")["changed"] is False
    assert told(bare, "rollback", "judge", "prod")["version"] == 1
    assert used(bare) == "judge@1/default"
    assert bare("prompts", "rollback", "judge", "prod").exit_code == exits.FAILED  # there is nothing before it
    lines = bare("prompts", "audit", "judge").stdout.splitlines()
    assert [line.split(maxsplit=4)[2:4] for line in lines] == [["local", "rollback"], ["local", "promote"]]
    assert lines[1].endswith("production 1 -> 2  reads better")
    assert "judge@1/default  (files 1, 2; production 1)" in bare("prompts", "list").stdout


def test_what_cannot_be_promoted_is_told(bare: Shell, second: Path) -> None:
    for words in (("judge", "9", "prod"), ("poem", "1", "prod"), ("judge", "2", "dev")):
        assert bare("prompts", "promote", *words).exit_code == exits.WRONG_INPUT
    assert bare("prompts", "rollback", "judge", "prod").exit_code == exits.FAILED
    assert bare("prompts", "push", "judge").exit_code == exits.WRONG_INPUT
    assert told(bare, "audit")["changes"] == []


def test_versions_are_shown_and_compared(bare: Shell, second: Path) -> None:
    assert bare("prompts", "show", "judge", "--which", "2").stdout == BETTER
    changed = bare("prompts", "diff", "judge", "1", "2").stdout
    assert "-You grade" in changed and "+You judge" in changed
    assert bare("prompts", "diff", "judge", "1").stdout == ""
    assert bare("prompts", "show", "judge", "--which", "dev").stdout == BETTER  # what was written last
    assert bare("prompts", "show", "judge", "--which", "staging").exit_code == exits.WRONG_INPUT


def test_a_file_that_is_wrong_is_no_start(bare: Shell, second: Path) -> None:
    second.write_text(BETTER.replace("{{ question |", "{{ questoin |"))
    result = bare("prompts", "list")
    assert result.exit_code == exits.FAILED
    assert "judge@2.md:" in result.stderr and "questoin is not declared" in result.stderr


def test_no_experiments_are_no_error(bare: Shell) -> None:
    assert told(bare, "experiments") == {"experiments": []}


@pytest.fixture
def server(bare: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Remote]:
    pytest.importorskip("langfuse")
    with langfuse_server() as made:
        secret = tmp_path / "secret"
        secret.write_text(f"{SECRET}\n")
        monkeypatch.setenv("RAIL_DEBUG_PROMPTS__LANGFUSE__HOST", made.url)
        monkeypatch.setenv("RAIL_DEBUG_PROMPTS__LANGFUSE__PUBLIC_KEY", PUBLIC)
        monkeypatch.setenv("RAIL_DEBUG_PROMPTS__LANGFUSE__SECRET_KEY_FILE", str(secret))
        yield made


@pytest.mark.slow
def test_a_prompt_goes_to_langfuse_once_is_promoted_there_and_comes_back(
    bare: Shell, second: Path, server: Remote, tmp_path: Path
) -> None:
    assert told(bare, "push", "judge", "--label", "prod")["version"] == 1
    assert told(bare, "push", "judge")["changed"] is False
    assert told(bare, "push", "judge", "--label", "prod")["changed"] is False
    assert told(bare, "push", "judge", "--which", "2", "--note", "better")["version"] == 2
    assert told(bare, "promote", "judge", "2", "staging")["changed"] is True
    assert "+You judge" in bare("prompts", "diff", "judge", "prod", "staging").stdout
    assert told(bare, "promote", "judge", "2", "prod")["told"] == "production: 1 -> 2"
    assert told(bare, "rollback", "judge", "prod")["version"] == 1
    kept = server.stats()["prompts"]["rail-debug-judge"]
    assert [sorted(v["labels"]) for v in kept] == [["production"], ["latest", "staging"]]
    assert told(bare, "push", "judge", "--which", "2", "--label", "prod-a")["told"] == "prod-a: nothing -> 2"
    assert told(bare, "pull", "judge", "--label", "staging")["changed"] is False
    kept[1]["prompt"] = BETTER.replace("You judge", "You weigh")
    server.set(prompts={"rail-debug-judge": kept})
    assert told(bare, "pull", "judge", "--label", "staging")["version"] == 3
    assert "You weigh" in (tmp_path / "home" / "prompts" / "judge@3.md").read_text()
    actions = [c["action"] for c in told(bare, "audit")["changes"]]  # type: ignore[attr-defined]
    assert actions == ["pull", "promote", "rollback", "promote", "promote", "push", "push"]


@pytest.mark.slow
def test_a_remote_prompt_that_is_no_prompt_is_not_promoted(bare: Shell, server: Remote) -> None:
    told(bare, "push", "judge")
    kept = server.stats()["prompts"]["rail-debug-judge"]
    server.set(prompts={"rail-debug-judge": [kept[0] | {"prompt": "You are a poet."}]})
    result = bare("prompts", "promote", "judge", "1", "prod")
    assert result.exit_code == exits.FAILED and "front matter" in result.stderr


@pytest.mark.slow
def test_langfuse_being_away_is_told(bare: Shell, server: Remote) -> None:
    server.kill()
    result = bare("prompts", "push", "judge")
    assert result.exit_code == exits.FAILED and "cannot be reached" in result.stderr
