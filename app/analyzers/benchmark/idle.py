"""Work that stands back for users: it begins when nobody asks, and is broken off the moment somebody does."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")


def _nothing() -> None:
    """Nobody listens."""


class Idle:
    """`asking` goes around each user's question. What is broken off is begun again from the start."""

    def __init__(self, quiet_s: float = 0.5) -> None:
        self.quiet_s = quiet_s
        self.requests = 0
        self.stood_back = 0
        self.asked: Callable[[], None] = _nothing  # called once a question, after it was counted
        self._here = 0
        self._left_at = float("-inf")
        self._arrived, self._gone = asyncio.Event(), asyncio.Event()
        self._gone.set()

    @contextmanager
    def asking(self) -> Iterator[None]:
        self.requests += 1
        self._here += 1
        self._arrived.set()
        self._gone.clear()
        try:
            self.asked()
            yield
        finally:
            self._here -= 1
            if not self._here:
                self._left_at = time.monotonic()
                self._arrived.clear()
                self._gone.set()

    async def quiet(self) -> None:
        """Returns when nobody has asked for a while."""
        await self._gone.wait()
        while (left := self._left_at + self.quiet_s - time.monotonic()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._arrived.wait()
            await self._gone.wait()

    async def undisturbed(self, work: Callable[[], Coroutine[Any, Any, T]], patience_s: float) -> T:
        """Do it from beginning to end without a user's question in between.

        Raises `TimeoutError` when that has not come about after `patience_s`; a last attempt may run on until then.
        """
        until = time.monotonic() + patience_s
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + patience_s) as clock:
            while True:
                await self.quiet()
                clock.reschedule(None)  # idle time has come: what now takes long is the work itself
                done, value = await self._attempt(work)
                if done:
                    return value  # type: ignore[return-value]
                self.stood_back += 1
                clock.reschedule(asyncio.get_running_loop().time() + until - time.monotonic())

    async def _attempt(self, work: Callable[[], Coroutine[Any, Any, T]]) -> tuple[bool, T | None]:
        task, guard = asyncio.ensure_future(work()), asyncio.ensure_future(self._arrived.wait())
        try:
            await asyncio.wait({task, guard}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            guard.cancel()
            task.cancel()  # of no effect on one that is done
            await asyncio.wait({task, guard})
        return (False, None) if task.cancelled() else (True, task.result())
