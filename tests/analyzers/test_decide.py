"""The one state machine of failures, over every combination there is."""

import itertools

import pytest

from app.analyzers.decide import PATIENCE_S, RULES, Health, Move, Situation, decide, rule, wait
from app.core import errors
from app.core.errors import AnalyzerError


def tree(kind: type[AnalyzerError]) -> list[type[AnalyzerError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]


KINDS = [kind for kind in tree(AnalyzerError) if kind.__module__.startswith("app.")]
EVERY = [
    Situation(kind, spoken, tries, seconds, left, others)
    for kind, spoken, tries, seconds, left, others in itertools.product(
        KINDS, (False, True), (0, 1, 2), (0.0, 1.0, float("inf")), (-1.0, 0.0, 0.5, 10.0, float("inf")), (0, 1, 3)
    )
]


def test_every_kind_of_error_has_a_rule_of_its_own() -> None:
    assert set(RULES) == set(KINDS)


def test_what_may_go_better_is_asked_again_only_if_the_error_says_that_a_retry_may_help() -> None:
    assert all(kind.retry for kind, known in RULES.items() if known.again)


def test_an_error_of_a_kind_to_come_is_ruled_as_the_nearest_one() -> None:
    class Flooded(errors.AnalyzerRateLimited): ...

    assert rule(Flooded) == RULES[errors.AnalyzerRateLimited]


@pytest.mark.parametrize("spoken", [False, True])
def test_after_a_word_nobody_is_asked_again(spoken: bool) -> None:
    moves = {decide(at) for at in EVERY if at.spoken is spoken}
    assert (Move.AGAIN in moves) is not spoken


def test_what_was_heard_is_void_exactly_when_another_one_follows_a_word() -> None:
    for at in EVERY:
        assert (decide(at) is Move.RESTART) is (at.spoken and at.others > 0)


def test_it_gives_up_only_when_nobody_is_left_to_ask() -> None:
    for at in EVERY:
        if decide(at) is Move.RAISE:
            assert at.others == 0
            assert at.spoken or at.tries == 0 or not rule(at.kind).again or at.wait >= at.left


def test_no_wait_is_begun_that_outlives_the_request() -> None:
    for at in EVERY:
        if decide(at) is Move.AGAIN:
            assert at.wait < at.left and at.tries > 0 and rule(at.kind).again


def test_silent_failures_pass_to_the_next_without_a_trace() -> None:
    for at in EVERY:
        if decide(at) is Move.NEXT:
            assert not at.spoken and at.others > 0


@pytest.mark.parametrize(
    "kind", [errors.AnalyzerContentPolicy, errors.AnalyzerContextExceeded, errors.AnalyzerError], ids=lambda k: k.code
)
def test_what_the_question_was_to_blame_for_is_not_held_against_the_analyzer(kind: type[AnalyzerError]) -> None:
    assert RULES[kind].health is Health.NOTHING and not RULES[kind].again


def test_the_server_is_waited_for_as_long_as_it_asks_and_a_little_more_each_time() -> None:
    asks = errors.AnalyzerRateLimited("slow", after=2)
    assert wait(asks, 0, 0.0) == 2 and wait(asks, 0, 1.0) == 2.25 and wait(asks, 2, 1.0) == 3.0
    assert wait(errors.AnalyzerTimeout("late"), 9, 1.0) == 4.0
    assert wait(errors.AnalyzerRateLimited("slow", after=PATIENCE_S + 0.1), 0, 0.0) == float("inf")
