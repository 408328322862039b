"""The tables grow by numbered steps."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.core.errors import RecordsUnavailable
from app.records import migrations
from app.records.home import open_records


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


async def test_a_new_home_gets_every_step_and_a_second_opening_none(tmp_path: Path) -> None:
    for _ in range(2):
        records = open_records(tmp_path / "home")
        await records.open()
        versions = await records.db.read(lambda c: c.execute("SELECT version FROM schema_version").fetchall())
        assert versions == [(n + 1,) for n in range(len(migrations.STEPS))]
        await records.close()
    assert {"documents", "chunks", "runs", "packs", "keys"} <= tables(records.db.path)


async def test_a_database_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    records = open_records(tmp_path)
    await records.open()
    await records.db.write(lambda c: c.execute("INSERT INTO schema_version (version) VALUES (99)").rowcount)
    await records.close()
    later = open_records(tmp_path)
    with pytest.raises(RecordsUnavailable, match="schema 99") as refused:
        await later.open(serve=True)
    assert "older release" in refused.value.hint
    another = open_records(tmp_path)
    with pytest.raises(RecordsUnavailable, match="schema 99"):  # and not: in use by the one that failed to open
        await another.open(serve=True)


def test_a_step_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "records.db", isolation_level=None)
    connection.execute("CREATE TABLE keys (taken TEXT)")
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError):
        migrations.step(connection, binary="BLOB")
    connection.close()
    assert tables(tmp_path / "records.db") == {"keys"}
