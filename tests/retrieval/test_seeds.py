"""Shipped vectors: found by model and text hash, or not at all."""

from pathlib import Path

import numpy as np

from app.retrieval.seeds import seeds, write


def unit(seed: int) -> bytes:
    vector = np.random.default_rng(seed).standard_normal(384).astype("<f4")
    return (vector / np.linalg.norm(vector)).astype("<f4").tobytes()


def cosine(one: bytes, other: bytes) -> float:
    return float(np.frombuffer(one, "<f4") @ np.frombuffer(other, "<f4"))


def test_what_was_written_is_found_by_its_hash(tmp_path: Path) -> None:
    vectors = {"b": unit(1), "a": unit(2)}
    write(tmp_path / "seeds.npz", "minilm", vectors)
    found = seeds("minilm", ["a", "unknown", "b"], tmp_path / "seeds.npz")
    assert set(found) == {"a", "b"}
    assert all(cosine(found[name], vectors[name]) > 0.9999 for name in vectors)
    assert all(len(blob) == 4 * 384 for blob in found.values())


def test_another_models_vectors_are_not_used(tmp_path: Path) -> None:
    write(tmp_path / "seeds.npz", "minilm", {"a": unit(1)})
    assert seeds("other", ["a"], tmp_path / "seeds.npz") == {}


def test_a_file_that_is_not_shipped_has_no_vectors(tmp_path: Path) -> None:
    assert seeds("minilm", ["a"], tmp_path / "seeds.npz") == {}


def test_the_same_vectors_make_the_same_file(tmp_path: Path) -> None:
    write(tmp_path / "one", "minilm", {"a": unit(1), "b": unit(2)})
    write(tmp_path / "two", "minilm", {"b": unit(2), "a": unit(1)})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
