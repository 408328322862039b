"""Embedder, store and retriever belong together: one such index answers, and another may take its place."""

import json
import logging
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.core.cache import Cache
from app.core.errors import EmbedderUnavailable, RailDebugError
from app.core.index import Serving
from app.core.settings import Settings
from app.records.truth import SqlTruth
from app.retrieval.base import Embedder, Query, Retrieved, Retriever, Store
from app.retrieval.embedders.table import EMBEDDERS
from app.retrieval.encoder import Encoder
from app.retrieval.fused import FusedRetriever
from app.retrieval.reranking import Reranking
from app.retrieval.stores.table import STORES
from app.services.caching import remembering, sharing
from app.services.parts import row, stays

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Index:
    encoder: Encoder
    store: Store
    retriever: Retriever


@dataclass(slots=True)
class Switch:
    """The index that answers now. It is exchanged by one assignment: a question sees the one or the other, whole."""

    current: Index

    async def retrieve(self, query: Query) -> Retrieved:
        return await self.current.retriever.retrieve(query)

    async def close(self) -> None:
        await self.current.store.close()


@dataclass(frozen=True, slots=True)
class Indexes:
    settings: Settings
    truth: SqlTruth
    pool: Executor
    cache: Cache
    reranking: Reranking

    def encoder(self, embedder: Embedder) -> Encoder:
        stays(embedder.remote, self.settings.retrieval, "embedder")
        return Encoder(sharing(embedder, self.cache, self.settings.cache))

    async def make(self, encoder: Encoder) -> Index:
        """Opened, and empty until it is asked or written."""
        settings = self.settings.retrieval
        make_store = row(STORES, "store", settings.store)
        store = make_store(settings, self.truth, encoder.model, encoder.dimensions, self.pool)
        await store.open()
        fused = FusedRetriever(store, encoder, self.truth, self.pool, settings.lane_k, self.reranking)
        return Index(encoder, store, remembering(fused, self.cache, self.settings))

    def wanted(self) -> Embedder:
        return row(EMBEDDERS, "embedder", self.settings.retrieval.embedder)(self.settings)

    def before(self, serving: Serving) -> Embedder | None:
        """The embedder whose vectors are there, if it can still be had. Heavy: it is loaded."""
        try:
            settings = recalled(self.settings, json.loads(serving.settings))
            embedder = row(EMBEDDERS, "embedder", settings.retrieval.embedder)(settings)
            if embedder.model != serving.model:
                raise EmbedderUnavailable(f"By those settings it is {embedder.model} now.")
            stays(embedder.remote, self.settings.retrieval, "embedder")
            embedder.load()
        except (RailDebugError, ValueError) as error:
            log.warning("The embedder %s, whose vectors are there, cannot be had: %s", serving.model, error)
            return None
        return embedder

    def described(self, model: str) -> Serving:
        return Serving(model, json.dumps(remembered(self.settings)))


def remembered(settings: Settings) -> dict[str, Any]:
    """The settings that make an embedder, without what is secret."""
    told = settings.retrieval.model_dump(mode="json")
    place = str(settings.embedder_path) if settings.embedder_path else None
    return {"embedder_path": place, "retrieval": _open_only(told, settings.retrieval.model_dump())}


def recalled(settings: Settings, told: Mapping[str, Any]) -> Settings:
    """Today's settings with yesterday's embedder; secrets are today's. Raises `ValueError` for what no longer fits."""
    merged = _laid_over(settings.retrieval.model_dump(), told.get("retrieval", {}))
    place = told.get("embedder_path")
    retrieval = type(settings.retrieval).model_validate(merged)
    return settings.model_copy(update={"embedder_path": Path(place) if place else None, "retrieval": retrieval})


def _open_only(told: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _open_only(value, plain[name]) if isinstance(plain[name], dict) else value
        for name, value in told.items()
        if not isinstance(plain[name], SecretStr)
    }


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {name for name, value in above.items() if isinstance(value, dict) and isinstance(below.get(name), dict)}
    return {**below, **above, **{name: _laid_over(below[name], above[name]) for name in both}}
