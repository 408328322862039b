"""A home that an earlier release made, with schema 3: today's release reads all of it and goes on with it.

`home_v3` was written by that release: two documents, runs that were answered, unknown, held, released and cut off.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from app.core.errors import Conflict
from app.core.principal import LOCAL
from app.core.settings import load
from app.records.base import RunRow
from app.records.migrations import STEPS
from app.services.build import build
from app.services.hall import Services
from app.services.page import rendered
from app.services.replaying import replay
from tests.records.whole import broken
from tests.retrieval.fakes import HashEmbedder

HERE = Path(__file__).parent / "home_v3"
HELD = "0xB0310001: what do I check?"


def made_then(home: Path) -> None:
    home.mkdir()
    for name in ("records", "checkpoints"):
        with closing(sqlite3.connect(home / f"{name}.db")) as database:
            database.executescript((HERE / f"{name}.sql").read_text())


@pytest.fixture
async def upgraded(tmp_path: Path) -> AsyncIterator[Services]:
    made_then(tmp_path / "home")
    with closing(sqlite3.connect(tmp_path / "home" / "records.db")) as database:
        assert database.execute("SELECT MAX(version) FROM schema_version").fetchone() == (3,)
    async with build(load(home=tmp_path / "home"), embedder=HashEmbedder(), serve=True) as services:
        yield services


async def rows(services: Services) -> dict[str, list[RunRow]]:
    found: dict[str, list[RunRow]] = {}
    read = services.health.records.db.read
    for (run_id,) in await read(lambda c: c.execute("SELECT id FROM runs ORDER BY created_at").fetchall()):
        row = await services.runs.get(LOCAL, run_id)
        found.setdefault(row.status, []).append(row)
    return found


async def test_it_has_today_s_schema_and_is_whole(upgraded: Services) -> None:
    records = upgraded.health.records
    assert await records.db.read(lambda c: c.execute("SELECT MAX(version) FROM schema_version").fetchone()) == (
        len(STEPS),
    )
    assert broken(upgraded.settings.folder / "records.db") == {}


async def test_every_document_and_run_is_read(upgraded: Services) -> None:
    documents = await upgraded.documents.list(LOCAL, "main")
    assert [row.path for row in documents] == ["brakes/e73.md", "radio/fixed-network-alarms.tsv"]
    texts = {row.id: (await upgraded.documents.get(LOCAL, row.id)).text for row in documents}
    found = await rows(upgraded)
    assert {status: len(runs) for status, runs in found.items()} == {"answered": 3, "awaiting_approval": 2, "failed": 1}
    for row in (each for runs in found.values() for each in runs if each.pack):
        assert row.pack
        assert row.pack.schema == 1
        for citation in row.pack.diagnosis.citations:
            assert texts[citation.document_id][citation.start : citation.end] == citation.quote
        page = rendered(await upgraded.read_run(row.id, LOCAL)).body.decode()
        assert row.id in page
    assert found["failed"][0].error == "interrupted"
    assert [gap.what for gap in await upgraded.gaps.list(LOCAL, "main")] == ["best pizza recipe", "E987-X"]
    assert [key.name for key in await upgraded.keys.all()] == ["chief"]


async def test_a_step_that_was_held_then_is_released_now(upgraded: Services) -> None:
    held = next(row for row in await upgraded.runs.waiting(LOCAL) if row.question.text == HELD)
    answer = await upgraded.agent.decide(held.id, "approve", "seen", LOCAL)
    assert answer.verdict == "answered"
    assert [(step.action, step.held) for step in answer.steps].count(("isolate", False)) == 1


async def test_what_was_answered_then_is_not_replayed_and_asked_again_it_is(upgraded: Services) -> None:
    old = next(row for row in (await rows(upgraded))["answered"] if row.question.text == HELD)
    with pytest.raises(Conflict, match="earlier release"):
        await replay(upgraded, old.id, LOCAL)
    new = await upgraded.agent.ask(old.question, LOCAL)
    assert (await replay(upgraded, new.run_id, LOCAL)).equal
