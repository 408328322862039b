"""The cache as the settings want it."""

from app.core.cache import Cache, MemoryCache
from app.core.settings.cache import CacheSettings


def open_cache(settings: CacheSettings) -> Cache:
    """Reaches for nothing yet. Raises `MissingExtra` and `InvalidSettings`."""
    memory = MemoryCache(settings.memory_mb * 2**20)
    if settings.redis_url is None:
        return memory
    from app.core.redis_cache import RedisCache

    return RedisCache(settings.redis_url.get_secret_value(), memory)
