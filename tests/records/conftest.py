"""The records of a fresh home, on a real SQLite file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.records.home import Records, open_records


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    opened = open_records(tmp_path / "home")
    await opened.open()
    yield opened
    await opened.close()
