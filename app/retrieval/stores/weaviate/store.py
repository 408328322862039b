"""The store in Weaviate: filled from the truth, held against its active generations, gone without being waited for."""

import asyncio
import logging
import time
from collections.abc import Callable, Set
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from app.core.errors import RecordsUnavailable, StoreMissing, StoreRefused, StoreUnavailable
from app.core.settings.weaviate import WeaviateSettings
from app.retrieval.base import Filling, Lanes, Query, Truth, Vector
from app.retrieval.stores.weaviate import lanes, schema
from app.retrieval.stores.weaviate.filling import Filler
from app.retrieval.stores.weaviate.link import Link
from app.retrieval.stores.weaviate.tenant import Tenant, dead
from app.retrieval.stores.weaviate.view import View
from app.retrieval.words import analyzer

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient

log = logging.getLogger(__name__)
T = TypeVar("T")

GRACE = 30.0  # seconds that a replaced generation is kept: no question that began before the change runs longer
AGAIN = 5.0  # seconds after a failed refresh until a question tries one


@dataclass(slots=True)
class Shelf:
    """One knowledge base. `task` is the refresh that runs, of which there is one at a time.

    `replaced` has the documents whose old generation is still kept -> the one that took its place.
    """

    view: View | None = None
    replaced: dict[str, int] = field(default_factory=dict)
    task: "asyncio.Task[None] | None" = None
    trouble: str = ""
    suspect: bool = False  # whether the collections are looked after before the next refresh
    closed_until: float = float("-inf")


@dataclass(slots=True)
class WeaviateStore:
    truth: Truth
    model: str
    pool: Executor
    settings: WeaviateSettings
    plan: lanes.Plan = lanes.FUSED
    name: str = "weaviate"
    clock: Callable[[], float] = time.monotonic
    _link: Link = field(init=False)
    _vectorizer: lanes.Vectorizer = field(init=False)
    _shelves: dict[str, Shelf] = field(default_factory=dict)
    _later: set["asyncio.Task[None]"] = field(default_factory=set)
    _near_text: bool = False

    def __post_init__(self) -> None:
        self._link = Link(self.settings, self._prepare)
        self._vectorizer = lanes.Vectorizer(self.clock)

    @property
    def trouble(self) -> str:
        behind = (f"{kb}: {shelf.trouble}" for kb, shelf in self._shelves.items() if shelf.trouble)
        return self._link.trouble or self._vectorizer.trouble or "; ".join(behind)

    async def open(self) -> None:
        await self._hop(analyzer)  # the first call imports the index library
        await self._hop(partial(import_module, "weaviate"))  # it takes two seconds
        await self._link.open()

    async def close(self) -> None:
        tasks = [*self._later, *(shelf.task for shelf in self._shelves.values() if shelf.task)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._shelves.clear()
        await self._link.close()

    async def lanes(self, query: Query, k: int, encode: Callable[[str], Vector | None]) -> Lanes:
        version = await self._version(query.kb)
        if version == 0:
            return Lanes()
        shelf = self._shelves.setdefault(query.kb, Shelf())
        asked = lanes.Asked(query, k, partial(self._hop, partial(encode, query.text)), self._vectorizer)
        try:
            found = await self.plan.find(await self._current(query.kb, shelf, version), asked)
        except StoreRefused as error:
            shelf.view, shelf.suspect = None, True  # the collection may be gone: look before the next question
            if not (self.plan.tolerant and isinstance(error, StoreMissing)):
                raise
            return await self._read(lambda: lanes.without(self.truth, query, k, version))
        return found if found.index_version == version else lanes.noted(found, "index_behind")

    async def codes(self, kb: str) -> Set[str]:
        """From the truth, which has them in an index of their own, whole and of the active generations alone."""
        return await self._read(lambda: self.truth.codes(kb))

    async def write(self, kb: str) -> int:
        if await self._version(kb) == 0:
            return 0
        shelf = self._shelves.setdefault(kb, Shelf())
        await self._refresh(kb, shelf)
        return shelf.view.active.version if shelf.view else 0

    async def fill(self, kb: str, told: Callable[[int, int], None] = lambda done, of: None) -> Filling:
        return await self._filler(kb).fill(told)

    async def sweep(self, kb: str) -> int:
        await self.write(kb)
        tenant = self._tenant(kb)
        if await self._version(kb) == 0 or not (view := self._shelves[kb].view):
            return 0
        return await tenant.remove(dead(await tenant.all(), view.active))

    async def _prepare(self, client: "WeaviateAsyncClient") -> None:
        self._near_text = await schema.ensure(client, self.settings)

    def _tenant(self, kb: str) -> Tenant:
        return Tenant(self._link, self.settings, kb)

    def _filler(self, kb: str) -> Filler:
        return Filler(self._tenant(kb), self.truth, self.model, self._read)

    async def _current(self, kb: str, shelf: Shelf, version: int) -> View:
        """The view of the truth's version or, while that is long in the making, the one before."""
        if (view := self._held(shelf)) and view.active.version == version:
            return view
        if self.clock() >= shelf.closed_until:
            task = self._refresh(kb, shelf)
            await asyncio.wait({task}, timeout=self.settings.patience_s)
            if task.done():
                task.result()  # what is not foreseen is not swallowed
        if view := self._held(shelf):
            return view
        why = self._link.trouble or shelf.trouble or "it is being filled"
        raise StoreUnavailable(f"Weaviate cannot answer for {kb!r}: {why}.")

    def _held(self, shelf: Shelf) -> View | None:
        """What was learned of a server before it went away is not believed of the one that came back."""
        view = shelf.view
        return view if view and view.session == self._link.session and not self._link.trouble else None

    def _refresh(self, kb: str, shelf: Shelf) -> "asyncio.Task[None]":
        if shelf.task is None or shelf.task.done():
            shelf.task = asyncio.create_task(self._bring(kb, shelf))
        return shelf.task

    async def _bring(self, kb: str, shelf: Shelf) -> None:
        session = self._link.session
        try:
            if shelf.suspect:
                await self._link.call(self._prepare, self.settings.write_s)
                shelf.suspect = False
            brought = await self._filler(kb).bring()
        except StoreUnavailable as error:
            shelf.suspect = shelf.suspect or isinstance(error, StoreRefused)
            if not self._link.trouble:  # or it has been said already, and ends when the link is mended
                log.warning("knowledge base %r was not brought up to date in Weaviate: %s", kb, error.message)
                shelf.trouble, shelf.closed_until = error.message, self.clock() + AGAIN
            return
        active, blind, retired = brought
        shelf.view = View(self._tenant(kb), session, active, self._near_text, blind)
        shelf.trouble, shelf.closed_until = "", float("-inf")
        if retired:
            task = asyncio.create_task(self._retire(kb, shelf, retired))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def _retire(self, kb: str, shelf: Shelf, retired: dict[str, int]) -> None:
        """What is gone still counts in BM25's frequencies, so of each document one old generation is kept at most."""
        twice = {document: shelf.replaced[document] for document in retired if document in shelf.replaced}
        shelf.replaced |= retired
        try:
            for document, before in twice.items():
                await self._tenant(kb).retire(document, before)
            await asyncio.sleep(GRACE)
            for document, before in retired.items():
                await self._tenant(kb).retire(document, before)
                if shelf.replaced.get(document) == before:
                    del shelf.replaced[document]
        except StoreUnavailable as error:
            log.info("replaced generations stay in Weaviate until the next sweep: %s", error.message)

    async def _version(self, kb: str) -> int:
        return await self._read(lambda: self.truth.index_version(kb))

    async def _read(self, work: Callable[[], T]) -> T:
        try:
            return await self._hop(work)
        except RecordsUnavailable as error:
            raise StoreUnavailable("The records, from which the index is made, cannot be read.") from error

    async def _hop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.pool, work)
