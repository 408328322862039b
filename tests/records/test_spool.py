"""Packs that the database could not take wait in files, and none is lost silently."""

import logging
from pathlib import Path

import pytest

from app.core.errors import InvalidInput, RecordsUnavailable
from app.records.base import Pack
from app.records.home import Records
from app.records.spool import Spool, Spooled
from tests.records.samples import ANNA, pack, question


async def test_a_spooled_pack_reaches_the_database_at_the_next_drain(records: Records) -> None:
    await records.runs.accept(ANNA, "r1", question())
    records.runs.spool(ANNA, "r1", "answered", pack("r1"))
    assert await records.runs.drain() == 1
    row = await records.runs.get(ANNA, "r1")
    assert (row.status, row.pack) == ("answered", pack("r1"))
    assert await records.runs.drain() == 0


async def test_a_spooled_pack_brings_its_run_along_when_the_row_is_missing(records: Records) -> None:
    records.runs.spool(ANNA, "r1", "answered", pack("r1"))
    assert await records.runs.drain() == 1
    row = await records.runs.get(ANNA, "r1")
    assert (row.owner, row.kb, row.question, row.pack) == ("anna", "main", question(), pack("r1"))


async def test_a_drain_that_died_before_it_removed_the_file_is_harmless(records: Records) -> None:
    records.runs.spool(ANNA, "r1", "answered", pack("r1"))
    await records.runs.drain()
    records.runs.spool(ANNA, "r1", "answered", pack("r1"))
    assert await records.runs.drain() == 1
    assert list((records.folder / "spool").iterdir()) == []


async def test_a_pack_of_a_run_that_ended_otherwise_is_kept_aside(
    records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    await records.runs.accept(ANNA, "r1", question())
    await records.runs.commit(ANNA, "r1", "cancelled", None)
    records.runs.spool(ANNA, "r1", "answered", pack("r1"))
    with caplog.at_level(logging.WARNING):
        assert await records.runs.drain() == 0
    assert "r1.kept" in caplog.text
    assert (records.folder / "spool" / "r1.kept").exists()
    assert (await records.runs.get(ANNA, "r1")).status == "cancelled"


@pytest.mark.parametrize("suffix", ["json", "tmp"])
async def test_a_torn_file_is_kept_aside_with_a_warning(
    records: Records, caplog: pytest.LogCaptureFixture, suffix: str
) -> None:
    records.runs.spool(ANNA, "r1", "answered", pack("r1"))
    folder = records.folder / "spool"
    whole = (folder / "r1.json").read_bytes()
    (folder / f"r0.{suffix}").write_bytes(whole[: len(whole) // 2])
    with caplog.at_level(logging.WARNING):
        assert await records.runs.drain() == 1
    assert "r0.kept" in caplog.text
    assert (folder / "r0.kept").read_bytes() == whole[: len(whole) // 2]


def test_a_file_that_cannot_be_read_stays_and_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "r0.json").mkdir()
    Spool(tmp_path).put(spooled("r1"))
    with caplog.at_level(logging.WARNING):
        assert [entry.run_id for _, entry in Spool(tmp_path).entries()] == ["r1"]
    assert "r0.json" in caplog.text


def test_a_spool_that_takes_nothing_says_so(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    with pytest.raises(RecordsUnavailable):
        Spool(tmp_path / "spool").put(spooled("r1"))


def test_a_run_id_cannot_leave_the_spool(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        Spool(tmp_path / "spool").put(spooled("../r1"))


def spooled(run: str) -> Spooled:
    kept: Pack = pack(run)
    return Spooled(run, "anna", "answered", kept)
