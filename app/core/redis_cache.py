"""The cache that several processes share: Redis behind a memory, which alone answers while Redis is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from app.core.cache import MemoryCache
from app.core.errors import InvalidSettings, MissingExtra

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)

PREFIX = "rail-debug:"
PATIENCE = 0.2  # seconds for one call; a shared cache that takes longer is slower than making the value anew
AGAIN = 2.0  # seconds between two attempts to reach a Redis that is away
LARGEST = 2**20  # bytes of a value that is shared


class RedisCache:
    """Of a Redis that dies, the callers under way wait once; after that nobody does, until it is back by itself."""

    def __init__(self, url: str, near: MemoryCache, *, patience: float = PATIENCE, again: float = AGAIN) -> None:
        self.why_not = ""
        self.near = near
        self._patience = patience
        self._again = again
        self._client = connect(url, patience)
        self._returning: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        return self.near.size

    async def get(self, key: str) -> bytes | None:
        held = await self.near.get(key)
        if held is not None:
            return held
        found: bytes | None = await self._ask(lambda: self._client.get(PREFIX + key))
        return found

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        await self.near.set(key, value, ttl)
        if len(value) <= LARGEST and ttl > 0:
            await self._ask(lambda: self._client.set(PREFIX + key, value, px=max(1, int(ttl * 1000))))

    async def close(self) -> None:
        if self._returning:
            self._returning.cancel()
            await asyncio.gather(self._returning, return_exceptions=True)
        await self._client.aclose()
        await self.near.close()

    async def _ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        from redis.exceptions import RedisError

        if self.why_not:
            return None
        try:
            async with asyncio.timeout(self._patience):
                return await call()
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error)
            return None

    def _lost(self, error: Exception) -> None:
        if not self.why_not:
            self.why_not = f"redis: {str(error) or 'no answer in time'}"
            log.warning("The shared cache is away, each process keeps its own. %s", self.why_not)
            self._returning = asyncio.create_task(self._return())

    async def _return(self) -> None:
        """Nobody waits for this: it knocks until Redis answers."""
        from redis.exceptions import RedisError

        while self.why_not:
            await asyncio.sleep(self._again)
            try:
                async with asyncio.timeout(self._patience):
                    await self._client.ping()
            except (RedisError, OSError, TimeoutError):
                continue
            self.why_not = ""
            log.info("The shared cache is back.")


def connect(url: str, patience: float) -> "Redis":
    """Opens no connection yet. Raises `MissingExtra`, and `InvalidSettings` for what is no address of a Redis."""
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise MissingExtra("The Redis client", "redis") from error
    try:
        return Redis.from_url(
            url,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 0),  # the memory answers meanwhile
            protocol=2,
        )
    except ValueError as error:
        raise InvalidSettings("cache.redis_url: this is no redis:// address.") from error
