"""A question through the graph: what comes out, in which order, and what happens when something breaks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.core.brief import Begin, Brief, Delta, End, Identity, Restart, Text
from app.core.document import Applicability
from app.core.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, UnknownAnalyzer
from app.core.principal import LOCAL, Principal
from app.core.question import Asset, Question
from tests.fakes import CAUSE, INVENTED, STEP, FakeAnalyzer, FakeRetriever, FakeRuns, passage, said
from tests.graph.conftest import Make

ASKED = Question("E73-B after the brake test, what do I check?")


async def heard(agent, question=ASKED, principal=LOCAL):
    run_id = await agent.start(question, principal)
    return [event async for event in agent.events(run_id, principal)]


async def test_an_answer_carries_causes_steps_and_receipts(make: Make) -> None:
    diagnosis = await make(FakeAnalyzer()).ask(ASKED, LOCAL)
    assert diagnosis.verdict == "answered"
    assert [h.cause for h in diagnosis.hypotheses] == ["moisture in the connector X12."]
    assert [s.text for s in diagnosis.steps] == ["Check the connector X12 for moisture."]
    cited = {c.id: c for c in diagnosis.citations}
    text = passage().text
    assert all(text[c.start : c.end] == c.quote for c in cited.values())
    assert set(diagnosis.hypotheses[0].evidence_for) <= set(cited)
    assert diagnosis.analyzer == "fake@1#00000000"


async def test_events_come_in_the_order_of_the_work_and_count_from_one(make: Make) -> None:
    events = await heard(make(FakeAnalyzer()))
    assert [e.type for e in events] == ["started", "retrieved", "statement", "statement", "answered"]
    assert [e.seq for e in events] == [1, 2, 3, 4, 5]


async def test_the_run_is_durable_before_anybody_is_told(make: Make) -> None:
    runs = FakeRuns()
    agent = make(FakeAnalyzer(), runs=runs)
    run_id = await agent.start(ASKED, LOCAL)
    async for event in agent.events(run_id, LOCAL):
        if event.type == "started":
            assert runs.rows[run_id].status == "running"
        if event.type == "answered":
            assert runs.rows[run_id].status == "answered"
            assert runs.rows[run_id].pack is not None


CLASS_A, CLASS_B = (Applicability((name,)) for name in ("412", "425"))
TWO_MEANINGS = (passage(id="a", applicability=CLASS_A), passage(id="b", document_id="main/b.md", applicability=CLASS_B))


async def test_a_code_with_two_meanings_is_asked_back_unless_the_vehicle_is_named(make: Make) -> None:
    analyzer = FakeAnalyzer()
    agent = make(analyzer, retriever=FakeRetriever(TWO_MEANINGS))
    events = await heard(agent)
    assert [e.type for e in events] == ["started", "retrieved", "clarification_needed", "answered"]
    diagnosis = events[-1].data["diagnosis"]
    assert (diagnosis.verdict, diagnosis.choices) == ("needs_clarification", ("412", "425"))
    assert not analyzer.briefs
    named = await agent.ask(replace(ASKED, asset=Asset(vehicle_class="412")), LOCAL)
    assert named.verdict == "answered"


async def test_documents_that_share_a_class_need_no_question_back(make: Make) -> None:
    both = Applicability(("412", "425"))
    shared = (passage(applicability=CLASS_A), passage(id="b", applicability=both))
    assert (await make(FakeAnalyzer(), retriever=FakeRetriever(shared)).ask(ASKED, LOCAL)).verdict == "answered"


async def test_what_another_vehicle_s_document_defines_too_is_not_handed_to_the_analyzer(make: Make) -> None:
    analyzer = FakeAnalyzer()
    other = replace(TWO_MEANINGS[1], why={"other_asset": 0.0})
    await make(analyzer, retriever=FakeRetriever((TWO_MEANINGS[0], other))).ask(
        replace(ASKED, asset=Asset(vehicle_class="412")), LOCAL
    )
    assert [p.id for p in analyzer.briefs[0].evidence] == ["a"]
    alone = await make(analyzer, retriever=FakeRetriever((other,))).ask(
        replace(ASKED, asset=Asset(vehicle_class="412")), LOCAL
    )
    assert any("425" in warning for warning in alone.warnings)


async def test_an_unknown_code_is_refused_without_asking_an_analyzer(make: Make) -> None:
    analyzer = FakeAnalyzer()
    diagnosis = await make(analyzer).ask(Question("what is E73-C?"), LOCAL)
    assert diagnosis.verdict == "unknown_code"
    assert not analyzer.briefs
    assert not diagnosis.steps
    assert not any(p.defines for p in diagnosis.passages)


async def test_with_one_known_and_one_unknown_code_the_known_one_is_answered_and_the_other_named(make: Make) -> None:
    diagnosis = await make(FakeAnalyzer()).ask(Question("E73-B and E99-Z together"), LOCAL)
    assert diagnosis.verdict == "answered"
    assert any("E99-Z" in warning for warning in diagnosis.warnings)


async def test_words_that_are_not_in_the_documents_lead_to_an_abstention(make: Make) -> None:
    diagnosis = await make(FakeAnalyzer(), retriever=FakeRetriever(relevance=0.0)).ask(Question("best pizza"), LOCAL)
    assert diagnosis.verdict == "insufficient_evidence"
    assert diagnosis.confidence.value == 0


async def test_what_has_no_support_is_struck_and_the_rest_stays(make: Make) -> None:
    diagnosis = await make(FakeAnalyzer(text=said(INVENTED, STEP))).ask(ASKED, LOCAL)
    assert not diagnosis.hypotheses
    assert len(diagnosis.steps) == 1
    assert any("struck" in warning for warning in diagnosis.warnings)


async def test_an_answer_of_which_nothing_can_be_proved_is_given_by_evidence_instead(make: Make) -> None:
    events = await heard(make(FakeAnalyzer(text=said(INVENTED))))
    assert [e.type for e in events] == ["started", "retrieved", "restarted", "statement", "statement", "answered"]
    diagnosis = events[-1].data["diagnosis"]
    assert diagnosis.analyzer.startswith("evidence@")
    assert diagnosis.degraded == ("analyzer_fallback:fake: unsupported",)


async def test_a_store_that_is_down_leads_to_an_abstention_that_says_so(make: Make) -> None:
    diagnosis = await make(FakeAnalyzer(), retriever=FakeRetriever(error=StoreUnavailable("gone"))).ask(ASKED, LOCAL)
    assert diagnosis.verdict == "insufficient_evidence"
    assert diagnosis.degraded == ("retrieve_failed:store_unavailable",)


async def test_an_analyzer_that_breaks_in_any_way_takes_its_words_back_and_evidence_answers(make: Make) -> None:
    events = await heard(make(FakeAnalyzer(fails_after=5, error=KeyError("a bug"))))
    assert [e.type for e in events][2:5] == ["statement", "restarted", "statement"]
    diagnosis = events[-1].data["diagnosis"]
    assert diagnosis.verdict == "answered"
    assert diagnosis.analyzer.startswith("evidence@")
    assert diagnosis.degraded == ("analyze_failed:internal", "analyzer_fallback:fake: internal")


async def test_when_evidence_breaks_too_the_passages_are_the_answer(make: Make) -> None:
    events = await heard(make(FakeAnalyzer("evidence", fails_after=5)))
    assert [e.type for e in events][-3:] == ["statement", "restarted", "answered"]
    diagnosis = events[-1].data["diagnosis"]
    assert diagnosis.verdict == "insufficient_evidence"
    assert diagnosis.passages
    assert not diagnosis.steps
    assert diagnosis.degraded == ("analyze_failed:analyzer_error",)


class Broken(str):
    """A revision that cannot be printed."""

    def __format__(self, spec: str) -> str:
        raise ValueError("a bug")


async def test_when_the_check_of_the_whole_breaks_only_passages_leave(make: Make) -> None:
    broken = passage(superseded_by="main/new.md", revision=Broken("C"))
    diagnosis = await make(FakeAnalyzer(), retriever=FakeRetriever((broken,))).ask(ASKED, LOCAL)
    assert diagnosis.degraded == ("verify_failed:internal",)
    assert diagnosis.passages
    assert not (diagnosis.steps or diagnosis.hypotheses or diagnosis.citations)


async def test_after_a_restart_nothing_of_the_first_attempt_is_left(make: Make) -> None:
    class TwoVoices(FakeAnalyzer):
        async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
            yield Begin(self.identity)
            yield Text(said(CAUSE))
            yield Restart("fake: analyzer_timeout")
            yield Begin(Identity("other", "2", "1" * 64), dropped=("p9",))
            yield Text(said(STEP))
            yield End()

    events = await heard(make(TwoVoices()))
    assert [e.type for e in events][2:] == ["statement", "restarted", "statement", "answered"]
    assert [e.attempt for e in events][2:] == [1, 2, 2, 2]
    diagnosis = events[-1].data["diagnosis"]
    assert not diagnosis.hypotheses
    assert len(diagnosis.steps) == 1
    assert diagnosis.analyzer.startswith("other@2")
    assert diagnosis.degraded == ("analyzer_fallback:fake: analyzer_timeout", "evidence_dropped:1")


async def test_words_alone_are_as_sure_as_they_fit(make: Make) -> None:
    diagnosis = await make(FakeAnalyzer(), retriever=FakeRetriever(relevance=0.7)).ask(Question("moist plug"), LOCAL)
    assert diagnosis.confidence.value == 0.7


async def test_a_code_that_is_only_mentioned_is_less_sure(make: Make) -> None:
    mentioned = FakeRetriever((passage(defines=()),))
    diagnosis = await make(FakeAnalyzer(), retriever=mentioned).ask(ASKED, LOCAL)
    assert diagnosis.confidence.value == 0.6


async def test_a_long_log_is_scanned_off_the_loop_and_the_codes_of_the_question_come_first(make: Make) -> None:
    retriever = FakeRetriever()
    log = "\n".join(f"line {n} E{n:02}-A" for n in range(10, 60)) + " x" * 50_000
    diagnosis = await make(FakeAnalyzer(), retriever=retriever).ask(Question("E73-B?", log=log), LOCAL)
    assert retriever.asked[0].codes[0] == "E73-B"
    assert len(retriever.asked[0].codes) == 12
    assert any("39 further codes" in warning for warning in diagnosis.warnings)


async def test_a_run_that_could_not_be_recorded_as_accepted_is_answered_all_the_same(make: Make) -> None:
    runs = FakeRuns(down=True)
    diagnosis = await make(FakeAnalyzer(), runs=runs).ask(ASKED, LOCAL)
    assert not runs.rows
    assert diagnosis.verdict == "answered"
    assert "record_spooled" in diagnosis.degraded
    assert [pack.question for pack in runs.spooled] == [ASKED]


async def test_a_run_under_way_is_never_forgotten_however_many_others_end(make: Make) -> None:
    slow = FakeAnalyzer("slow", pause=10)
    agent = make(FakeAnalyzer(), slow, kept=1)
    run_id = await agent.start(replace(ASKED, analyzer="slow"), LOCAL)
    for _ in range(3):
        await agent.ask(ASKED, LOCAL)
    await agent.cancel(run_id, LOCAL)
    assert slow.closed == 1
    assert (await heard_of(agent, run_id))[-1].type == "failed"


async def test_a_run_that_no_reader_ever_came_for_is_cancelled_too(make: Make) -> None:
    runs = FakeRuns()
    agent = make(FakeAnalyzer(pause=10), runs=runs, linger_s=0.05)
    run_id = await agent.start(ASKED, LOCAL)
    await asyncio.sleep(0.3)
    assert runs.rows[run_id].status == "cancelled"


async def test_a_reader_that_came_back_has_the_whole_linger_time_again(make: Make) -> None:
    runs = FakeRuns()
    agent = make(FakeAnalyzer(pause=10), runs=runs, linger_s=0.3)
    run_id = await agent.start(ASKED, LOCAL)
    for _ in range(3):
        reading = agent.events(run_id, LOCAL)
        await anext(reading)
        await reading.aclose()
        await asyncio.sleep(0.15)
    assert runs.rows[run_id].status == "running"
    await asyncio.sleep(0.4)
    assert runs.rows[run_id].status == "cancelled"


async def test_what_was_handed_in_is_not_kept_in_memory_once_the_run_has_ended(make: Make) -> None:
    agent = make(FakeAnalyzer())
    run_id = (await agent.ask(replace(ASKED, log="E73B\n" * 1000), LOCAL)).run_id
    assert agent._memory.get(run_id).question.log == ""


async def test_a_record_that_cannot_be_written_is_spooled_and_the_answer_goes_out(make: Make) -> None:
    runs = FakeRuns()
    agent = make(FakeAnalyzer(), runs=runs)
    run_id = await agent.start(ASKED, LOCAL)
    runs.down = True
    diagnosis = (await heard_of(agent, run_id))[-1].data["diagnosis"]
    assert diagnosis.verdict == "answered"
    assert "record_spooled" in diagnosis.degraded
    assert [pack.run_id for pack in runs.spooled] == [diagnosis.run_id]


async def test_a_run_is_cancelled_with_its_caller(make: Make) -> None:
    runs, analyzer = FakeRuns(), FakeAnalyzer(pause=10)
    asking = asyncio.create_task(make(analyzer, runs=runs).ask(ASKED, LOCAL))
    while not analyzer.briefs:
        await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.wait([asking])
    assert [row.status for row in runs.rows.values()] == ["cancelled"]
    assert analyzer.closed == 1


async def test_cancel_ends_a_stream_with_failed(make: Make) -> None:
    agent = make(FakeAnalyzer(pause=10))
    run_id = await agent.start(ASKED, LOCAL)
    listening = asyncio.create_task(heard_of(agent, run_id))
    await asyncio.sleep(0.05)
    await agent.cancel(run_id, LOCAL)
    events = await listening
    assert (events[-1].type, events[-1].data["error"]) == ("failed", "cancelled")
    await agent.cancel(run_id, LOCAL)  # a second time does nothing


async def heard_of(agent, run_id, after=0):
    return [event async for event in agent.events(run_id, LOCAL, after)]


async def test_a_reader_that_comes_back_hears_only_what_it_missed(make: Make) -> None:
    agent = make(FakeAnalyzer())
    run_id = await agent.start(ASKED, LOCAL)
    whole = await heard_of(agent, run_id)
    assert await heard_of(agent, run_id, after=3) == whole[3:]


async def test_a_run_without_readers_is_cancelled_after_the_linger_time(make: Make) -> None:
    runs = FakeRuns()
    agent = make(FakeAnalyzer(pause=10), runs=runs, linger_s=0.05)
    run_id = await agent.start(ASKED, LOCAL)
    reading = agent.events(run_id, LOCAL)
    await anext(reading)
    await reading.aclose()
    await asyncio.sleep(0.3)
    assert runs.rows[run_id].status == "cancelled"


async def test_a_run_that_is_no_longer_in_memory_is_told_from_its_record(make: Make) -> None:
    agent = make(FakeAnalyzer(), kept=1)
    first = (await agent.ask(ASKED, LOCAL)).run_id
    await agent.ask(ASKED, LOCAL)
    events = await heard_of(agent, first, after=2)
    assert [(e.type, e.seq) for e in events] == [("answered", 3)]


async def test_nobody_hears_or_ends_the_run_of_another(make: Make) -> None:
    agent = make(FakeAnalyzer())
    run_id = (await agent.ask(ASKED, Principal("anna"))).run_id
    other = Principal("bert", scopes=frozenset({"ask"}))
    with pytest.raises(NotFound):
        await anext(agent.events(run_id, other))
    with pytest.raises(NotFound):
        await agent.cancel(run_id, other)


async def test_what_is_wrong_with_a_question_is_said_before_a_run_is_made(make: Make) -> None:
    runs = FakeRuns()
    agent = make(FakeAnalyzer(), runs=runs)
    with pytest.raises(InvalidInput):
        await agent.ask(Question("  "), LOCAL)
    with pytest.raises(UnknownAnalyzer):
        await agent.ask(replace(ASKED, analyzer="gpt-9"), LOCAL)
    with pytest.raises(Forbidden):
        await agent.ask(ASKED, Principal("bert", kbs=frozenset({"other"})))
    assert not runs.rows


async def test_two_hundred_questions_at_once_all_end_and_none_is_mixed(make: Make) -> None:
    runs = FakeRuns()
    agent = make(FakeAnalyzer(text=said(CAUSE, STEP), pause=0.001), runs=runs)
    answers = await asyncio.gather(*(agent.ask(replace(ASKED, text=f"E73-B number {n}"), LOCAL) for n in range(200)))
    assert len({a.run_id for a in answers}) == 200
    for number, answer in enumerate(answers):
        assert runs.rows[answer.run_id].question.text == f"E73-B number {number}"
        assert answer.verdict == "answered"
