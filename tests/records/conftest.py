"""The records of a fresh home: on a real SQLite file, and for the contract on a real Postgres too."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.records.home import Records, open_records
from tests.postgres_server import PostgresServer, discard, postgres_server

CONTRACT = {"benchmarks", "contract", "documents", "expiry", "gaps", "keys", "runs", "standings", "truth"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What both databases promise is tested on both; the rest is of SQLite alone."""
    if "url" in metafunc.fixturenames:
        both = metafunc.module.__name__.rpartition("test_")[2] in CONTRACT
        kinds = ["sqlite", *([pytest.param("postgres", marks=pytest.mark.slow)] if both else [])]
        metafunc.parametrize("url", kinds, indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = postgres_server()
    try:
        server.start()
        yield server
    finally:
        discard(server)


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str | None:
    """Of an empty database; None for the file of the home."""
    if request.param == "sqlite":
        return None
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
async def records(tmp_path: Path, url: str | None) -> AsyncIterator[Records]:
    opened = open_records(tmp_path / "home", url)
    await opened.open()
    yield opened
    await opened.close()
