import asyncio
import time
from dataclasses import replace

import pytest

from app.analyzers.closing import closing
from app.analyzers.failover import Failover, Time, budget
from app.analyzers.traced import Traced
from app.core import errors
from app.core.brief import Begin, Brief, Delta, End, Restart, Text
from app.core.question import Question
from tests.analyzers.fakes import FakeAnalyzer, text_after_last_restart

BRIEF = Brief(Question("why"))


async def told(analyzer: Failover, brief: Brief = BRIEF) -> list[Delta]:
    async with closing(analyzer.stream(brief)) as deltas:
        return [delta async for delta in deltas]


def kinds(deltas: list[Delta]) -> list[str]:
    named = [type(delta).__name__ for delta in deltas]
    return [name for at, name in enumerate(named) if at == 0 or named[at - 1] != name]


async def test_what_goes_well_passes_through_unchanged() -> None:
    deltas = await told(Failover([FakeAnalyzer("a", "one two"), FakeAnalyzer("b")]))
    assert deltas == [Begin(FakeAnalyzer("a").identity, "fake@1/default"), Text("one "), Text("two "), End(1, 2)]


async def test_before_a_word_is_out_the_next_takes_over_without_a_trace_but_the_reason() -> None:
    deltas = await told(Failover([FakeAnalyzer("a", fails_after=0), FakeAnalyzer("b", "whole")]))
    assert kinds(deltas) == ["Begin", "Text", "End"]
    begin = deltas[0]
    assert isinstance(begin, Begin) and begin.identity.name == "b" and begin.reason == "a: analyzer_unavailable"


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_failover_starts_over_instead_of_splicing_once_text_is_out(after: int) -> None:
    deltas = await told(Failover([FakeAnalyzer("a", "x y z", fails_after=after), FakeAnalyzer("b", "the whole")]))
    assert kinds(deltas) == ["Begin", "Text", "Restart", "Begin", "Text", "End"]
    assert text_after_last_restart(deltas) == "the whole"
    assert [d.reason for d in deltas if isinstance(d, Restart | Begin)] == ["", *["a: analyzer_unavailable"] * 2]


async def test_every_one_that_was_passed_over_is_named() -> None:
    quota = errors.AnalyzerRateLimited("slow down")
    order = [FakeAnalyzer("a", "x", fails_after=1), FakeAnalyzer("b", fails_after=0, error=quota), FakeAnalyzer("c")]
    deltas = await told(Failover(order))
    restart = next(delta for delta in deltas if isinstance(delta, Restart))
    assert restart.reason == "a: analyzer_unavailable; b: analyzer_rate_limited"
    assert text_after_last_restart(deltas) == "it is so"


@pytest.mark.parametrize("silent", [FakeAnalyzer("a", ""), FakeAnalyzer("a", "", ends=False)])
async def test_an_answer_without_a_word_is_no_answer(silent: FakeAnalyzer) -> None:
    deltas = await told(Failover([silent, FakeAnalyzer("b")]))
    begin = deltas[0]
    assert isinstance(begin, Begin) and begin.reason == "a: analyzer_bad_output"


async def test_an_answer_that_never_ended_is_begun_again() -> None:
    deltas = await told(Failover([FakeAnalyzer("a", ends=False), FakeAnalyzer("b", "whole")]))
    assert text_after_last_restart(deltas) == "whole" and "Restart" in kinds(deltas)


async def test_the_budget_covers_the_whole_answer_and_not_each_word() -> None:
    slow = FakeAnalyzer("a", "w " * 50, gap_s=0.05, budget_s=0.2)
    began = time.monotonic()
    deltas = await told(Failover([slow, FakeAnalyzer("b", "whole")]))
    assert time.monotonic() - began < 1
    restart = next(delta for delta in deltas if isinstance(delta, Restart))
    assert restart.reason == "a: analyzer_timeout" and slow.closed == 1


async def test_the_deadline_of_the_brief_is_heeded_and_the_last_one_still_answers() -> None:
    slow = FakeAnalyzer("a", "w " * 50, gap_s=0.05)
    deltas = await told(Failover([slow, FakeAnalyzer("b", "whole")]), Brief(Question("why"), deadline=time.monotonic()))
    assert text_after_last_restart(deltas) == "whole"


async def test_the_last_one_is_not_cut_short() -> None:
    deltas = await told(Failover([FakeAnalyzer("b", "w w w", gap_s=0.02, budget_s=0.01)]))
    assert isinstance(deltas[-1], End)


async def test_when_all_fail_the_last_error_rises() -> None:
    with pytest.raises(errors.AnalyzerRefused):
        bad = FakeAnalyzer("b", fails_after=0, error=errors.AnalyzerRefused("no"))
        await told(Failover([FakeAnalyzer("a", fails_after=0), bad]))


async def test_the_time_a_reader_takes_does_not_strike_the_reader() -> None:
    failover = Failover([FakeAnalyzer("a", "w w w", budget_s=0.05), FakeAnalyzer("b", "whole")])
    got: list[Delta] = []
    async with closing(failover.stream(BRIEF)) as deltas:
        async for delta in deltas:
            got.append(delta)
            await asyncio.sleep(0.03)
    assert text_after_last_restart(got) == "whole"


async def test_a_cancel_passes_through_and_closes_the_one_that_speaks() -> None:
    speaking, next_one = FakeAnalyzer("a", "w " * 9, gap_s=5), FakeAnalyzer("b")
    task = asyncio.create_task(told(Failover([speaking, next_one])))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert speaking.closed == 1 and next_one.closed == 0


async def test_leaving_closes_the_one_that_speaks() -> None:
    speaking = FakeAnalyzer("a")
    async with closing(Failover([Traced(speaking), FakeAnalyzer("b")]).stream(BRIEF)) as deltas:
        await anext(deltas)
    assert speaking.closed == 1


async def test_loading_and_unloading_reach_every_one() -> None:
    order = [FakeAnalyzer("a"), FakeAnalyzer("b")]
    failover = Failover([Traced(analyzer) for analyzer in order])
    await failover.load()
    assert [analyzer.loads for analyzer in order] == [1, 1]
    await failover.unload()
    assert [analyzer.loads for analyzer in order] == [0, 0]
    assert (failover.name, failover.identity.name, failover.budget_s) == ("a", "a", 5.0)


class Remote(FakeAnalyzer):
    def __init__(self, name: str, **how: object) -> None:
        super().__init__(name, **how)  # type: ignore[arg-type]
        self.identity = replace(self.identity, remote=True)


@pytest.mark.parametrize(
    ("first", "allow", "answers"),
    [(FakeAnalyzer, False, "evidence"), (FakeAnalyzer, True, "far"), (Remote, False, "far")],
)
async def test_a_question_goes_from_a_local_to_a_remote_one_only_when_it_may(
    first: type[FakeAnalyzer], allow: bool, answers: str
) -> None:
    order = [first("near", fails_after=0), Remote("far"), FakeAnalyzer("evidence")]
    begin = (await told(Failover(order, allow_remote=allow)))[0]
    assert isinstance(begin, Begin) and begin.identity.name == answers


async def test_a_silent_one_leaves_time_for_the_one_behind_it() -> None:
    silent, second = FakeAnalyzer("a", gap_s=5, budget_s=0.4), FakeAnalyzer("b", gap_s=0.02, budget_s=0.4)
    deltas = await told(Failover([silent, second, FakeAnalyzer("c")]), replace(BRIEF, deadline=time.monotonic() + 0.4))
    begin = deltas[0]
    assert isinstance(begin, Begin) and begin.identity.name == "b" and begin.reason == "a: analyzer_timeout"


def test_the_time_of_a_request_is_shared_by_those_who_may_still_speak() -> None:
    brief, analyzer = replace(BRIEF, deadline=112.0), FakeAnalyzer("a", budget_s=60)
    assert budget(brief, analyzer, 3, 100.0) == Time(first=104.0, whole=112.0)
    assert budget(brief, analyzer, 1, 100.0) == Time(first=112.0, whole=112.0)
    assert budget(brief, FakeAnalyzer("a", budget_s=2), 2, 100.0) == Time(first=101.0, whole=102.0)
    assert budget(brief, analyzer, 0, 100.0) == Time()
