"""The dense lane's arithmetic, small shelves and large."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.retrieval.stores.cells import cells
from app.retrieval.stores.matrix import DIRECTIONS, LARGE, VAST, Matrix

NONE = np.empty(0, dtype=np.intp)


def texts_like(rows: int, dimensions: int = 256, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors that gather around themes, as texts do."""
    dice = np.random.default_rng(seed)
    themes = dice.standard_normal((60, dimensions))
    vectors = themes[dice.integers(60, size=rows)] + 0.4 * dice.standard_normal((rows, dimensions))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def filled(vectors: NDArray[np.float32], *steps: int) -> Matrix:
    matrix = Matrix(vectors.shape[1])
    for part in np.split(vectors, steps):
        matrix.extend([row.tobytes() for row in part])
    return matrix


def exact(vectors: NDArray[np.float32], question: NDArray[np.float32], k: int) -> list[int]:
    return [int(row) for row in np.argsort(-(vectors @ question), kind="stable")[:k]]


def test_a_small_shelf_is_compared_in_full() -> None:
    vectors = texts_like(300)
    view = filled(vectors).view()
    assert view.heads is None
    assert [row for row, _ in view.nearest(vectors[7], NONE, 10)] == exact(vectors, vectors[7], 10)


def test_on_a_large_shelf_the_truly_nearest_are_found_and_their_cosines_are_exact() -> None:
    vectors, questions = texts_like(LARGE + 900), texts_like(50, seed=0)[:50] * np.float32(1)
    view = filled(vectors, 1000, LARGE + 400).view()
    assert view.heads is not None
    assert view.heads.shape == (len(vectors), DIRECTIONS)
    found = [view.nearest(question, NONE, 10) for question in questions]
    shared = [
        len({row for row, _ in hits} & set(exact(vectors, q, 10))) for hits, q in zip(found, questions, strict=True)
    ]
    assert sum(shared) / (10 * len(questions)) > 0.98
    row, cosine = found[0][0]
    assert np.isclose(cosine, vectors[row] @ questions[0], atol=1e-6)


def test_a_view_does_not_change_when_rows_are_added_behind_it() -> None:
    vectors = texts_like(3 * LARGE)
    matrix = filled(vectors[: LARGE + 10])
    view = matrix.view()
    before = view.nearest(vectors[3], NONE, 10)
    matrix.extend([row.tobytes() for row in vectors[LARGE + 10 :]])
    assert view.nearest(vectors[3], NONE, 10) == before
    assert len(view.full) == LARGE + 10
    assert len(matrix.view().full) == 3 * LARGE


def test_blind_rows_are_never_found() -> None:
    for rows in (50, LARGE):
        vectors = texts_like(rows)
        blind = np.arange(0, rows, 2)
        hits = filled(vectors).view().nearest(vectors[0], blind, 20)
        assert len(hits) == 20
        assert all(row % 2 for row, _ in hits)


def test_when_almost_all_rows_are_blind_the_others_are_still_found() -> None:
    vectors = texts_like(LARGE)
    hits = filled(vectors).view().nearest(vectors[0], np.arange(3, LARGE), 10)
    assert {row for row, _ in hits} == {0, 1, 2}


def test_a_vector_of_another_length_counts_as_missing() -> None:
    matrix = Matrix(4)
    one = np.array([1, 0, 0, 0], dtype="<f4").tobytes()
    assert matrix.extend([one, None, one[:8], one]) == [1, 2]
    assert matrix.extend([None]) == [4]
    assert matrix.view().full.tolist() == [[1, 0, 0, 0], [0] * 4, [0] * 4, [1, 0, 0, 0], [0] * 4]


def test_an_empty_matrix_finds_nothing() -> None:
    assert Matrix(4).view().nearest(np.ones(4, dtype=np.float32), NONE, 5) == []


@pytest.fixture(scope="module")
def vast() -> NDArray[np.float32]:
    return texts_like(VAST + 3000, 192)


def recall(matrix: Matrix, vectors: NDArray[np.float32], questions: NDArray[np.float32]) -> float:
    shared = 0
    for question in questions:
        found = {row for row, _ in matrix.view().nearest(question, NONE, 10)}
        shared += len(found & set(exact(vectors, question, 10)))
    return shared / (10 * len(questions))


def test_on_a_vast_shelf_cells_are_read_and_the_truly_nearest_are_found(vast: NDArray[np.float32]) -> None:
    matrix = filled(vast, 20_000, VAST)
    view = matrix.view()
    assert view.cells is not None
    assert view.heads is not None
    assert len(view.heads) == 3000, "what came after the cells were made lies apart"
    assert recall(matrix, vast, texts_like(40, 192)) > 0.95
    for row in (5, VAST + 2500):
        assert view.nearest(vast[row], NONE, 3)[0] == (row, pytest.approx(1.0, abs=1e-5))


def test_blind_rows_of_cells_are_never_found_and_the_others_always(vast: NDArray[np.float32]) -> None:
    view = filled(vast, VAST).view()
    near = [row for row, _ in view.nearest(vast[7], NONE, 10)]
    blind = np.array(sorted(near), dtype=np.intp)
    assert not {row for row, _ in view.nearest(vast[7], blind, 10)} & set(near)
    few = np.arange(0, len(vast) - 500)
    hits = view.nearest(vast[7], few, 50)
    assert len(hits) == 50
    assert min(row for row, _ in hits) >= len(vast) - 500


def test_every_row_lies_in_one_cell_also_when_all_are_alike() -> None:
    same = np.tile(texts_like(1, 8), (500, 1))
    for heads in (texts_like(900, 16), same, np.zeros((300, 8), dtype=np.float32)):
        made = cells(heads)
        assert sorted(made.numbers.tolist()) == list(range(len(heads)))
        assert (heads[made.numbers] == made.heads).all()
        assert made.ends[-1] == len(heads)


def test_cells_are_made_anew_when_a_quarter_came_in(vast: NDArray[np.float32]) -> None:
    matrix = filled(np.concatenate([vast, vast[:10_000]]), VAST, VAST + 8000, VAST + 8500)
    view = matrix.view()
    assert view.cells is not None
    assert len(view.cells.numbers) == VAST + 8500
