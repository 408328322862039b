"""Each `.env.NAME` makes the analyzer NAME the active one, with a row that its kind accepts."""

from pathlib import Path

import pytest

from app.analyzers.base import Analyzer
from app.analyzers.composition import check, seated
from app.analyzers.table import BACKENDS
from app.core.settings import Settings

ROOT = Path(__file__).parent.parent
NAMES = ("evidence", "gguf", "qlora", "gemini", "custom")


def _nobody(name: str) -> Analyzer:
    raise AssertionError(f"A preset leans on no other row, but this one asks for {name!r}.")


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_a_table_of_its_own(name: str) -> None:
    table = Settings(_env_file=ROOT / f".env.{name}").analyzer_table
    check(table)
    assert table.active == name
    spec = table.rows[name]
    if spec.kind in BACKENDS:
        assert seated(name, spec, _nobody).face.name == name


def test_there_is_a_preset_for_each_of_them_and_no_other() -> None:
    assert {file.name for file in ROOT.glob(".env.*")} == {*(f".env.{name}" for name in NAMES), ".env.example"}
