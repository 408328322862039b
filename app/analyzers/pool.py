"""The pool owns memory: what is loaded, who uses it, and what must go so that another fits."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from app.analyzers.base import Analyzer
from app.analyzers.memory import Machine, Memory, add, short, told
from app.analyzers.seat import DRAINING, IDLE, LOADING, READY, Copy, Seat
from app.core.brief import Footprint
from app.core.errors import AnalyzerNoRoom, AnalyzerUnavailable, RailDebugError
from app.core.settings.pool import PoolSettings

log = logging.getLogger(__name__)
NOTHING = Footprint()
TRIES = 3  # what was loaded for a question may be unloaded by somebody before the question has its turn


def _nobody() -> frozenset[str]:
    return frozenset()


@dataclass(eq=False)
class Pool:
    """All of it runs on the event loop, so what stands between two awaits happens at once.

    `pinned` names the seats whose last copy is never taken away to make room.
    """

    settings: PoolSettings = field(default_factory=PoolSettings)
    memory: Memory = field(default_factory=Machine)
    pinned: Callable[[], frozenset[str]] = _nobody
    copies: dict[Copy, Seat] = field(default_factory=dict)  # all that is in memory, also what is on its way out
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set["asyncio.Task[Any]"] = field(default_factory=set)

    @property
    def budget(self) -> Footprint:
        total = self.memory.total()
        return Footprint(int(total.ram * self.settings.ram_share), int(total.vram * self.settings.vram_share))

    @property
    def held(self) -> Footprint:
        return add(*(copy.held for copy in self.copies))

    @property
    def leases(self) -> int:
        return sum(copy.leases for copy in self.copies)

    async def load(self, seat: Seat, *, evict: bool = True) -> None:
        """Several who ask at once share one load, and one who gives up does not end it for the others."""
        if seat.copies:
            return
        if seat.loading is None:
            seat.loading = self.spawn(self._load(seat, evict))
        await asyncio.shield(seat.loading)

    async def unload(self, seat: Seat) -> bool:
        """No new question gets in; -> whether the running ones ended within the time that is waited for them."""
        leaving = [self.spawn(self._retire(seat, copy)) for copy in seat.copies]
        seat.copies = []
        if not leaving:
            seat.state = IDLE
            return True
        seat.state = DRAINING
        await asyncio.sleep(0)  # what nobody uses is gone at once
        done, waiting = await asyncio.wait(leaving, timeout=self.settings.drain_s)
        for task in done:
            task.result()
        return not waiting

    @asynccontextmanager
    async def lease(self, seat: Seat, *, wait: bool = True, evict: bool = True) -> AsyncIterator[Analyzer]:
        """While it lasts the copy stays. Without `wait`, what is not loaded is not there."""
        for _ in range(TRIES):
            if not seat.copies:
                await self._wanted(seat, wait, evict)
        if not seat.copies:
            raise AnalyzerUnavailable(f"{seat.name!r} was unloaded again and again.")
        copy = min(seat.copies, key=lambda each: each.leases)
        copy.leases += 1
        copy.free.clear()
        self._grow(seat, copy)
        try:
            yield copy.analyzer
        finally:
            copy.leases -= 1
            copy.used_at = time.monotonic()
            if not copy.leases:
                copy.free.set()
                if len(seat.copies) > 1:
                    asyncio.get_running_loop().call_later(self.settings.idle_s, self._shrink, seat, copy)

    async def close(self) -> None:
        """Whoever still streams is cut off: the house closes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for copy, seat in list(self.copies.items()):
            seat.copies, seat.state = [], IDLE
            await self._drop(copy)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._settled)
        return task

    def _settled(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.info("the pool: %r", error)

    async def _wanted(self, seat: Seat, wait: bool, evict: bool) -> None:
        if seat.closed:
            raise AnalyzerUnavailable(f"{seat.name!r} is no longer configured like that.")
        if not wait and seat.loading is None:
            raise AnalyzerUnavailable(f"{seat.name!r} is not loaded.")
        if time.monotonic() - seat.failed_at < self.settings.retry_s:
            raise AnalyzerUnavailable(f"{seat.name!r} could not be loaded: {seat.state}.")
        await self.load(seat, evict=evict)

    async def _load(self, seat: Seat, evict: bool) -> None:
        seat.state = LOADING
        state, failed_at = "the load broke off", time.monotonic()
        try:
            face_in_use = any(copy.analyzer is seat.face for copy in self.copies)
            copy = await self._bring(seat, seat.make() if face_in_use else seat.face, evict)
            seat.copies.append(copy)
            state, failed_at = READY, float("-inf")
        except RailDebugError as error:
            state = f"{error.code}: {error.message}"
            raise
        finally:
            seat.state, seat.failed_at, seat.loading = state, failed_at, None

    async def _bring(self, seat: Seat, analyzer: Analyzer, evict: bool) -> Copy:
        need = await asyncio.to_thread(lambda: analyzer.footprint)  # it reads files
        if need == NOTHING:
            await analyzer.load()
            copy = Copy(analyzer)
        else:
            async with self._turn:  # one at a time, so that what memory grows by is this one's
                await self._make_room(seat, need, evict)
                before = self.memory.resident()
                await analyzer.load()
                copy = Copy(analyzer, need, short(self.memory.resident(), before))
            log.info("%s is loaded: thought %s, seen %s", seat.name, told(need), told(copy.measured))
        self.copies[copy] = seat
        return copy

    async def _make_room(self, seat: Seat, need: Footprint, evict: bool) -> None:
        """The least recently used go first, and none goes when even all of them would not be enough."""
        lacking = short(need, self._free())
        if lacking == NOTHING:
            return
        chosen: list[Copy] = []
        for copy in self._evictable() if evict else []:
            if short(lacking, add(*(each.held for each in chosen))) == NOTHING:
                break
            chosen.append(copy)
        if short(lacking, add(*(copy.held for copy in chosen))) != NOTHING:
            raise self._no_room(seat, need)
        for copy in chosen:  # all at once, so that no question gets in while the first is on its way out
            self.copies[copy].copies.remove(copy)
        for copy in chosen:
            log.info("%s makes room for %s: %s", self.copies[copy].name, seat.name, told(copy.held))
            await self._retire(self.copies[copy], copy)

    def _evictable(self) -> list[Copy]:
        """Idle copies: those beyond a seat's first before all others, then by when they were last used."""
        pinned = self.pinned()

        def last_of_pinned(copy: Copy) -> bool:
            owner = self.copies[copy]
            return owner.name in pinned and owner.copies == [copy]

        idle = [c for c, s in self.copies.items() if not c.leases and c in s.copies and c.held != NOTHING]
        idle.sort(key=lambda copy: (len(self.copies[copy].copies) == 1, copy.used_at))
        return [copy for copy in idle if not last_of_pinned(copy)]

    def _free(self) -> Footprint:
        """The budget less what is held, and no more than the machine has at this moment."""
        left, machine = short(self.budget, self.held), self.memory.free()
        return Footprint(min(left.ram, machine.ram), min(left.vram, machine.vram))

    def _no_room(self, seat: Seat, need: Footprint) -> AnalyzerNoRoom:
        missing = short(need, self._free())
        holders = ", ".join(f"{s.name} {told(c.held)}" for c, s in self.copies.items() if c.held != NOTHING) or "nobody"
        return AnalyzerNoRoom(
            f"{seat.name!r} needs {told(need)} and {told(missing)} of it are missing: "
            f"the budget is {told(self.budget)}, held by {holders}; the machine has {told(self.memory.free())} free."
        )

    def _grow(self, seat: Seat, least: Copy) -> None:
        """Another copy, when even the least busy one has a queue."""
        busy = least.leases > self.settings.queue and len(seat.copies) < seat.replicas
        if busy and not seat.growing and time.monotonic() - seat.crowded_at > self.settings.retry_s:
            seat.growing = True
            self.spawn(self._add_copy(seat))

    async def _add_copy(self, seat: Seat) -> None:
        try:
            copy = await self._bring(seat, seat.make(), evict=False)
            if seat.copies:
                seat.copies.append(copy)
            else:  # unloaded meanwhile
                await self._drop(copy)
        except AnalyzerNoRoom as error:
            seat.crowded_at = time.monotonic()
            log.info("no room for another copy of %s: %s", seat.name, error.message)
        finally:
            seat.growing = False

    def _shrink(self, seat: Seat, copy: Copy) -> None:
        rested = time.monotonic() - copy.used_at >= self.settings.idle_s
        if rested and copy in seat.copies and len(seat.copies) > 1 and not copy.leases:
            seat.copies.remove(copy)
            self.spawn(self._retire(seat, copy))

    async def _retire(self, seat: Seat, copy: Copy) -> None:
        while copy.leases:
            await copy.free.wait()
        await self._drop(copy)
        if not seat.copies and seat.loading is None:
            seat.state = IDLE

    async def _drop(self, copy: Copy) -> None:
        try:
            await copy.analyzer.unload()
        finally:
            self.copies.pop(copy, None)
