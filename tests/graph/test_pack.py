"""The evidence pack: all that an answer was made from, so that it can be read and replayed without the index."""

import hashlib
import json
from dataclasses import replace

from app.core.code import code_label
from app.core.principal import LOCAL, Principal
from app.core.question import Question
from app.core.wire import from_json, to_json
from app.graph.release import withheld_pack
from app.records.base import Pack
from tests.fakes import (
    CAUSE,
    INVENTED,
    ISOLATE,
    STEP,
    FakeAnalyzer,
    FakeRetriever,
    FakeRuns,
    passage,
    said,
)
from tests.graph.conftest import Make

ASKED = Question("E73-B: what now?")
APPROVER = Principal("chief", scopes=frozenset({"ask", "approve"}))
SECRET = "Isolate the brake of the coach."


async def packed(make: Make, text: str, *, approval: bool = False, question: Question = ASKED) -> Pack:
    runs = FakeRuns()
    diagnosis = await make(FakeAnalyzer(text=text), runs=runs, approval=approval).ask(question, LOCAL)
    pack = runs.rows[diagnosis.run_id].pack
    assert pack
    return pack


async def test_it_holds_what_was_found_said_and_by_whom(make: Make) -> None:
    pack = await packed(make, said(CAUSE, STEP))
    text = passage().text
    assert [(s.passage_id, s.revision, s.digest) for s in pack.sources] == [
        ("p1", "C", hashlib.sha256(text.encode()).hexdigest())
    ]
    assert pack.identity
    assert pack.identity.label == pack.diagnosis.analyzer
    assert [c.mark for c in pack.statements] == ["supported", "supported"]
    assert (pack.index_version, pack.code, pack.approval) == (1, code_label(), False)
    assert set(pack.diagnosis.usage.milliseconds) >= {"retrieve", "analyze", "verify"}


async def test_a_statement_that_was_struck_stands_in_it_with_the_reason(make: Make) -> None:
    pack = await packed(make, said(CAUSE, INVENTED))
    struck = [c for c in pack.statements if c.mark == "struck"]
    assert [c.statement.text for c in struck] == [INVENTED["text"]]
    assert struck[0].reasons


async def test_what_was_void_before_another_one_answered_is_kept_too(make: Make) -> None:
    pack = await packed(make, said(INVENTED))
    assert pack.voided
    assert [c.statement.text for c in pack.voided.statements] == [INVENTED["text"]]
    assert pack.voided.identity
    assert pack.voided.identity.name == "fake"
    assert pack.identity
    assert pack.identity.name == "evidence"


async def test_passages_that_the_answer_does_not_show_are_kept(make: Make) -> None:
    runs = FakeRuns()
    agent = make(FakeAnalyzer(), runs=runs, retriever=FakeRetriever(known=frozenset()))
    diagnosis = await agent.ask(ASKED, LOCAL)
    pack = runs.rows[diagnosis.run_id].pack
    assert pack
    assert diagnosis.verdict == "unknown_code"
    assert [p.id for p in pack.unshown] == [s.passage_id for s in pack.sources] == ["p1"]


async def test_no_held_step_can_be_read_in_the_pack_that_leaves(make: Make) -> None:
    invented = {**ISOLATE, "text": "Isolate the brake of the coach at 99 bar."}
    runs = FakeRuns()
    agent = make(FakeAnalyzer(text=said(CAUSE, STEP, ISOLATE, invented)), runs=runs, approval=True)
    run_id = (await agent.ask(ASKED, LOCAL)).run_id
    kept = runs.rows[run_id].pack
    assert kept
    assert {c.mark for c in kept.statements} >= {"held", "struck"}
    leaving = to_json(withheld_pack(kept)).decode()
    assert "Isolate the brake" not in leaving
    assert "Isolate the brake" in to_json(kept).decode()
    await agent.decide(run_id, "approve", "seen", APPROVER)
    released = runs.rows[run_id].pack
    assert released
    assert SECRET in to_json(withheld_pack(released)).decode()
    assert "held" not in [c.mark for c in released.statements]


async def test_a_refused_step_stays_unreadable(make: Make) -> None:
    runs = FakeRuns()
    agent = make(FakeAnalyzer(text=said(CAUSE, ISOLATE)), runs=runs, approval=True)
    run_id = (await agent.ask(ASKED, LOCAL)).run_id
    await agent.decide(run_id, "reject", "not now", APPROVER)
    pack = runs.rows[run_id].pack
    assert pack
    assert pack.decisions[0]["who"] == "chief"
    assert SECRET not in [c.statement.text for c in withheld_pack(pack).statements]


async def test_a_pack_of_an_earlier_release_is_still_read(make: Make) -> None:
    pack = await packed(make, said(CAUSE, STEP))
    old = {"run_id", "question", "diagnosis", "index_version", "schema", "decisions"}
    text = json.dumps({name: value for name, value in json.loads(to_json(pack)).items() if name in old})
    back = from_json(Pack, text)
    assert back.diagnosis == replace(pack.diagnosis)
    assert (back.schema, back.statements, back.sources, back.identity) == (1, (), (), None)


async def test_it_comes_back_from_json_as_it_went(make: Make) -> None:
    pack = await packed(make, said(CAUSE, INVENTED, STEP))
    assert from_json(Pack, to_json(pack)) == pack
