"""Rounds: every configured analyzer has a row, whatever comes of it, and users are never in the way."""

import asyncio
import json
import logging
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from app.analyzers.benchmark.base import Paper, Round
from app.analyzers.benchmark.idle import Idle
from app.analyzers.benchmark.ledger import Ledger
from app.analyzers.benchmark.runner import Benchmark
from app.analyzers.benchmark.watched import Benchmarked, Recent
from app.core.brief import Brief, End
from app.core.errors import RecordsUnavailable
from app.core.question import Question
from app.core.settings.benchmark import BenchmarkSettings
from app.core.wire import from_json, to_json
from tests.analyzers.benchmark.fakes import (
    BRIEF,
    FALSE,
    GOLDEN,
    RECENT,
    TRUE,
    UNANSWERABLE,
    FakeHistory,
    FakeOpinions,
    FakeRoster,
    Remote,
    saying,
)
from tests.fakes import FakeAnalyzer, FakeAnalyzers

PAPERS = (GOLDEN, UNANSWERABLE, RECENT)


def benchmark(roster: FakeRoster, papers: tuple[Paper, ...] = PAPERS, **settings: object) -> Benchmark:
    async def given() -> tuple[Paper, ...]:
        return papers

    own = BenchmarkSettings.model_validate({"quiet_s": 0, **settings})
    return Benchmark(roster, given, FakeHistory(), Idle(own.quiet_s), own, FakeOpinions())


async def test_all_are_asked_the_same_and_the_round_is_kept() -> None:
    a, b = saying("a", TRUE), saying("b", FALSE)
    made = benchmark(FakeRoster.of(a, b))
    result = await made.run()
    assert [brief.question for brief in a.briefs] == [brief.question for brief in b.briefs]
    assert (result.status, result.active, result.golden, result.recent) == ("ok", "a", 2, 1)
    assert {name: row.questions for name, row in result.models.items()} == {"a": 3, "b": 3}
    assert result.models["a"].thumbs_up.n == 4 and result.models["b"].thumbs_up.n == 0
    assert made.history.rounds == [result]  # type: ignore[attr-defined]
    assert from_json(Round, to_json(result)) == result


async def test_what_is_not_loaded_is_loaded_one_at_a_time_and_given_back() -> None:
    roster = FakeRoster.of(saying("a", TRUE), saying("b", TRUE), saying("c", TRUE))
    roster.loaded = {"a"}
    await benchmark(roster).run()
    assert roster.moves == ["load b", "unload b", "load c", "unload c"]
    assert roster.loaded == {"a"}


async def test_what_cannot_be_loaded_is_a_row_with_its_reason() -> None:
    roster = FakeRoster.of(saying("a", TRUE), saying("big", TRUE), short=frozenset({"big"}))
    roster.loaded = {"a"}
    result = await benchmark(roster).run()
    assert (result.models["big"].status, result.status) == ("skipped", "ok")
    assert "9 GiB" in result.models["big"].reason


async def test_remote_ones_are_asked_only_with_leave() -> None:
    far = saying("far", TRUE)
    roster = FakeRoster.of(saying("a", TRUE), Remote(far))
    skipped = await benchmark(roster).run()
    assert (skipped.models["far"].status, far.briefs) == ("skipped", [])
    assert "allow_remote" in skipped.models["far"].reason
    asked = await benchmark(roster, allow_remote=True).run()
    assert asked.models["far"].status == "ok" and len(far.briefs) == 3


@pytest.mark.parametrize("papers", [(), PAPERS])
async def test_no_questions_or_only_errors_is_red(papers: tuple[Paper, ...]) -> None:
    result = await benchmark(FakeRoster.of(saying("a", fails_after=0)), papers).run()
    assert (result.status, result.models["a"].status) == ("failed", "failed")
    assert bool(result.notes) == (not papers)


async def test_it_begins_with_every_so_many_questions_and_only_once_at_a_time() -> None:
    made = benchmark(FakeRoster.of(saying("a", TRUE)), every=5)
    for _ in range(12):
        with made.idle.asking():
            await asyncio.sleep(0)
    assert made.running
    await made.run()
    assert [one.request_count for one in made.history.rounds] == [5]  # type: ignore[attr-defined]
    for _ in range(3):
        with made.idle.asking():
            pass
    await made.run()
    rounds = made.history.rounds  # type: ignore[attr-defined]
    assert [(one.request_count, one.reason) for one in rounds] == [(5, "every 5 requests"), (15, "every 5 requests")]


async def test_every_zero_never_begins_by_itself() -> None:
    made = benchmark(FakeRoster.of(saying("a", TRUE)), every=0)
    for _ in range(120):
        with made.idle.asking():
            pass
    assert not made.running


async def test_a_question_frees_the_analyzer_at_once_and_no_trial_is_lost() -> None:
    slow = saying("a", TRUE, pause=0.02)
    made = benchmark(FakeRoster.of(slow), (RECENT,))
    task = made.start("on demand")
    while not slow.briefs:
        await asyncio.sleep(0.001)
    with made.idle.asking():
        async with asyncio.timeout(1):
            while slow.closed == 0:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        assert len(slow.briefs) == 1  # nothing is begun while a user waits
    result = await task
    assert (result.stood_back, result.models["a"].questions, result.models["a"].errors.hits) == (1, 1, 0)


async def test_without_idle_time_the_round_is_deferred() -> None:
    made = benchmark(FakeRoster.of(saying("a", TRUE), saying("b", TRUE)), patience_s=0.05)
    with made.idle.asking():
        result = await made.run()
    assert result.status == "deferred"
    assert {row.status for row in result.models.values()} == {"deferred"}
    assert "nobody stopped asking" in result.models["a"].reason


async def test_deferred_in_the_middle_it_keeps_what_it_has() -> None:
    class Popular(FakeAnalyzer):
        """Users come for good while it answers its second question."""

        async def stream(self, brief):  # type: ignore[no-untyped-def]
            if self.briefs:
                users.append(made.idle.asking())
                users[-1].__enter__()
            async for delta in super().stream(brief):
                yield delta

    users: list[AbstractContextManager[None]] = []
    popular = Popular("a", saying("a", TRUE).text)
    made = benchmark(FakeRoster.of(popular, saying("b", TRUE)), patience_s=0.1)
    result = await made.run()
    assert (result.status, result.models["a"].status, result.models["a"].questions) == ("deferred", "deferred", 1)
    assert result.models["b"].questions == 0


async def test_a_round_that_cannot_be_kept_is_told_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    made = benchmark(FakeRoster.of(saying("a", TRUE)))
    made.history.down = True  # type: ignore[attr-defined]
    with caplog.at_level(logging.WARNING):
        result = await made.run()
    assert result.status == "ok" and "disk is full" in result.notes[0] and "could not be kept" in caplog.text


async def test_closing_ends_the_round_and_frees_the_analyzer() -> None:
    slow = saying("a", TRUE, pause=5)
    made = benchmark(FakeRoster.of(slow))
    made.start("on demand")
    while not slow.briefs:
        await asyncio.sleep(0.001)
    await made.close()
    assert slow.closed == 1 and not made.running


async def test_the_ledger_adds_a_line_a_round_also_when_the_records_fail(tmp_path: Path) -> None:
    inner = FakeHistory()
    ledger = Ledger(tmp_path / "benchmark_results.jsonl", inner)
    result = await benchmark(FakeRoster.of(saying("a", TRUE))).run()
    await ledger.append(result)
    inner.down = True
    with pytest.raises(RecordsUnavailable):
        await ledger.append(result)
    lines = [json.loads(line) for line in (tmp_path / "benchmark_results.jsonl").read_text().splitlines()]
    assert len(lines) == 2
    assert {"timestamp", "request_count", "models"} <= lines[0].keys()
    told = {"avg_latency_ms", "p50_latency_ms", "p95_latency_ms", "p99_latency_ms", "confidence", "status"}
    assert told <= lines[0]["models"]["a"].keys()
    assert "E73" not in json.dumps(lines)  # figures, no question
    assert len(await ledger.latest(5)) == 1


async def test_a_folder_that_is_gone_still_lets_the_records_have_it(tmp_path: Path) -> None:
    inner = FakeHistory()
    with pytest.raises(RecordsUnavailable, match="benchmark_results"):
        await Ledger(tmp_path / "gone" / "benchmark_results.jsonl", inner).append(
            await benchmark(FakeRoster.of(saying("a", TRUE))).run()
        )
    assert len(inner.rounds) == 1


async def test_recent_questions_are_the_newest_distinct_ones() -> None:
    recent = Recent(2)
    watched = Benchmarked(FakeAnalyzers(FakeAnalyzer("a")), recent)
    for text in ("one", "two", "two", "three"):
        brief = Brief(Question(text), deadline=1.0)
        deltas = [delta async for delta in watched.choose(brief.question).stream(brief)]
        assert isinstance(deltas[-1], End)
    assert [brief.question.text for brief in recent.briefs()] == ["two", "three"]
    assert {brief.deadline for brief in recent.briefs()} == {float("inf")}
    assert watched.active == "a" and watched.pick(None).name == "a"
    assert watched.states() == {"evidence": "ready", "a": "ready"}


async def test_who_asks_nothing_recent_is_asked_nothing() -> None:
    recent = Recent(0)
    recent.see(BRIEF)
    assert recent.briefs() == ()


async def test_with_the_real_manager_nothing_is_evicted_and_no_room_is_a_row() -> None:
    from tests.analyzers.houses import World, fake, house, table

    world = World()  # of 1000 MiB, 800 of which analyzers may take
    rows = {"a": fake(mb=400), "b": fake(mb=400), "big": fake(mb=700), "far": fake(remote=True)}
    async with house(table("a", **rows), world) as manager:
        result = await benchmark(manager).run()  # type: ignore[arg-type]
    assert {name: row.status for name, row in result.models.items()} == {
        "a": "ok",
        "evidence": "ok",
        "b": "ok",
        "big": "skipped",
        "far": "skipped",
    }
    assert "GiB" in result.models["big"].reason
    assert world.log.index("+a") < world.log.index("+b") < world.log.index("-b") < world.log.index("-a")
    assert result.models["b"].tokens_out == 3 * 500
