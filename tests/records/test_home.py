"""One home: one service, and commands beside it."""

import logging
from pathlib import Path

import pytest

from app.core.errors import Conflict, RecordsUnavailable
from app.core.principal import LOCAL
from app.records.home import Records, open_records
from tests.records.samples import ANNA, cut, pack, question


async def test_a_home_has_one_service_at_a_time(tmp_path: Path) -> None:
    first, second = open_records(tmp_path), open_records(tmp_path)
    await first.open(serve=True)
    with pytest.raises(Conflict, match="Another service"):
        await second.open(serve=True)
    await first.close()
    third = open_records(tmp_path)
    await third.open(serve=True)
    await third.close()


async def test_a_command_may_ingest_beside_a_running_service(tmp_path: Path) -> None:
    service, command = open_records(tmp_path), open_records(tmp_path)
    await service.open(serve=True)
    await service.documents.replace(LOCAL, "main", [cut("a.md")])
    await command.open()
    assert await command.documents.replace(LOCAL, "main", [cut("b.md")]) == 2
    assert await service.documents.replace(LOCAL, "main", [cut("c.md")]) == 3
    await command.close()
    assert service.truth.changes("main", 1, "").documents == {"main/b.md", "main/c.md"}
    await service.close()


async def test_a_service_takes_up_what_its_predecessor_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = open_records(tmp_path)
    await before.open(serve=True)
    for run in ("answered", "interrupted"):
        await before.runs.accept(ANNA, run, question())
    before.runs.spool(ANNA, "answered", "answered", pack("answered"))
    await before.close()
    after = open_records(tmp_path)
    with caplog.at_level(logging.WARNING):
        await after.open(serve=True)
    assert "1 spooled packs" in caplog.text
    assert (await after.runs.get(ANNA, "answered")).pack == pack("answered")
    assert (await after.runs.get(ANNA, "interrupted")).error == "interrupted"
    await after.close()


async def test_a_command_does_not_touch_the_runs_of_the_service(records: Records) -> None:
    await records.runs.accept(ANNA, "r1", question())
    command = open_records(records.folder)
    await command.open()
    await command.close()
    assert (await records.runs.get(ANNA, "r1")).status == "running"


async def test_a_home_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordsUnavailable):
        await open_records(tmp_path / "file" / "home").open(serve=True)


async def test_a_home_that_cannot_be_locked_says_so(tmp_path: Path) -> None:
    (tmp_path / "service.lock").mkdir()
    with pytest.raises(RecordsUnavailable):
        await open_records(tmp_path).open(serve=True)


async def test_closing_twice_does_no_harm(records: Records) -> None:
    await records.close()
    await records.close()
