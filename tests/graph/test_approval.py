"""Steps that isolate or operate wait for a named person, also over a restart."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from app.core.errors import Conflict, Forbidden
from app.core.principal import LOCAL, Principal
from app.core.question import Question
from tests.fakes import CAUSE, ISOLATE, STEP, FakeAnalyzer, FakeRuns, said
from tests.graph.conftest import Make

ASKED = Question("E73-B: what now?")
TEXT = said(CAUSE, STEP, ISOLATE)
APPROVER = Principal("chief", scopes=frozenset({"ask", "approve"}))
SECRET = "Isolate the brake of the coach."


async def test_the_rest_is_answered_at_once_and_the_critical_step_is_withheld(make: Make) -> None:
    agent = make(FakeAnalyzer(text=TEXT), approval=True)
    run_id = await agent.start(ASKED, LOCAL)
    events = [event async for event in agent.events(run_id, LOCAL)]
    assert [e.type for e in events][-2:] == ["approval_needed", "answered"]
    told = [e.data["text"] for e in events if e.type == "statement"]
    assert SECRET not in told
    diagnosis = events[-1].data["diagnosis"]
    assert diagnosis.verdict == "awaiting_approval"
    assert [(s.action, s.held) for s in diagnosis.steps] == [("observe", False), ("isolate", True)]
    assert SECRET not in [s.text for s in diagnosis.steps]


async def test_a_held_step_cannot_be_read_from_its_receipt_either(make: Make) -> None:
    agent = make(FakeAnalyzer(text=TEXT), approval=True)
    run_id = await agent.start(ASKED, LOCAL)
    events = [event async for event in agent.events(run_id, LOCAL)]
    (held,) = [e.data["citations"] for e in events if e.type == "statement" and e.data["mark"] == "held"]
    diagnosis = events[-1].data["diagnosis"]
    sealed = [c for c in diagnosis.citations if c.id in {receipt.id for receipt in held}]
    assert [c.quote for c in (*held, *sealed)] == ["", ""]
    assert all(c.quote for c in diagnosis.citations if c not in sealed)


async def test_no_passage_shows_what_is_held_until_it_is_released(make: Make) -> None:
    agent = make(FakeAnalyzer(text=TEXT), approval=True)
    run_id = await agent.start(ASKED, LOCAL)
    events = [event async for event in agent.events(run_id, LOCAL)]
    (found,) = [e.data["passages"] for e in events if e.type == "retrieved"]
    held = events[-1].data["diagnosis"].passages
    released = (await agent.decide(run_id, "approve", "seen", APPROVER)).passages
    assert any(ISOLATE["quote"] in passage.text for passage in released)
    for shown in (found, held):
        assert not any(ISOLATE["quote"] in passage.text for passage in shown)
        assert any(STEP["quote"] in passage.text for passage in shown)
        assert [len(passage.text) for passage in shown] == [len(passage.text) for passage in released]


async def test_a_held_answer_that_cannot_be_recorded_goes_out_and_is_spooled(make: Make) -> None:
    runs = FakeRuns(down=True)
    diagnosis = await make(FakeAnalyzer(text=TEXT), runs=runs, approval=True).ask(ASKED, LOCAL)
    assert diagnosis.verdict == "awaiting_approval"
    assert "record_spooled" in diagnosis.degraded
    assert SECRET in [step.text for pack in runs.spooled for step in pack.diagnosis.steps]


async def test_of_two_who_decide_at_once_one_is_told_that_the_other_was_first(make: Make) -> None:
    agent = make(FakeAnalyzer(text=TEXT), approval=True)
    run_id = (await agent.ask(ASKED, LOCAL)).run_id
    both = (agent.decide(run_id, ruling, "seen", APPROVER) for ruling in ("approve", "reject"))
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert first.verdict == "answered"
    assert isinstance(second, Conflict)


async def test_a_held_run_whose_checkpoint_is_gone_cannot_be_decided(make: Make, tmp_path: Path) -> None:
    runs = FakeRuns()
    before = make(FakeAnalyzer(text=TEXT), runs=runs, approval=True)
    run_id = (await before.ask(ASKED, LOCAL)).run_id
    await before.close()
    with sqlite3.connect(tmp_path / "checkpoints.sqlite") as db:
        db.execute("DELETE FROM checkpoints")
    with pytest.raises(Conflict):
        await make(FakeAnalyzer(text=TEXT), runs=runs, approval=True).decide(run_id, "approve", "seen", APPROVER)
    assert runs.rows[run_id].status == "awaiting_approval"


async def test_steps_that_cannot_be_kept_stay_held_and_the_rest_goes_out(make: Make, tmp_path: Path) -> None:
    (tmp_path / "checkpoints.sqlite").mkdir()  # nothing can be written there
    agent = make(FakeAnalyzer(text=TEXT), approval=True)
    for _ in range(2):
        diagnosis = await agent.ask(ASKED, LOCAL)
        assert diagnosis.verdict == "awaiting_approval"
        assert diagnosis.degraded == ("approve_failed:checkpoint",)
        assert SECRET not in [s.text for s in diagnosis.steps]
    with pytest.raises(Conflict):
        await agent.decide(diagnosis.run_id, "approve", "seen", APPROVER)


async def test_without_approval_nothing_is_held(make: Make) -> None:
    diagnosis = await make(FakeAnalyzer(text=TEXT)).ask(ASKED, LOCAL)
    assert diagnosis.verdict == "answered"
    assert [s.text for s in diagnosis.steps if s.action == "isolate"] == [SECRET]


async def test_a_command_in_other_clothes_is_held_as_the_step_it_is(make: Make) -> None:
    warning = {**ISOLATE, "kind": "warning"}
    agent = make(FakeAnalyzer(text=said(CAUSE, warning)), approval=True)
    diagnosis = await agent.ask(ASKED, LOCAL)
    assert not any(SECRET in warning for warning in diagnosis.warnings)
    assert [(s.action, s.held) for s in diagnosis.steps] == [("isolate", True)]


async def test_release_completes_the_answer_and_names_the_person(make: Make) -> None:
    runs = FakeRuns()
    agent = make(FakeAnalyzer(text=TEXT), runs=runs, approval=True)
    run_id = (await agent.ask(ASKED, LOCAL)).run_id
    diagnosis = await agent.decide(run_id, "approve", "coach is out of service", APPROVER)
    assert diagnosis.verdict == "answered"
    assert [s.text for s in diagnosis.steps if s.action == "isolate"] == [SECRET]
    pack = runs.rows[run_id].pack
    assert pack is not None
    assert [(d["who"], d["decision"]) for d in pack.decisions] == [("chief", "approve")]


async def test_refusal_takes_the_step_away_and_says_why(make: Make) -> None:
    agent = make(FakeAnalyzer(text=TEXT), approval=True)
    run_id = (await agent.ask(ASKED, LOCAL)).run_id
    diagnosis = await agent.decide(run_id, "reject", "not on the main line", APPROVER)
    assert diagnosis.verdict == "rejected"
    assert [s.action for s in diagnosis.steps] == ["observe"]
    assert any("not on the main line" in warning for warning in diagnosis.warnings)


async def test_a_held_run_survives_a_restart(make: Make) -> None:
    runs = FakeRuns()
    before = make(FakeAnalyzer(text=TEXT), runs=runs, approval=True)
    run_id = (await before.ask(ASKED, LOCAL)).run_id
    await before.close()
    after = make(FakeAnalyzer(text=TEXT), runs=runs, approval=True)
    diagnosis = await after.decide(run_id, "approve", "seen", APPROVER)
    assert [s.text for s in diagnosis.steps if s.action == "isolate"] == [SECRET]
    assert runs.rows[run_id].status == "answered"


async def test_a_decision_is_made_once_and_only_by_one_who_may(make: Make) -> None:
    agent = make(FakeAnalyzer(text=TEXT), approval=True)
    run_id = (await agent.ask(ASKED, LOCAL)).run_id
    with pytest.raises(Forbidden):
        await agent.decide(run_id, "approve", "mine", Principal("local", scopes=frozenset({"ask"})))
    await agent.decide(run_id, "approve", "seen", APPROVER)
    with pytest.raises(Conflict):
        await agent.decide(run_id, "reject", "too late", APPROVER)


async def test_nothing_is_written_to_disk_until_a_step_waits(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.sqlite"
    agent = make(FakeAnalyzer(text=said(CAUSE, STEP)), approval=True)
    await agent.ask(ASKED, LOCAL)
    assert not file.exists()
    agent.analyzers.table["fake"].text = TEXT
    run_id = (await agent.ask(ASKED, LOCAL)).run_id
    assert threads(file) == {run_id}
    await agent.decide(run_id, "approve", "seen", APPROVER)
    assert threads(file) == set()


def threads(file: Path) -> set[str]:
    with sqlite3.connect(file) as db:
        return {row[0] for row in db.execute("SELECT thread_id FROM checkpoints")}
