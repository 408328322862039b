"""`.env.example` says what the settings say."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from app.core.settings import Settings
from app.core.settings.example import render

FILE = Path(__file__).parent.parent / ".env.example"


def fields(model: type[BaseModel]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        group = isinstance(kind, type) and issubclass(kind, BaseModel)
        found += fields(kind) if group else [(f"{model.__name__}.{name}", field.description)]
    return found


def test_the_example_is_what_make_env_writes() -> None:
    assert FILE.read_text() == render()


def test_every_default_in_the_example_reads_back_as_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^# (RAIL_DEBUG_\w+=.+)$", FILE.read_text(), re.MULTILINE)
    (tmp_path / "full.env").write_text("\n".join(lines))
    assert len(lines) > 10
    assert Settings(_env_file=tmp_path / "full.env") == Settings(_env_file=None)


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, description in fields(Settings) if not description] == []
