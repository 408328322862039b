"""The stores that can be named in the settings."""

import importlib.util
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Protocol

from app.core.errors import InvalidSettings, MissingExtra
from app.core.settings.retrieval import RetrievalSettings
from app.retrieval.base import Store, Truth
from app.retrieval.stores.embedded import EmbeddedStore
from app.retrieval.stores.replica import WithReplica
from app.retrieval.stores.weaviate.lanes import FUSED, NEAR_TEXT_FIRST, Plan
from app.retrieval.stores.weaviate.store import WeaviateStore


class Make(Protocol):
    def __call__(self, settings: RetrievalSettings, truth: Truth, model: str, dimensions: int, pool: Executor) -> Store:
        """Builds, opens nothing. `model` keys the vectors; `pool` has as many threads as cores."""
        ...


def embedded(settings: RetrievalSettings, truth: Truth, model: str, dimensions: int, pool: Executor) -> Store:
    if settings.mode != "fused" and settings.store == "embedded":
        raise InvalidSettings(f"retrieval.mode: {settings.mode!r} needs retrieval.store 'weaviate'.")
    return EmbeddedStore(truth, model, dimensions, pool)


def weaviate(settings: RetrievalSettings, truth: Truth, model: str, dimensions: int, pool: Executor) -> Store:
    if importlib.util.find_spec("weaviate") is None:
        raise MissingExtra("The Weaviate client", "weaviate")
    plan = PLANS[settings.mode]
    store = WeaviateStore(truth, model, pool, settings.weaviate, plan)
    if settings.replica == "none":
        return store
    return WithReplica(store, STORES[settings.replica](settings, truth, model, dimensions, pool))


STORES: Mapping[str, Make] = {"embedded": embedded, "weaviate": weaviate}
PLANS: Mapping[str, Plan] = {"fused": FUSED, "near_text_first": NEAR_TEXT_FIRST}
