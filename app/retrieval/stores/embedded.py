"""The store in process: derived from the truth, brought up to its version before every query."""

import asyncio
from collections.abc import Callable, Set
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TypeVar

from app.core.errors import RecordsUnavailable, StoreUnavailable
from app.retrieval.base import Changes, Filling, Lanes, Query, Truth, Vector
from app.retrieval.stores.index import Index
from app.retrieval.stores.view import View
from app.retrieval.words import analyzer

T = TypeVar("T")

PATIENCE = 0.2  # seconds a query waits for a refresh that runs already; after that the older view answers
BRIEF = 50_000  # rows; of more the search takes so long that two at once gain more than a thread costs
WASTE = 1 / 3  # share of dead rows at which the index is built anew


@dataclass(slots=True)
class Shelf:
    """One knowledge base. `index` is None while it has to be built from the beginning."""

    refreshing: Lock = field(default_factory=Lock)
    index: Index | None = None
    view: View | None = None


@dataclass(slots=True)
class EmbeddedStore:
    """`pool` runs everything; with as many threads as cores no search waits for another's turn."""

    truth: Truth
    model: str
    dimensions: int
    pool: Executor
    name: str = "embedded"
    trouble: str = ""  # it is in this process: what fails is the truth
    _shelves: dict[str, Shelf] = field(default_factory=dict)

    async def open(self) -> None:
        await self._hop(analyzer)  # the first call imports the index library

    async def lanes(self, query: Query, k: int, encode: Callable[[str], Vector | None]) -> Lanes:
        """What may wait, for the disk, a refresh or a model, does so in a thread. The search itself only computes, and

        so briefly that a thread would cost more than it: thread and event loop take the interpreter from each other
        a dozen times. Of a large shelf it stays in the thread.
        """

        def work() -> Callable[[], Lanes]:
            view, vector = self._current(query.kb), encode(query.text)
            if view is None:
                return Lanes
            search = partial(view.lanes, query, vector, k)
            return _done(search()) if len(view.rows) > BRIEF else search

        return (await self._hop(work))()

    async def codes(self, kb: str) -> Set[str]:
        view = await self._hop(lambda: self._current(kb))
        return view.codes.keys() if view else frozenset()

    async def write(self, kb: str) -> int:
        view = await self._hop(lambda: self._current(kb, patience=-1))
        return view.version if view else 0

    async def fill(self, kb: str, told: Callable[[int, int], None] = lambda done, of: None) -> Filling:
        """It is derived from the truth whenever it is opened; there is nothing to carry over, only to count."""
        view = await self._hop(lambda: self._current(kb, patience=-1))
        active = await self._hop(lambda: self.truth.active(kb))
        chunks = sum(standing.chunks for standing in active.documents.values())
        held = {document: len(rows) for document, rows in view.documents.items()} if view else {}
        right = sum(it.chunks for id_, it in active.documents.items() if held.get(id_) == it.chunks)
        told(chunks, chunks)
        return Filling(kb, active.version, len(active.documents), chunks, right, sum(held.values()), unchanged=right)

    async def sweep(self, kb: str) -> int:
        return await self._hop(lambda: self._sweep(kb))

    async def close(self) -> None:
        self._shelves.clear()

    async def _hop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.pool, work)

    def _current(self, kb: str, patience: float = PATIENCE) -> View | None:
        """The view of the truth's version, or, while another thread is long in making it, the one before."""
        version = self._version(kb)
        if version == 0:
            return None
        shelf = self._shelves.setdefault(kb, Shelf())
        if shelf.view and shelf.view.version == version:
            return shelf.view
        if not shelf.refreshing.acquire(timeout=patience if shelf.view else -1):
            return shelf.view
        try:
            self._refresh(kb, shelf, tolerated=WASTE)
        finally:
            shelf.refreshing.release()
        return shelf.view

    def _sweep(self, kb: str) -> int:
        shelf = self._shelves.get(kb)
        if shelf is None:
            return 0
        with shelf.refreshing:
            return self._refresh(kb, shelf, tolerated=0)

    def _refresh(self, kb: str, shelf: Shelf, tolerated: float) -> int:
        """-> how many dead rows were dropped. The index is put back only when all of a change went in."""
        index, shelf.index = shelf.index, None
        if index is None or index.view.version > self._version(kb):  # a restored database counts from further back
            index = Index(self.dimensions)
        changes = self._changes(kb, index)
        dead = index.dead_after(changes)
        if dropped := dead if dead > tolerated * len(index.view.rows) else 0:
            index = Index(self.dimensions)
            changes = self._changes(kb, index)
        shelf.view = index.apply(changes) if changes.version != index.view.version else index.view
        shelf.index = index
        return dropped

    def _version(self, kb: str) -> int:
        try:
            return self.truth.index_version(kb)
        except RecordsUnavailable as error:
            raise StoreUnavailable(f"The version of {kb!r} could not be read.") from error

    def _changes(self, kb: str, index: Index) -> Changes:
        try:
            return self.truth.changes(kb, index.view.version, self.model)
        except RecordsUnavailable as error:
            raise StoreUnavailable(f"The changes of {kb!r} could not be read.") from error


def _done(lanes: Lanes) -> Callable[[], Lanes]:
    return lambda: lanes
