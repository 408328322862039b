"""all-MiniLM-L6-v2 in plain numpy, read off the paper: the truth that the shipped graph is held against."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
HEADS, LAYERS = 12, 6

erf = np.vectorize(math.erf)


class Bert:
    def __init__(self, file: Path) -> None:
        from safetensors.numpy import load_file

        self.weights = {name: values.astype(np.float64) for name, values in load_file(file).items()}

    def embed(self, ids: list[int]) -> Array:
        """One text's token ids -> its vector."""
        table = self.weights
        state = table["embeddings.word_embeddings.weight"][ids]  # (T, W)
        state = state + table["embeddings.position_embeddings.weight"][: len(ids)]
        state = state + table["embeddings.token_type_embeddings.weight"][0]
        state = self._norm(state, "embeddings.LayerNorm")
        for number in range(LAYERS):
            state = self._layer(state, f"encoder.layer.{number}")
        mean = state.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean))

    def _layer(self, state: Array, name: str) -> Array:
        attended = self._linear(self._attend(state, f"{name}.attention.self"), f"{name}.attention.output.dense")
        state = self._norm(state + attended, f"{name}.attention.output.LayerNorm")
        inner = self._linear(state, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
        return self._norm(state + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attend(self, state: Array, name: str) -> Array:
        query, key, value = (self._heads(self._linear(state, f"{name}.{part}")) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])  # (H, T, T)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        return np.asarray((weights @ value).transpose(1, 0, 2).reshape(len(state), -1))

    def _heads(self, x: Array) -> Array:  # (T, W) -> (H, T, W/H)
        return x.reshape(len(x), HEADS, -1).transpose(1, 0, 2)

    def _linear(self, x: Array, name: str) -> Array:
        return np.asarray(x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"])

    def _norm(self, x: Array, name: str) -> Array:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return np.asarray(scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"])
