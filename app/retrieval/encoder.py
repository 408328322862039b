"""An embedder that is loaded at first need; vectors of questions are kept for a while, a failure is remembered."""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from app.core.errors import EmbedderUnavailable
from app.retrieval.base import Embedder, Vector
from app.retrieval.words import sound

KEPT = 512  # vectors; a follow-up or a retry asks for the same words again
READ = 4096  # characters of a text that are encoded; a model that reads more than these is not in reach
AGAIN = 60.0  # seconds after a failure before the embedder is tried once more


class Encoder:
    """Called from several worker threads at once. `why_not` is the last failure, empty when there is none."""

    def __init__(self, embedder: Embedder, clock: Callable[[], float] = time.monotonic) -> None:
        self.why_not = ""
        self._embedder = embedder
        self._clock = clock
        self._loading = Lock()
        self._loaded = False
        self._closed_until = float("-inf")
        self._vector = lru_cache(maxsize=KEPT)(self._encode)

    @property
    def embedder(self) -> Embedder:
        return self._embedder

    @property
    def model(self) -> str:
        return self._embedder.model

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    @property
    def remote(self) -> bool:
        return self._embedder.remote

    def __call__(self, text: str) -> Vector | None:
        """None while there is no embedder."""
        if self._clock() < self._closed_until:
            return None
        try:
            return self._vector(sound(text[:READ]))
        except EmbedderUnavailable as error:
            self._closed_until = self._clock() + AGAIN
            self.why_not = error.message
            return None

    def load(self) -> None:
        """Heavy at the first call. Raises `EmbedderUnavailable`."""
        with self._loading:
            if self._loaded:
                return
            try:
                self._embedder.load()
            except EmbedderUnavailable as error:
                self.why_not = error.message
                raise
            self._loaded, self.why_not = True, ""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Of documents, which are not kept here. Raises `EmbedderUnavailable`."""
        if not self._loaded:
            self.load()
        return self._embedder.encode(texts)

    def _encode(self, text: str) -> Vector:
        vector: Vector = self.encode([text])[0]
        return vector
