"""Runs: durable, owned, and never overwritten once they have ended."""

import pytest

from app.core.errors import Conflict, Forbidden, NotFound
from app.core.principal import Principal
from app.records.base import Runs, Status
from app.records.home import Records
from tests.records.samples import ADMIN, ANNA, BORIS, CARLA, STRANGER, pack, question

ENDED: tuple[Status, ...] = ("answered", "rejected", "expired", "cancelled", "failed")


async def test_a_run_is_read_as_it_was_written(records: Records) -> None:
    runs: Runs = records.runs
    await runs.accept(ANNA, "r1", question())
    row = await runs.get(ANNA, "r1")
    assert (row.kb, row.owner, row.status, row.question, row.pack) == ("main", "anna", "running", question(), None)
    await runs.commit(ANNA, "r1", "answered", pack("r1"))
    row = await runs.get(ANNA, "r1")
    assert (row.status, row.pack, row.error) == ("answered", pack("r1"), None)
    assert row.finished_at is not None
    assert row.created_at <= row.finished_at


async def test_a_run_may_end_without_a_pack(records: Records) -> None:
    await records.runs.accept(ANNA, "r1", question())
    await records.runs.commit(ANNA, "r1", "failed", None, "no analyzer answered")
    row = await records.runs.get(ANNA, "r1")
    assert (row.status, row.error, row.pack) == ("failed", "no analyzer answered", None)


async def test_a_run_id_is_taken_once(records: Records) -> None:
    await records.runs.accept(ANNA, "r1", question())
    with pytest.raises(Conflict):
        await records.runs.accept(BORIS, "r1", question())
    assert (await records.runs.get(ANNA, "r1")).owner == "anna"


@pytest.mark.parametrize("status", ENDED)
async def test_a_run_that_has_ended_stays_as_it_ended(records: Records, status: Status) -> None:
    await records.runs.accept(ANNA, "r1", question())
    await records.runs.commit(ANNA, "r1", status, pack("r1", "first"))
    for late in ("answered", "failed", "awaiting_approval"):
        with pytest.raises(Conflict):
            await records.runs.commit(ANNA, "r1", late, pack("r1", "late"))
    row = await records.runs.get(ANNA, "r1")
    assert row.status == status
    assert row.pack == pack("r1", "first")


@pytest.mark.parametrize("status", ["answered", "rejected"])
async def test_a_held_run_is_decided_by_who_may_approve_and_once(records: Records, status: Status) -> None:
    await records.runs.accept(ANNA, "r1", question())
    await records.runs.commit(ANNA, "r1", "awaiting_approval", pack("r1", "held"))
    assert (await records.runs.get(ANNA, "r1")).finished_at is None
    with pytest.raises(Forbidden):
        await records.runs.commit(ANNA, "r1", status, pack("r1", "released by its owner"))
    with pytest.raises(Conflict):
        await records.runs.commit(ANNA, "r1", "failed", None)
    await records.runs.commit(CARLA, "r1", status, pack("r1", "decided"))
    row = await records.runs.get(CARLA, "r1")
    assert (row.owner, row.status, row.pack) == ("anna", status, pack("r1", "decided"))
    with pytest.raises(Conflict):
        await records.runs.commit(CARLA, "r1", status, pack("r1", "again"))


async def test_a_held_run_may_expire_without_anybodys_decision(records: Records) -> None:
    await records.runs.accept(ANNA, "r1", question())
    await records.runs.commit(ANNA, "r1", "awaiting_approval", pack("r1"))
    await records.runs.commit(ANNA, "r1", "expired", None)
    row = await records.runs.get(ANNA, "r1")
    assert (row.status, row.pack) == ("expired", pack("r1"))


async def test_waiting_runs_are_shown_to_who_may_decide_them(records: Records) -> None:
    for run, kb in (("r1", "main"), ("r2", "depot"), ("r3", "main")):
        await records.runs.accept(BORIS, run, question(kb=kb))
        await records.runs.commit(BORIS, run, "awaiting_approval", pack(run, kb=kb))
    await records.runs.accept(BORIS, "r4", question())
    assert [row.id for row in await records.runs.waiting(CARLA)] == ["r1", "r3"]
    assert [row.id for row in await records.runs.waiting(Principal("all"))] == ["r1", "r2", "r3"]
    assert [row.id for row in await records.runs.waiting(STRANGER)] == []
    assert [row.id for row in await records.runs.waiting(BORIS)] == []


async def test_a_run_belongs_to_its_owner(records: Records) -> None:
    await records.runs.accept(ANNA, "r1", question())
    await records.runs.accept(BORIS, "r2", question(kb="depot"))
    for other in (BORIS, CARLA, STRANGER):
        with pytest.raises(NotFound):
            await records.runs.get(other, "r1")
        with pytest.raises(NotFound):
            await records.runs.commit(other, "r1", "answered", pack("r1"))
    assert (await records.runs.get(ADMIN, "r1")).owner == "anna"
    with pytest.raises(NotFound):
        await records.runs.get(ADMIN, "r2")
    with pytest.raises(NotFound):
        await records.runs.get(Principal("boris", BORIS.scopes, frozenset({"main"})), "r2")


async def test_asking_needs_the_knowledge_base(records: Records) -> None:
    with pytest.raises(Forbidden):
        await records.runs.accept(ANNA, "r1", question(kb="depot"))


async def test_runs_of_a_dead_process_can_be_read_as_interrupted(records: Records) -> None:
    await records.runs.accept(ANNA, "lost", question())
    await records.runs.accept(ANNA, "done", question())
    await records.runs.commit(ANNA, "done", "answered", pack("done"))
    await records.runs.accept(ANNA, "held", question())
    await records.runs.commit(ANNA, "held", "awaiting_approval", pack("held"))
    assert await records.runs.recover() == 1
    row = await records.runs.get(ANNA, "lost")
    assert (row.status, row.error) == ("failed", "interrupted")
    assert (await records.runs.get(ANNA, "done")).status == "answered"
    assert (await records.runs.get(ANNA, "held")).status == "awaiting_approval"


async def test_a_run_believed_dead_may_still_answer(records: Records) -> None:
    await records.runs.accept(ANNA, "r1", question())
    await records.runs.recover()
    await records.runs.commit(ANNA, "r1", "answered", pack("r1"))
    row = await records.runs.get(ANNA, "r1")
    assert (row.status, row.error, row.pack) == ("answered", None, pack("r1"))
