"""The cache keeps what it was given, for as long and as much as it may, and forgets the rest quietly."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable

import pytest

from app.core.cache import OVERHEAD, Cache, MemoryCache
from app.core.errors import InvalidSettings
from app.core.settings.cache import CacheSettings
from app.services.caching import open_cache
from tests.redis_server import redis_server


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_what_was_set_is_got_until_its_time_is_over() -> None:
    clock = Clock()
    cache = MemoryCache(10_000, clock)
    await cache.set("a", b"1", ttl=5)
    clock.now = 4.9
    assert await cache.get("a") == b"1"
    clock.now = 5.0
    assert await cache.get("a") is None
    assert cache.size == 0


async def test_what_was_not_asked_for_longest_goes_first_and_the_bound_holds() -> None:
    cache = MemoryCache(3 * (OVERHEAD + 101))
    for key in "abc":
        await cache.set(key, bytes(100), ttl=60)
    await cache.get("a")
    await cache.set("d", bytes(100), ttl=60)
    assert [key for key in "abcd" if await cache.get(key)] == ["a", "c", "d"]
    assert cache.size <= cache.limit


async def test_what_is_larger_than_all_is_not_kept_and_pushes_nothing_out() -> None:
    cache = MemoryCache(1000)
    await cache.set("small", b"1", ttl=60)
    await cache.set("large", bytes(2000), ttl=60)
    assert await cache.get("large") is None
    assert await cache.get("small") == b"1"


async def test_setting_a_key_again_counts_it_once() -> None:
    cache = MemoryCache(10_000)
    await cache.set("a", bytes(10), ttl=60)
    await cache.set("a", bytes(20), ttl=60)
    assert cache.size == OVERHEAD + 21


async def test_a_cache_of_nothing_keeps_nothing() -> None:
    cache = open_cache(CacheSettings(memory_mb=0))
    await cache.set("a", b"1", ttl=60)
    assert await cache.get("a") is None
    await cache.close()


def test_a_wrong_address_is_told_without_its_password() -> None:
    pytest.importorskip("redis")
    with pytest.raises(InvalidSettings) as caught:
        open_cache(CacheSettings(redis_url="http://user:geheim@x"))  # type: ignore[arg-type]
    assert "geheim" not in str(caught.value)
    assert "geheim" not in repr(CacheSettings(redis_url="redis://:geheim@x"))  # type: ignore[arg-type]


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await true():
            await asyncio.sleep(0.02)


def shared(url: str) -> Cache:
    from app.core.redis_cache import RedisCache

    return RedisCache(url, MemoryCache(2**20), again=0.1)


@pytest.mark.slow
async def test_processes_share_a_redis_which_may_die_and_come_back() -> None:
    pytest.importorskip("redis")
    server = redis_server()
    server.start()
    one, other = shared(server.url), shared(server.url)
    try:
        await one.set("a", b"1", ttl=60)
        assert await other.get("a") == b"1"
        await one.set("brief", b"1", ttl=0.05)
        await asyncio.sleep(0.1)
        assert await other.get("brief") is None

        server.kill()
        assert await other.get("b") is None
        assert "redis" in other.why_not
        await other.set("c", b"3", ttl=60)
        assert await other.get("c") == b"3", "the memory answers meanwhile"

        server.start()
        await until(lambda: _well(other))
        await other.set("d", b"4", ttl=60)
        await until(lambda: _has(one, "d", b"4"))
    finally:
        await one.close()
        await other.close()
        server.kill()


@pytest.mark.slow
async def test_a_redis_that_hangs_is_waited_for_once() -> None:
    pytest.importorskip("redis")
    server = redis_server()
    server.start()
    cache = shared(server.url)
    try:
        await cache.set("a", b"1", ttl=60)
        assert server.process
        os.kill(server.process.pid, signal.SIGSTOP)
        started = time.perf_counter()
        for number in range(100):
            assert await cache.get(f"missing {number}") is None
        assert time.perf_counter() - started < 5, "each call alone would have waited 0.2 s"
        assert cache.why_not
        os.kill(server.process.pid, signal.SIGCONT)
        await until(lambda: _well(cache))
    finally:
        await cache.close()
        server.kill()


@pytest.mark.slow
async def test_a_redis_that_is_not_there_at_the_start_is_found_when_it_comes() -> None:
    pytest.importorskip("redis")
    server = redis_server()
    cache = shared(server.url)
    try:
        assert await cache.get("a") is None
        server.start()
        await until(lambda: _well(cache))
    finally:
        await cache.close()
        server.kill()


async def _well(cache: Cache) -> bool:
    return not cache.why_not


async def _has(cache: Cache, key: str, value: bytes) -> bool:
    return await cache.get(key) == value
