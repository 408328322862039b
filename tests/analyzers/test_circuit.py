"""The circuit, over every event in every state, and the breaker that holds one."""

import asyncio
import time
from dataclasses import dataclass

import pytest

from app.analyzers.breaker import Breaker
from app.analyzers.circuit import COOL_S, LONGEST_S, Circuit
from app.analyzers.closing import closing
from app.analyzers.decide import Health
from app.analyzers.failover import Failover
from app.core import errors
from app.core.brief import Begin, Brief, Delta, Restart, Text
from app.core.question import Question
from tests.analyzers.fakes import FakeAnalyzer

BRIEF = Brief(Question("why"))
OPEN = Circuit(failures=3, until=10.0, opened=True)


def worse(circuit: Circuit, times: int = 1, now: float = 0.0, probe: bool = False) -> Circuit:
    for _ in range(times):
        circuit = circuit.failed(now, Health.WORSE, 0.0, probe)
    return circuit


def test_a_few_failures_in_a_row_open_it_and_a_success_between_forgives() -> None:
    assert worse(Circuit(), 2).admits(0.0)
    assert not worse(Circuit(), 3).admits(0.0)
    assert worse(worse(Circuit(), 2).succeeded(probe=False), 2).admits(0.0)


def test_one_that_asks_to_be_left_alone_is_at_once_and_for_as_long_as_it_asks() -> None:
    circuit = Circuit().failed(100.0, Health.DOWN, 30.0, probe=False)
    assert not circuit.admits(129.9) and circuit.admits(130.0)
    assert Circuit().failed(100.0, Health.DOWN, 0.0, probe=False).until == 100 + COOL_S


def test_what_the_question_was_to_blame_for_changes_nothing() -> None:
    assert Circuit().failed(0.0, Health.NOTHING, 0.0, probe=False) == Circuit()


def test_after_the_pause_one_probe_goes_in_and_nobody_with_it() -> None:
    assert not OPEN.admits(9.9) and OPEN.admits(10.0)
    assert not OPEN.entered().admits(11.0)


def test_a_probe_that_answers_closes_it_and_one_that_fails_doubles_the_pause_up_to_a_limit() -> None:
    assert OPEN.entered().succeeded(probe=True) == Circuit()
    assert OPEN.entered().failed(10.0, Health.NOTHING, 0.0, probe=True) == Circuit()
    circuit, pauses = OPEN, []
    for _ in range(6):
        now = circuit.until
        circuit = worse(circuit.entered(), now=now, probe=True)
        pauses.append(circuit.until - now)
    assert pauses == [10.0, 20.0, 40.0, LONGEST_S, LONGEST_S, LONGEST_S]


def test_a_probe_whose_caller_left_lets_the_next_one_try() -> None:
    assert OPEN.entered().left(probe=True).admits(10.0)


def test_what_had_gone_in_before_it_opened_proves_nothing() -> None:
    assert OPEN.succeeded(probe=False) == OPEN
    assert worse(OPEN, 5) == OPEN
    assert OPEN.failed(0.0, Health.DOWN, 60.0, probe=False).until == 60.0


def test_without_a_limit_it_never_opens() -> None:
    assert worse(Circuit(limit=0), 99).failed(0.0, Health.DOWN, 60.0, probe=False).admits(0.0)


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


async def told(analyzer: Breaker | Failover, brief: Brief = BRIEF) -> list[Delta]:
    async with closing(analyzer.stream(brief)) as deltas:
        return [delta async for delta in deltas]


async def test_an_open_circuit_is_not_asked_and_a_probe_closes_it() -> None:
    clock, inner = Clock(), FakeAnalyzer("a", fails_after=0)
    breaker = Breaker(inner, clock=clock)
    for _ in range(3):
        with pytest.raises(errors.AnalyzerUnavailable):
            await told(breaker)
    with pytest.raises(errors.AnalyzerUnreachable, match=r"left alone for 5\.0 s"):
        await told(breaker)
    assert inner.closed == 3 and breaker.rests == COOL_S
    clock.now, inner.fails_after = breaker.circuit.until, None
    assert await told(breaker) and breaker.rests == 0 and breaker.circuit == Circuit()


@pytest.mark.parametrize("inner", [FakeAnalyzer("a", ""), FakeAnalyzer("a", ends=False)])
async def test_an_answer_that_says_nothing_or_never_ends_is_a_failure(inner: FakeAnalyzer) -> None:
    breaker = Breaker(inner)
    await told(breaker)
    assert breaker.circuit.failures == 1


async def test_a_reader_who_leaves_is_no_failure() -> None:
    breaker = Breaker(FakeAnalyzer("a", gap_s=0.01))
    for _ in range(5):
        async with closing(breaker.stream(BRIEF)) as deltas:
            await anext(deltas)
    assert breaker.circuit == Circuit()


async def test_one_that_is_silent_past_its_time_has_failed_though_it_was_only_closed() -> None:
    breaker = Breaker(FakeAnalyzer("a", gap_s=5, budget_s=0.05))
    deltas = await told(Failover([breaker, FakeAnalyzer("b")]))
    assert isinstance(deltas[0], Begin) and deltas[0].reason == "a: analyzer_timeout"
    assert breaker.circuit.failures == 1


async def test_two_probes_at_once_are_one_probe() -> None:
    clock, inner = Clock(), FakeAnalyzer("a", gap_s=0.02)
    breaker = Breaker(inner, clock=clock)
    breaker.circuit = Circuit(failures=3, until=50.0, opened=True)
    done = await asyncio.gather(told(breaker), told(breaker), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["AnalyzerUnreachable", "list"]


async def test_loading_it_anew_forgives() -> None:
    breaker = Breaker(FakeAnalyzer("a"), failures=2)
    breaker.circuit = Circuit(limit=2, failures=2, until=1e9, opened=True)
    await breaker.load()
    assert breaker.circuit == Circuit(limit=2)


async def test_while_it_rests_the_next_one_answers_without_a_wait_and_with_the_reason() -> None:
    resting = Breaker(FakeAnalyzer("a", gap_s=5))
    resting.circuit = Circuit(failures=3, until=time.monotonic() + 60, opened=True)
    deltas = await told(Failover([resting, FakeAnalyzer("b", "whole")]))
    assert isinstance(deltas[0], Begin) and deltas[0].reason == "a: analyzer_unreachable"
    assert not any(isinstance(delta, Restart) for delta in deltas)
    assert [delta.text for delta in deltas if isinstance(delta, Text)] == ["whole "]
