"""Sequential comparisons: duality, symmetry, and that looking often does not make a difference out of nothing."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.receipts.sequential import UNKNOWN, Sample, compare, split_p

VALUES = st.lists(st.floats(-100, 100), min_size=2, max_size=40)


def sample(values: list[float]) -> Sample:
    return Sample(len(values), math.fsum(values), math.fsum(v * v for v in values))


@given(VALUES, VALUES)
def test_the_interval_and_the_p_value_tell_the_same(a: list[float], b: list[float]) -> None:
    found = compare(sample(a), sample(b))
    assert found.low <= found.difference <= found.high
    if not math.isclose(found.p, 0.05, rel_tol=1e-6):
        assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


@given(VALUES, VALUES)
def test_swapping_the_arms_turns_the_difference_round(a: list[float], b: list[float]) -> None:
    one, other = compare(sample(a), sample(b)), compare(sample(b), sample(a))
    assert one.difference == -other.difference
    assert one.p == other.p


@given(VALUES, VALUES, st.floats(0.001, 0.5))
def test_more_certainty_is_a_wider_interval(a: list[float], b: list[float], alpha: float) -> None:
    strict, loose = compare(sample(a), sample(b), alpha / 2), compare(sample(a), sample(b), alpha)
    assert strict.low <= loose.low and strict.high >= loose.high


@pytest.mark.parametrize(("a", "b"), [([], []), ([1.0], [0.0, 1.0]), ([1.0] * 50, [0.0] * 50), ([1.0] * 9, [1.0] * 9)])
def test_where_nothing_is_known_nothing_is_claimed(a: list[float], b: list[float]) -> None:
    found = compare(sample(a), sample(b))
    assert (found.low, found.high, found.p) == (UNKNOWN.low, UNKNOWN.high, 1.0)


def test_a_worked_example() -> None:
    """Shares of 0.4 and 0.6 of 200: the variance of one is 0.24 * 200 / 199, that of the difference a hundredth."""
    control, other = Sample(200, 80, 80), Sample(200, 120, 120)
    spread = 0.24 * 200 / 199
    error, prior = spread / 100, 0.04 * spread
    ratio = math.sqrt(error / (error + prior)) * math.exp(0.04 * prior / (2 * error * (error + prior)))
    found = compare(control, other)
    assert found.p == pytest.approx(1 / ratio) and found.p < 0.01
    assert found.difference == pytest.approx(0.2)


def test_looking_after_every_outcome_seldom_finds_what_is_not_there() -> None:
    dice, wrong = random.Random(7), 0
    for _ in range(200):
        a, b = Sample(0, 0, 0), Sample(0, 0, 0)
        for n in range(1, 501):
            a, b = (
                Sample(n, s.total + hit, s.squares + hit)
                for s, hit in ((a, float(dice.random() < 0.3)), (b, float(dice.random() < 0.3)))
            )
            if n >= 100 and compare(a, b).p <= 0.05:
                wrong += 1
                break
    assert wrong / 200 <= 0.05


def test_a_fair_split_is_believed_and_a_crooked_one_is_not() -> None:
    assert split_p([5_000, 5_010], [1, 1]) > 0.5
    assert split_p([5_000, 6_000], [1, 1]) < 1e-6
    assert split_p([5_000, 10_000], [1, 2]) > 0.5
    assert split_p([0, 0], [1, 1]) == 1.0


def test_a_split_that_is_watched_all_the_time_is_seldom_doubted() -> None:
    dice, doubted = random.Random(11), 0
    for _ in range(200):
        counts = [0, 0]
        for _ in range(1_000):
            counts[dice.random() < 0.5] += 1
            if split_p(counts, [1, 1]) < 0.01:
                doubted += 1
                break
    assert doubted / 200 <= 0.02
