"""The operator's files become documents and chunks in the records, batch by batch, each batch whole or not at all."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import ParamSpec, TypeVar

from app.core.document import Document
from app.core.errors import InvalidDocument, TooLarge
from app.core.ids import document_id, kb_slug, text_hash
from app.core.principal import Principal
from app.ingest import manifest
from app.ingest.apart import Workshop
from app.ingest.base import Outcome, Report
from app.ingest.batches import Batch, batches, parts
from app.ingest.child import Limits
from app.ingest.chunking import LIMIT
from app.ingest.reading import Reading, Shelf, content_of
from app.ingest.turnstile import Turnstile
from app.ingest.vectors import Seeds, Vectors
from app.ingest.walk import Found, clean_path, too_large, walk
from app.records.base import Cut, DocumentRow, Documents
from app.retrieval.base import Embedder
from app.telemetry import spans

Progress = Callable[[Outcome], None]


def _quiet(outcome: Outcome) -> None:
    """Nobody listens."""


def _any(files: int) -> None:
    """Nobody counts."""


P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class IngestPipeline:
    """Implements `ingest.base.Pipeline`. Without an embedder documents are stored without vectors."""

    documents: Documents
    embedder: Embedder | None
    executor: Executor
    size_limit: int = 64 * 2**20  # bytes of one file
    chunk_tokens: int = LIMIT
    batch_documents: int = 50
    batch_chunks: int = 2000
    seeds: Seeds | None = None
    limits: Limits = field(default_factory=Limits)  # of the processes that read what is hard to read
    processes: int = 2
    turnstile: Turnstile = field(default_factory=Turnstile, init=False)  # another embedder comes while it is quiet
    locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock), init=False)

    async def folder(
        self,
        principal: Principal,
        kb: str,
        root: Path,
        progress: Progress = _quiet,
        *,
        expect: Callable[[int], None] = _any,
        only: Collection[str] | None = None,
        prune: bool = False,
    ) -> Report:
        principal.must("ingest", kb_slug(kb))
        outcomes: list[Outcome] = []
        version = 0
        async with self.locks[kb]:
            with spans.ingest(kb, str(root)) as span, Workshop(self.limits, self.processes) as workshop:
                origin, entries = await self._in_thread(_look, root, self.size_limit)
                shelf = await self._shelf(principal, kb, workshop, origin, entries)
                todo = _todo(shelf, entries, only)
                expect(len(todo))
                async for readings in self._readings(shelf, batches(todo, self.batch_documents)):
                    done, version = await self._keep(principal, shelf, readings, version)
                    outcomes.extend(done)
                    for outcome in done:
                        progress(outcome)
                gone = _gone(shelf, entries)
                if gone and prune and shelf.files:  # an empty folder is more likely a disk that is not there
                    version = await self.documents.remove(principal, kb, [row.id for row in gone])
                    outcomes.extend(Outcome(row.path, "removed", row.chunks) for row in gone)
                    gone = []
                span.found(sum(outcome.chunks for outcome in outcomes if outcome.state == "read"))
        return Report(tuple(outcomes), version, tuple(row.path for row in gone))

    async def upload(self, principal: Principal, kb: str, path: str, content: bytes) -> Outcome:
        principal.must("ingest", kb_slug(kb))
        path = clean_path(path)
        if len(content) > self.size_limit:
            raise TooLarge(f"{path}: {too_large(len(content), self.size_limit)}.", hint="Split the document.")
        async with self.locks[kb]:
            with spans.ingest(kb, path) as span, Workshop(self.limits, 1) as workshop:
                shelf = await self._shelf(principal, kb, workshop)
                reading = await self._in_thread(shelf.read, path, content)
                (outcome,), _ = await self._keep(principal, shelf, [reading], 0)
                span.found(outcome.chunks)
                return outcome

    async def forget(self, principal: Principal, kb: str, names: Sequence[str]) -> Report:
        principal.must("ingest", kb_slug(kb))
        async with self.locks[kb]:
            rows = await self.documents.list(principal, kb)
            found: dict[str, DocumentRow] = {}
            outcomes: list[Outcome] = []
            for name in names:
                meant = [row for row in rows if _is_meant(name, row)]
                found.update((row.id, row) for row in meant)
                if not meant:
                    outcomes.append(Outcome(name, "refused", reason="no document and no folder has this path"))
            outcomes.extend(Outcome(row.path, "removed", row.chunks) for row in found.values())
            version = await self.documents.remove(principal, kb, list(found)) if found else 0
        return Report(tuple(outcomes), version)

    async def _readings(self, shelf: Shelf, todo: Iterable[Batch]) -> AsyncIterator[list[Reading]]:
        """While one batch is written the next one is read, and only that one: memory stays bounded."""
        upcoming: asyncio.Future[list[Reading]] | None = None
        for batch in todo:
            ready = await upcoming if upcoming else []
            upcoming = self._in_thread(shelf.read_all, batch)
            if ready:
                yield ready
        if upcoming:
            yield await upcoming

    async def _shelf(
        self,
        principal: Principal,
        kb: str,
        workshop: Workshop,
        origin: str = "",
        entries: Sequence[Found | Outcome] = (),
    ) -> Shelf:
        model = self.embedder.model if self.embedder else ""
        rows = {row.path: row for row in await self.documents.list(principal, kb)}
        complete = await self.documents.digests(principal, kb, model)
        files = {entry.path: entry for entry in entries if isinstance(entry, Found)}
        keeper = files.pop(manifest.NAME, None) if origin else None
        said = await self._in_thread(self._manifest, keeper) if keeper else manifest.Manifest()
        return Shelf(kb, rows, complete, self.chunk_tokens, workshop.submit, files, said, origin, self.size_limit)

    def _manifest(self, found: Found) -> manifest.Manifest:
        try:
            return manifest.read(content_of(found, self.size_limit))
        except OSError as error:
            raise InvalidDocument(f"{found.path}: the file cannot be read: {error.strerror}.") from error

    async def _keep(
        self, principal: Principal, shelf: Shelf, readings: Sequence[Reading], version: int
    ) -> tuple[list[Outcome], int]:
        """Write what is new -> what came of each file, once that is durable, and the index version."""
        for part in parts(readings, self.batch_chunks):
            version = await self._write(principal, shelf, part)
        return [reading.outcome for reading in readings], version

    async def _write(self, principal: Principal, shelf: Shelf, readings: Sequence[Reading]) -> int:
        """One transaction; then a file that gave itself another id leaves its old one."""
        async with self.turnstile.passing():
            vectors: Mapping[str, bytes] = {}
            if self.embedder:
                source = Vectors(self.documents, self.embedder, self.executor, self.seeds)
                vectors = await source.of(chunk for reading in readings for chunk in reading.chunks)
            model = self.embedder.model if self.embedder else ""
            cuts = [
                _cut(reading, read, vectors, model, shelf.root) for reading in readings if (read := reading.document)
            ]
            version = await self.documents.replace(principal, shelf.kb, cuts)
            left = shelf.left_behind([cut.document for cut in cuts])
            return await self.documents.remove(principal, shelf.kb, left) if left else version

    def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self.executor, partial(work, *args, **kwargs))


def _cut(reading: Reading, document: Document, vectors: Mapping[str, bytes], model: str, root: str) -> Cut:
    """Only the vectors of this document's own chunks travel with it."""
    keys = (text_hash(chunk.indexed) for chunk in reading.chunks) if vectors else ()
    own = {key: vectors[key] for key in keys if key in vectors}
    return Cut(document, reading.chunks, own, model if vectors else "", reading.seal, root, reading.owner)


def _look(root: Path, size_limit: int) -> tuple[str, Batch]:
    """A folder's own mark, and what is in it. One file by itself has none."""
    entries = list(walk(root, size_limit))
    return text_hash(str(root.resolve())) if root.is_dir() else "", entries


def _todo(shelf: Shelf, entries: Sequence[Found | Outcome], only: Collection[str] | None) -> Batch:
    """What is to be read, and what was refused on the way to it; of a changed manifest, all."""
    todo: Batch = list(shelf.manifest.absent(shelf.files))
    for entry in entries:
        chosen = only is None or manifest.NAME in only or entry.path in only
        if chosen and (isinstance(entry, Outcome) or entry.path in shelf.files):
            todo.append(entry)
    return todo


def _gone(shelf: Shelf, entries: Sequence[Found | Outcome]) -> list[DocumentRow]:
    return list(shelf.vanished([entry.path for entry in entries if isinstance(entry, Outcome)]))


def _is_meant(name: str, row: DocumentRow) -> bool:
    """A document by its path or its id, or all documents of a folder."""
    place = "/".join(part for part in PurePosixPath(name).parts if part != ".")
    return row.path == place or row.id in (name, document_id(row.kb, name)) or row.path.startswith(f"{place}/")
