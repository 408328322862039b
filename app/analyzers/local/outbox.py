"""From a model's thread to the task that reads: deltas in order, one wake-up for as many as there are."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress

from app.core.brief import Delta, Text
from app.core.errors import AnalyzerError, AnalyzerTimeout

GATHER_S = 0.01  # a fast model says several words in it, and is disturbed once for them; nobody reads so fast


class Outbox:
    """Made by the reader, on its loop. `put`, `close` and `fail` are the writer's, from its own thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._deltas: deque[Delta] = deque()
        self._error: AnalyzerError | None = None
        self.ended = False
        self._woken = False  # a wake-up is on its way: waking a loop costs more than a token of a small model

    def put(self, delta: Delta) -> None:
        self._deltas.append(delta)
        self._wake()

    def close(self) -> None:
        self.ended = True
        self._wake()

    def fail(self, error: AnalyzerError) -> None:
        """An answer that was whole before stays whole."""
        if not self.ended:
            self._error = error
            self.close()

    def _wake(self) -> None:
        if not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # the loop is closed: nobody reads any more
                self._loop.call_soon_threadsafe(self._ready.set)

    async def read(self, name: str, deadline: float) -> AsyncIterator[Delta]:
        """Raises what the writer failed with, and `AnalyzerTimeout` at the deadline."""
        while True:
            gathered = bool(self._deltas)
            while self._deltas:
                yield self._next()
            if self.ended and not self._deltas:
                break
            if gathered and time.monotonic() + GATHER_S < deadline:
                await asyncio.sleep(GATHER_S)
            else:
                await self._woke(name, deadline)
        if self._error:
            raise self._error

    def _next(self) -> Delta:
        """Words that wait together are one piece."""
        delta = self._deltas.popleft()
        if not isinstance(delta, Text):
            return delta
        words = [delta.text]
        while self._deltas and isinstance(self._deltas[0], Text):
            words.append(self._deltas.popleft().text)  # type: ignore[union-attr]
        return Text("".join(words))

    async def _woke(self, name: str, deadline: float) -> None:
        wait = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
        try:
            async with asyncio.timeout(wait):
                await self._ready.wait()
        except TimeoutError as error:
            raise AnalyzerTimeout(f"{name!r} did not end its answer in time.") from error
        self._ready.clear()
        self._woken = False
