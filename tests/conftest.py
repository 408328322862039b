"""What tests of whole services share: a home with the sample shelf, made once and copied."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.settings import Settings, load
from app.services.build import build
from app.services.hall import Services
from tests.retrieval.fakes import HashEmbedder


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the settings of whoever runs it."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds the sample shelf."""
    import asyncio

    home = tmp_path_factory.mktemp("home")

    async def stock() -> None:
        async with build(load(home=home), embedder=HashEmbedder()):
            pass

    asyncio.run(stock())
    return home


@pytest.fixture
def settings(stocked: Path, tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    shutil.copytree(stocked, home)
    return load(home=home)


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[Services]:
    async with build(settings, embedder=HashEmbedder()) as made:
        yield made
