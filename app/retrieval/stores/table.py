"""The stores that can be named in the settings."""

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Protocol

from app.core.settings.retrieval import RetrievalSettings
from app.retrieval.base import Store, Truth
from app.retrieval.stores.embedded import EmbeddedStore


class Make(Protocol):
    def __call__(self, settings: RetrievalSettings, truth: Truth, model: str, dimensions: int, pool: Executor) -> Store:
        """Builds, opens nothing. `model` keys the vectors; `pool` has as many threads as cores."""
        ...


def embedded(settings: RetrievalSettings, truth: Truth, model: str, dimensions: int, pool: Executor) -> Store:
    return EmbeddedStore(truth, model, dimensions, pool)


STORES: Mapping[str, Make] = {"embedded": embedded}
