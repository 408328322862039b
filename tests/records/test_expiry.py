"""A run is deleted on request and by its age; the audit keeps that it was there, and nothing of what was asked."""

import pytest

from app.core.errors import Conflict, NotFound
from app.core.principal import Principal
from app.core.question import Question
from app.core.settings.records import RecordsSettings
from app.core.wire import to_json
from app.records.expiry import SLICE
from app.records.home import Records
from tests.records.samples import ADMIN, ANNA, BORIS, CARLA, pack, question
from tests.records.whole import faulty

SECRET = "What is E987-X on unit 418-04?"
ROOT = Principal("root")
DAY = 86400.0


async def answered(records: Records, run: str, days: float = 0.0) -> None:
    await records.runs.accept(ANNA, run, Question(SECRET))
    await records.runs.commit(ANNA, run, "answered", pack(run))
    await aged(records, run, days)


async def aged(records: Records, run: str, days: float) -> None:
    sql = "UPDATE runs SET created_at = created_at - ?, finished_at = finished_at - ? WHERE id = ?"
    await records.db.write(lambda c: c.execute(sql, (days * DAY, days * DAY, run)).rowcount)


async def left(records: Records, table: str) -> int:
    return int(await records.db.read(lambda c: c.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]))


async def test_its_owner_deletes_a_run_and_the_audit_keeps_who(records: Records) -> None:
    await answered(records, "r1")
    await records.db.write(
        lambda c: c.execute("INSERT INTO gaps VALUES ('r1', 'main', 'anna', 'code', 'E987-X', 'e987-x', 1.0)").rowcount
    )
    await records.expiry.delete(ANNA, "r1", "asked by the works council")
    with pytest.raises(NotFound):
        await records.runs.get(ANNA, "r1")
    assert [await left(records, table) for table in ("runs", "packs", "gaps")] == [0, 0, 0]
    (line,) = await records.audit.list(ROOT)
    assert (line.who, line.what, line.kb) == ("anna", "run.deleted", "main")
    assert line.details == {"run": "r1", "owner": "anna", "status": "answered", "reason": "asked by the works council"}
    assert "E987" not in to_json(line).decode()
    assert await faulty(records) == {}


async def test_nobody_else_deletes_it_but_an_administrator(records: Records) -> None:
    await answered(records, "r1")
    for other in (BORIS, CARLA, Principal("root", frozenset({"admin"}), frozenset({"depot"}))):
        with pytest.raises(NotFound):
            await records.expiry.delete(other, "r1")
    await records.expiry.delete(ADMIN, "r1")
    with pytest.raises(NotFound):
        await records.expiry.delete(ADMIN, "r1")
    assert [(line.who, line.details["owner"]) for line in await records.audit.list(ROOT)] == [("root", "anna")]


async def test_who_may_approve_reads_a_held_run_and_does_not_delete_it(records: Records) -> None:
    await records.runs.accept(ANNA, "r1", question())
    await records.runs.commit(ANNA, "r1", "awaiting_approval", pack("r1"))
    await records.runs.commit(CARLA, "r1", "answered", pack("r1"))
    with pytest.raises(NotFound):
        await records.expiry.delete(CARLA, "r1")


@pytest.mark.parametrize("status", ["running", "awaiting_approval"])
async def test_a_run_that_has_not_ended_stays(records: Records, status: str) -> None:
    await records.runs.accept(ANNA, "r1", question())
    if status == "awaiting_approval":
        await records.runs.commit(ANNA, "r1", "awaiting_approval", pack("r1"))
    with pytest.raises(Conflict, match=status):
        await records.expiry.delete(ANNA, "r1")
    await aged(records, "r1", 100)
    assert not (await records.expiry.sweep(RecordsSettings(runs_days=1))).any
    assert await left(records, "runs") == 1
    assert await records.audit.list(ROOT) == []


async def test_what_is_older_than_it_is_kept_goes_and_the_rest_stays(records: Records) -> None:
    for run, days in (("old", 31), ("older", 90), ("new", 29)):
        await answered(records, run, days)
    swept = await records.expiry.sweep(RecordsSettings(runs_days=30))
    assert (swept.runs, swept.gaps, swept.benchmarks) == (2, 0, 0)
    assert (await records.runs.get(ANNA, "new")).pack == pack("new")
    assert await left(records, "packs") == 1
    (line,) = await records.audit.list(ROOT)
    assert (line.who, line.what, line.details["count"]) == ("retention", "records.swept", 2)
    assert not (await records.expiry.sweep(RecordsSettings(runs_days=30))).any
    assert len(await records.audit.list(ROOT)) == 1


async def test_many_go_in_several_writes(records: Records) -> None:
    for number in range(SLICE + 5):
        await answered(records, f"r{number:04}", 31)
    assert (await records.expiry.sweep(RecordsSettings(runs_days=30))).runs == SLICE + 5
    assert [line.details["count"] for line in await records.audit.list(ROOT)] == [5, SLICE]


async def test_by_default_nothing_goes(records: Records) -> None:
    await answered(records, "r1", 10_000)
    assert not (await records.expiry.sweep(RecordsSettings())).any
    assert await left(records, "runs") == 1


async def test_gaps_and_rounds_have_times_of_their_own(records: Records) -> None:
    await answered(records, "r1")
    sql = "INSERT INTO gaps VALUES ('r1', 'main', 'anna', 'code', 'E987-X', 'e987-x', 1.0)"
    await records.db.write(lambda c: c.execute(sql).rowcount)
    await records.benchmarks.add(ROOT, "main", round_id="b1", status="done", text="{}")
    await records.db.write(lambda c: c.execute("UPDATE benchmark_rounds SET at = 1.0").rowcount)
    swept = await records.expiry.sweep(RecordsSettings(gaps_days=1, benchmarks_days=1))
    assert (swept.runs, swept.gaps, swept.benchmarks) == (0, 1, 1)
    assert {line.details["kind"] for line in await records.audit.list(ROOT)} == {"gaps", "benchmark_rounds"}
