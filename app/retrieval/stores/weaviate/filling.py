"""From the truth into Weaviate: what changed since the version that the index says it is at, whole or not at all."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, TypeVar

from app.core.errors import StoreRefused, StoreUnavailable
from app.retrieval.base import Active, Changes, Filling, Truth
from app.retrieval.stores.weaviate.rows import Entry, entries, total
from app.retrieval.stores.weaviate.tenant import State, Tenant, dead
from app.retrieval.stores.weaviate.view import View

log = logging.getLogger(__name__)
T = TypeVar("T")


class Read(Protocol):
    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """In a worker thread. Raises `StoreUnavailable` for a lost truth."""
        ...


class Brought(NamedTuple):
    active: Active
    blind: bool
    retired: dict[str, int]  # document -> the generation from which on it is kept


@dataclass(frozen=True, slots=True)
class Filler:
    tenant: Tenant
    truth: Truth
    model: str
    read: Read

    async def bring(self) -> Brought:
        """Rows go in beside the old ones; only when all are there does the index's version move.

        Whoever else does the same writes the same objects, so two at once do no harm. Raises `StoreUnavailable`.
        """
        there = await self.tenant.count()
        state = await self.tenant.state() if there is not None else None
        active = await self.read(lambda: self.truth.active(self.tenant.kb))
        same = state == State(active.version, self.model, total(active))
        if same and there is not None and there >= sum(it.chunks for it in active.documents.values()):
            return Brought(active, await self._blind(active), {})
        since = await self._begin(state, active)
        changes, active, rows = await self.read(lambda: self._changes(since))
        report = await self.tenant.write(rows)
        if report.failed:
            raise StoreRefused(report.told())
        log.info("knowledge base %r in Weaviate at version %d: %s", self.tenant.kb, active.version, report.told())
        await self.tenant.note(State(active.version, self.model, total(active)))
        unseen = any(row.vector is None for row in rows)
        retired = {
            d: active.documents[d].generation if d in active.documents else active.version + 1
            for d in changes.documents
        }
        return Brought(active, unseen or (since > 0 and await self._blind(active)), retired if since else {})

    async def fill(self, told: Callable[[int, int], None]) -> Filling:
        """All of it, whatever the index says of itself: what is there and right is left, the rest is written.

        Then everything is read back and held against the truth.
        """
        kb = self.tenant.kb
        state = await self.tenant.state() if await self.tenant.count() is not None else None
        await self._begin(state, await self.read(lambda: self.truth.active(kb)))
        _, active, rows = await self.read(lambda: self._changes(0))
        done = 0

        def batch(count: int) -> None:
            nonlocal done
            done += count
            told(done, len(rows))

        report = await self.tenant.write(rows, batch)
        there = await self.tenant.all()
        swept = await self.tenant.remove(dead(there, active))
        wanted = {row.id: row.digest for row in rows}
        right = sum(id_ in there and there[id_]["digest"] == digest for id_, digest in wanted.items())
        filling = Filling(kb, active.version, len(active.documents), len(rows), right, len(there) - swept)
        filling = replace(filling, written=report.written, unchanged=report.unchanged, swept=swept)
        if filling.good and not report.failed:
            await self.tenant.note(State(active.version, self.model, total(active)))
        return replace(filling, failed=tuple(sorted(set(report.failed.values()))))

    async def _begin(self, state: State | None, active: Active) -> int:
        """Empty what is of another embedder or of other records -> the version from which on rows are missing."""
        foreign = state is not None and (
            state.model != self.model
            or state.version > active.version
            or (state.version == active.version and state.digest != total(active))
        )
        await self.tenant.make(empty=foreign)
        if state is None or foreign:  # so that whoever takes it up knows whose vectors are there
            await self.tenant.note(State(0, self.model, ""))
            return 0
        return state.version if state.version < active.version else 0

    def _changes(self, since: int) -> tuple[Changes, Active, list[Entry]]:
        """Both of one version: an ingest may come between the two."""
        for _ in range(100):
            changes = self.truth.changes(self.tenant.kb, since, self.model)
            active = self.truth.active(self.tenant.kb)
            if changes.version == active.version:
                return changes, active, entries(self.tenant.kb, self.model, changes, active)
        raise StoreUnavailable("The documents change faster than they can be read.")

    async def _blind(self, active: Active) -> bool:
        """Whether some active row has no vector; of generations that are gone it does not matter."""
        from weaviate.classes.query import Filter

        view = View(self.tenant, 0, active)
        where: Any = Filter.by_property("blind").equal(True)
        return await view.any(where)
