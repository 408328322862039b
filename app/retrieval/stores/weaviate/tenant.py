"""One knowledge base in Weaviate: its tenant, the version it is at, and what is written to it and taken away."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid5

from app.core.errors import StoreRefused
from app.core.settings.weaviate import WeaviateSettings
from app.retrieval.base import Active
from app.retrieval.stores.weaviate.link import Link
from app.retrieval.stores.weaviate.rows import SPACE, Entry
from app.retrieval.stores.weaviate.schema import OWN, state_name

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient
    from weaviate.collections import CollectionAsync

T = TypeVar("T")
AGAIN = (0.2, 1.0)  # seconds before a failed object is tried once more
PAGE = 500
MOST_DELETED = 10_000  # objects that one call takes away at most; the server's own limit


@dataclass(frozen=True, slots=True)
class State:
    """What the index says of itself: the truth's version it was brought to, and with which embedder's vectors."""

    version: int
    model: str
    digest: str


@dataclass(slots=True)
class Written:
    """The report of an import. `failed` has the reason of each object that was refused to the last."""

    written: int = 0
    unchanged: int = 0
    retried: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    def told(self) -> str:
        if self.failed:
            reasons = "; ".join(sorted(set(self.failed.values()))[:3])
            return f"{len(self.failed)} objects were refused: {reasons}"
        return f"{self.written} objects written, {self.unchanged} were there, {self.retried} tried again"


@dataclass(frozen=True, slots=True)
class Tenant:
    link: Link
    settings: WeaviateSettings
    kb: str

    def of(self, client: "WeaviateAsyncClient") -> "CollectionAsync":
        return client.collections.use(self.settings.collection).with_tenant(self.kb)

    async def state(self) -> State | None:
        """None when this knowledge base was never finished here."""

        async def read(client: "WeaviateAsyncClient") -> State | None:
            found = await client.collections.use(state_name(self.settings)).query.fetch_object_by_id(_state_id(self.kb))
            if found is None:
                return None
            held = found.properties
            return State(int(str(held["index_version"])), str(held["model"]), str(held["digest"]))

        return await self.link.call(read)

    async def note(self, state: State) -> None:
        properties = {
            "kb": self.kb,
            "index_version": state.version,
            "model": state.model,
            "digest": state.digest,
        }
        entry = Entry(_state_id(self.kb), "", properties, None)
        if failed := (await self._insist(state_name(self.settings), None, [entry]))[0]:
            raise StoreRefused(f"the index version was refused: {next(iter(failed.values()))}")

    async def count(self) -> int | None:
        """How many objects it holds; None where there is no such tenant."""

        async def work(client: "WeaviateAsyncClient") -> int | None:
            if not await client.collections.use(self.settings.collection).tenants.get_by_names([self.kb]):
                return None
            return int((await self.of(client).aggregate.over_all(total_count=True)).total_count or 0)

        return await self.link.call(work, self.settings.write_s)

    async def make(self, *, empty: bool) -> None:
        """`empty` throws away what it holds."""

        async def work(client: "WeaviateAsyncClient") -> None:
            tenants = client.collections.use(self.settings.collection).tenants
            there = self.kb in await tenants.get_by_names([self.kb])
            if there and empty:
                await tenants.remove([self.kb])
            if empty or not there:
                await tenants.create([self.kb])

        await self.link.call(work, self.settings.write_s)

    async def write(self, entries: Sequence[Entry], told: Callable[[int], None] = lambda _: None) -> Written:
        """In batches; what is there already is left alone, what is refused is tried again."""
        report = Written()
        for batch in cut(entries, self.settings.batch):
            there = await self.digests([entry.id for entry in batch])
            fresh = [entry for entry in batch if there.get(entry.id) != entry.digest]
            failed, retried = await self._insist(self.settings.collection, self.kb, fresh) if fresh else ({}, 0)
            report.retried += retried
            report.failed |= {str(id_): why for id_, why in failed.items()}
            report.unchanged += len(batch) - len(fresh)
            report.written += len(fresh) - len(failed)
            told(len(batch))
            if len(failed) == len(batch) > 1:
                break  # it refuses everything: the rest would only cost time
        return report

    async def digests(self, ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """Of those objects that are there."""

        async def work(client: "WeaviateAsyncClient") -> Mapping[UUID, str]:
            found = await self.of(client).query.fetch_objects_by_ids(
                ids, limit=len(ids), return_properties=["digest"], include_vector=False
            )
            return {UUID(str(one.uuid)): str(one.properties["digest"]) for one in found.objects}

        return await self.link.call(work, self.settings.write_s)

    async def all(self) -> Mapping[UUID, Mapping[str, Any]]:
        """Every object's document, generation and digest, by its id, a page at a time."""
        found: dict[UUID, Mapping[str, Any]] = {}
        after: UUID | None = None
        while page := await self.link.call(partial(self._page, after=after), self.settings.write_s):
            found |= page
            after = list(page)[-1]
        return found

    async def _page(self, client: "WeaviateAsyncClient", after: UUID | None) -> Mapping[UUID, Mapping[str, Any]]:
        wanted = ["document", "generation", "digest"]
        found = await self.of(client).query.fetch_objects(limit=PAGE, after=after, return_properties=wanted)
        return {UUID(str(one.uuid)): one.properties for one in found.objects}

    async def remove(self, ids: Iterable[UUID]) -> int:
        """-> how many objects are gone."""
        gone = 0
        for some in cut(list(ids), PAGE):
            gone += await self._delete(partial(_among, ids=some))
        return gone

    async def retire(self, document: str, before: int) -> int:
        """Take away the generations of a document before this one -> how many objects are gone."""
        from weaviate.classes.query import Filter

        def older(by: Any) -> Any:
            of, since = by.by_property("document"), by.by_property("generation")
            return Filter.all_of([of.equal(document), since.less_than(before)])

        return await self._delete(older)

    async def _delete(self, where: Callable[[Any], Any]) -> int:
        from weaviate.classes.query import Filter

        gone = 0
        while True:
            reply = await self.link.call(
                lambda client: self.of(client).data.delete_many(where=where(Filter)), self.settings.write_s
            )
            gone += int(reply.successful)
            if reply.failed:
                raise StoreRefused(f"{reply.failed} objects could not be taken away")
            if reply.matches < MOST_DELETED:
                return gone

    async def _insist(
        self, collection: str, tenant: str | None, entries: Sequence[Entry]
    ) -> tuple[dict[UUID, str], int]:
        """-> what was refused to the last, and how often an object was tried once more."""
        failed, retried = await self._send(collection, tenant, entries), 0
        for pause in AGAIN:
            if not failed:
                break
            await asyncio.sleep(pause)
            retried += len(failed)
            failed = await self._send(collection, tenant, [entry for entry in entries if entry.id in failed])
        return failed, retried

    async def _send(self, collection: str, tenant: str | None, entries: Sequence[Entry]) -> dict[UUID, str]:
        """-> the reason of each object that was refused."""
        from weaviate.classes.data import DataObject
        from weaviate.exceptions import WeaviateInsertManyAllFailedError

        objects = [
            DataObject(
                properties=dict(entry.properties),
                uuid=entry.id,
                vector={OWN: list(entry.vector)} if entry.vector is not None else None,
            )
            for entry in entries
        ]

        async def work(client: "WeaviateAsyncClient") -> dict[UUID, str]:
            into = client.collections.use(collection)
            into = into.with_tenant(tenant) if tenant else into
            try:
                reply = await into.data.insert_many(objects)
            except WeaviateInsertManyAllFailedError as error:
                return dict.fromkeys((entry.id for entry in entries), error.message)
            return {entries[index].id: failed.message for index, failed in reply.errors.items()}

        return await self.link.call(work, self.settings.write_s)


def dead(held: Mapping[UUID, Mapping[str, Any]], active: Active) -> list[UUID]:
    """Objects of older generations than the active ones. Newer ones may be another process's, on their way in."""
    now = {document: standing.generation for document, standing in active.documents.items()}
    gone = active.version + 1
    return [id_ for id_, of in held.items() if int(of["generation"]) < now.get(str(of["document"]), gone)]


def _among(by: Any, ids: Sequence[UUID]) -> Any:
    return by.by_id().contains_any(ids)


def cut(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _state_id(kb: str) -> UUID:
    return uuid5(SPACE, kb)
