"""The cache as the settings want it, and what is wrapped into it."""

import hashlib
from importlib.metadata import version

from app.core.cache import Cache, MemoryCache
from app.core.settings import Settings
from app.core.settings.cache import CacheSettings
from app.retrieval.base import Embedder, Retriever
from app.retrieval.cached import CachedEmbedder, CachedRetriever
from app.retrieval.fused import FusedRetriever


def open_cache(settings: CacheSettings) -> Cache:
    """Reaches for nothing yet. Raises `MissingExtra` and `InvalidSettings`."""
    memory = MemoryCache(settings.memory_mb * 2**20)
    if settings.redis_url is None:
        return memory
    from app.core.redis_cache import RedisCache

    return RedisCache(settings.redis_url.get_secret_value(), memory)


def sharing(embedder: Embedder, cache: Cache, settings: CacheSettings) -> Embedder:
    """One process keeps a question's vector by itself; only several gain by sharing it."""
    if settings.redis_url is None or not settings.vector_ttl_s:
        return embedder
    return CachedEmbedder(embedder, cache, settings.vector_ttl_s)


def remembering(fused: FusedRetriever, cache: Cache, settings: Settings) -> Retriever:
    ttl = settings.cache.search_ttl_s
    if not ttl or not (settings.cache.memory_mb or settings.cache.redis_url):
        return fused
    return CachedRetriever(fused, fused.truth, cache, fused.pool, recipe(fused.encoder.model, settings), ttl)


def recipe(model: str, settings: Settings) -> str:
    """All that decides what is found, beside the question and the documents."""
    deciding = f"{version('rail-debug')}\n{model}\n{settings.retrieval.model_dump_json()}"
    return hashlib.sha256(deciding.encode()).hexdigest()
