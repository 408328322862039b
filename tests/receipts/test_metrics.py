"""Rankings, overlaps and intervals against values worked out by hand."""

import pytest

from app.receipts.intervals import paired_bootstrap, wilson
from app.receipts.metrics import ndcg, overlap, recall_at, reciprocal_rank


def test_wilsons_interval_is_the_one_of_the_books() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)


def test_all_of_a_few_leaves_room_for_doubt_and_none_of_nothing_leaves_all() -> None:
    assert wilson(10, 10) == (pytest.approx(0.7225, abs=1e-4), pytest.approx(1.0))
    assert wilson(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_bootstrap_finds_a_difference_that_is_there_and_none_that_is_not() -> None:
    low, high = paired_bootstrap([0.5] * 30 + [0.0] * 10)
    assert 0.2 < low < 0.375 < high < 0.5
    low, high = paired_bootstrap([1.0, -1.0] * 20)
    assert low < 0 < high
    assert paired_bootstrap([]) == (0.0, 0.0)


def test_the_bootstrap_says_the_same_twice() -> None:
    assert paired_bootstrap([0.1, 0.4, -0.2, 0.3]) == paired_bootstrap([0.1, 0.4, -0.2, 0.3])


def test_recall_counts_what_is_right_among_the_first() -> None:
    assert recall_at(["a", "x", "b"], {"a", "b"}, 2) == 0.5
    assert recall_at(["a"], set(), 2) == 0.0


def test_the_reciprocal_rank_is_of_the_first_right_one() -> None:
    assert reciprocal_rank(["x", "b", "a"], {"a", "b"}) == 0.5
    assert reciprocal_rank(["x"], {"a"}) == 0.0


def test_ndcg_is_one_for_the_best_order_and_less_for_another() -> None:
    grades = {"a": 3, "b": 1}
    assert ndcg(["a", "b"], grades) == 1.0
    assert ndcg(["b", "a"], grades) == pytest.approx((1 + 7 / 1.584962500721156) / (7 + 1 / 1.584962500721156))
    assert ndcg(["x"], grades) == ndcg(["a"], {}) == 0.0


def test_overlap_is_the_share_of_four_words_in_a_row_that_were_taken_over() -> None:
    source = "The relay valve does not vent because its silencer is clogged."
    assert overlap("relay valve does not vent", source) == 1.0
    assert overlap("the brake drags and relay valve does not work", source) == pytest.approx(1 / 6)
    assert overlap("too short", source) == 0.0
