"""Prompts of Langfuse by label: what is here is handed out at once, and is fetched anew behind the caller's back."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Protocol

from app.core.errors import MissingExtra, NotFound, PromptError, PromptStoreUnavailable
from app.prompts.langfuse.client import Fetched
from app.prompts.written import LANGFUSE, Written, write

log = logging.getLogger(__name__)

Key = tuple[str, str]  # prompt, label


class Source(Protocol):
    """Blocks. Raises `NotFound`, `PromptError`, `PromptStoreUnavailable`."""

    def load(self) -> None: ...
    def get(self, name: str, *, label: str | None = None, version: int | None = None) -> Fetched: ...


@dataclass(frozen=True, slots=True)
class Slot:
    """What is known of one label. `due` is when it is asked again; `trouble` why there is less than there could be."""

    written: Written | None
    due: float
    trouble: str = ""
    absent: bool = False


class RemotePrompts:
    """`get` never waits and never raises: a dictionary is read, and at most a job handed to a thread.

    While the server is away, what it said last goes on being used. What it says is gone, or is no usable prompt, is
    used no more: the file takes its place. Each failure is remembered, so that a dead server is asked seldom.
    """

    def __init__(
        self,
        source: Source,
        pool: Executor,
        *,
        style: str = "structured",
        fresh_s: float = 60.0,
        retry_s: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._pool = pool
        self._style = style
        self._fresh_s, self._retry_s = fresh_s, retry_s
        self._clock = clock
        self._slots: dict[Key, Slot] = {}
        self._under_way: set[Key] = set()
        self._lock = threading.Lock()

    def get(self, name: str, label: str) -> Written | None:
        key = name, label
        slot = self._slots.get(key)
        if slot is None or self._clock() >= slot.due:
            self._refresh(key)
        return slot.written if slot else None

    async def warm(self, keys: Iterable[Key], seconds: float) -> None:
        """Import the client, then wait so long for these; what is not there by then comes when it comes."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._pool, self._source.load)
        except MissingExtra as error:
            log.warning("%s %s", error.message, error.hint)
            return
        fetches = [loop.run_in_executor(self._pool, self._fetch, key) for key in keys]
        if fetches and seconds:
            await asyncio.wait(fetches, timeout=seconds)

    def forget(self) -> None:
        """Ask for everything again at the next use; what is here is used until then."""
        now = self._clock()
        self._slots = {key: replace(slot, due=now) for key, slot in self._slots.items()}

    def states(self) -> Mapping[str, str]:
        """`name:label` -> what is wrong, empty when all is well."""
        return {f"{name}:{label}": slot.trouble for (name, label), slot in list(self._slots.items())}

    def _refresh(self, key: Key) -> None:
        with self._lock:
            if key in self._under_way:
                return
            self._under_way.add(key)
        try:
            self._pool.submit(self._fetch_once, key)
        except RuntimeError:  # the house is closing
            self._under_way.discard(key)

    def _fetch_once(self, key: Key) -> None:
        try:
            self._fetch(key)
        finally:
            self._under_way.discard(key)

    def _fetch(self, key: Key) -> None:
        name, label = key
        before = self._slots.get(key)
        try:
            slot = Slot(self._checked(name, self._source.get(name, label=label), before), self._clock() + self._fresh_s)
        except (PromptStoreUnavailable, MissingExtra) as error:
            slot = Slot(before.written if before else None, self._clock() + self._retry_s, error.message)
        except (NotFound, PromptError) as error:
            slot = Slot(None, self._clock() + self._fresh_s, error.message, isinstance(error, NotFound))
        if slot.trouble and (before is None or slot.trouble != before.trouble):  # once, and not at every attempt
            used = f"{name}@{slot.written.version}" if slot.written else "the file"
            level = logging.INFO if before is None and slot.absent else logging.WARNING  # not all prompts are pushed
            log.log(level, "prompt %s, label %s: %s Until then %s is used.", name, label, slot.trouble, used)
        self._slots[key] = slot

    def _checked(self, name: str, fetched: Fetched, before: Slot | None) -> Written:
        """Raises `PromptError` for what would not do as a file either."""
        known = before.written if before else None
        if known and (known.version, known.text) == (fetched.version, fetched.text):
            return known
        place = f"{name}@{fetched.version} in Langfuse"
        written = write(place, fetched.text, style=self._style, source=LANGFUSE, version=fetched.version)
        if written.name != name:
            raise PromptError(f"{place} calls itself {written.name!r}.")
        return written
