"""Vectors that travel with the house: those of the sample shelf, so that its first answer waits for no encoder."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

SHIPPED = Path(__file__).with_name("seeds.npz")


def seeds(model: str, hashes: Sequence[str], file: Path = SHIPPED) -> Mapping[str, bytes]:
    """Those of the text hashes that have a shipped vector of this model -> float32 little-endian."""
    shipped = _read(model, file)
    return {text_hash: shipped[text_hash] for text_hash in hashes if text_hash in shipped}


def write(file: Path, model: str, vectors: Mapping[str, bytes]) -> None:
    """Half precision halves the file and moves no cosine by more than a ten-thousandth. Same vectors, same bytes."""
    hashes = sorted(vectors)
    matrix = np.stack([np.frombuffer(vectors[text_hash], dtype="<f4") for text_hash in hashes])
    with file.open("wb") as opened:
        np.savez(opened, model=np.array(model), hashes=np.array(hashes), vectors=matrix.astype("<f2"))


@lru_cache(maxsize=4)
def _read(model: str, file: Path) -> Mapping[str, bytes]:
    if not file.exists():
        return {}
    with np.load(file, allow_pickle=False) as shipped:
        if str(shipped["model"]) != model:
            return {}
        matrix = shipped["vectors"].astype("<f4")
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
        return {str(text_hash): row.tobytes() for text_hash, row in zip(shipped["hashes"], matrix, strict=True)}
