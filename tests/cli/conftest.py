"""A shell in this process: verbs over a home with the sample shelf, and an embedder that needs no weights."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.main import cli
from app.retrieval.embedders.table import EMBEDDERS
from tests.retrieval.fakes import HashEmbedder

Shell = Callable[..., Result]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Any verb, by the real path from flags and environment to the hall; the embedder is one more row of its table."""
    assert isinstance(EMBEDDERS, dict)
    monkeypatch.setitem(EMBEDDERS, "hash", lambda settings: HashEmbedder())
    monkeypatch.setenv("RAIL_DEBUG_RETRIEVAL__EMBEDDER", "hash")
    monkeypatch.setenv("RAIL_DEBUG_HOME", str(tmp_path / "home"))

    def run(*words: str, stdin: str | bytes | None = None, **more: Any) -> Result:
        return CliRunner().invoke(cli, words, input=stdin, **more)

    return run


@pytest.fixture
def shell(bare: Shell, stocked: Path, tmp_path: Path) -> Shell:
    shutil.copytree(stocked, tmp_path / "home")
    return bare
