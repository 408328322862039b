"""How the processes of a service agree on the active analyzer: through their records, or through Redis."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from app.analyzers.base import Standings
from app.core.errors import MissingExtra, RecordsUnavailable
from app.core.standing import Choice
from app.core.wire import from_json, to_json

log = logging.getLogger(__name__)
KEY = "rail-debug:{name}:active"
TIMEOUT_S = 1.0


class ThroughRecords:
    """Processes of one home look at what is kept there: the shell, and a service after a restart."""

    def __init__(self, standings: Standings, every_s: float) -> None:
        self.standings, self.every_s = standings, every_s

    async def read(self) -> Choice | None:
        return await self.standings.chosen()

    async def announce(self, choice: Choice) -> None:
        """Who chose has kept it in the records already."""

    async def changes(self) -> AsyncIterator[Choice | None]:
        while True:
            await asyncio.sleep(self.every_s)
            try:
                yield await self.standings.chosen()
            except RecordsUnavailable as error:
                log.warning("what is chosen is not known: %s", error.message)
                yield None

    async def close(self) -> None:
        """Nothing is held."""


class ThroughRedis:
    """A key holds the choice and a channel tells that it changed; who missed the message reads the key.

    Without Redis each process stays with what it has, and catches up when Redis is back.
    """

    def __init__(self, url: str, name: str, every_s: float) -> None:
        """Raises `MissingExtra`. Nothing is connected yet."""
        try:
            from redis.asyncio import Redis
            from redis.exceptions import RedisError
        except ImportError as error:
            raise MissingExtra("The Redis client", "redis") from error
        self._unsent: Choice | None = None
        self.key, self.every_s = KEY.format(name=name), every_s
        self._failures: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError)
        self._client: Any = Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)

    async def read(self) -> Choice | None:
        try:
            told = await self._client.get(self.key)
        except self._failures as error:
            log.warning("Redis does not tell what is chosen: %s", error)
            return None
        return from_json(Choice, told) if told else None

    async def announce(self, choice: Choice) -> None:
        told = to_json(choice)
        try:
            await self._client.set(self.key, told)
            await self._client.publish(self.key, told)
            self._unsent = None
        except self._failures as error:
            self._unsent = choice
            log.warning("the other processes are not told of %s: %s", choice.active, error)

    async def changes(self) -> AsyncIterator[Choice | None]:
        while True:
            try:
                async with self._client.pubsub() as channel:
                    await channel.subscribe(self.key)
                    await self._catch_up()
                    while True:
                        yield await self.read()
                        await channel.get_message(ignore_subscribe_messages=True, timeout=self.every_s)
            except self._failures as error:
                log.warning("Redis does not tell of changes: %s", error)
                yield None
                await asyncio.sleep(self.every_s)

    async def _catch_up(self) -> None:
        """What was chosen while Redis was away, unless somebody has chosen later."""
        if (mine := self._unsent) is None:
            return
        theirs = await self.read()
        if theirs is None or theirs.at < mine.at:
            await self.announce(mine)
        else:
            self._unsent = None

    async def close(self) -> None:
        await self._client.aclose()
