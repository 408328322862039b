"""Rows of different length in one rectangle: whoever joins or leaves, the others' tokens stay theirs."""

import pytest

torch = pytest.importorskip("torch")

from app.analyzers.transformers.batch import Batch  # noqa: E402

pytestmark = pytest.mark.slow


def filled(length: int, value: float) -> Batch:
    return Batch([(torch.full((1, 2, length, 4), value), torch.full((1, 2, length, 4), -value))], [length])


def test_a_shorter_row_is_filled_at_its_left_and_the_mask_says_so() -> None:
    both = filled(3, 1.0).join(filled(5, 2.0))
    keys, values = both.layers[0]
    assert both.lengths == [3, 5] and keys.shape == (2, 2, 5, 4)
    assert keys[0, 0, :, 0].tolist() == [0, 0, 1, 1, 1] and values[1, 1, :, 3].tolist() == [-2] * 5
    assert both.mask().tolist() == [[0, 0, 1, 1, 1], [1] * 5]


def test_columns_that_only_a_leaver_needed_go_with_it() -> None:
    left = filled(3, 1.0).join(filled(5, 2.0)).join(filled(2, 3.0)).keep([0, 2])
    assert left.lengths == [3, 2] and left.width == 3 and left.layers[0][0].shape == (2, 2, 3, 4)
    assert left.layers[0][0][1, 0, :, 0].tolist() == [0, 3, 3]
    assert left.keep([]).lengths == [] and left.keep([]).join(filled(2, 1.0)).width == 2
