"""A records room in memory, an encoder that hashes, and short ways to load and cut a text."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from app.core.document import Chunk, Document
from app.core.errors import NotFound, RecordsUnavailable
from app.core.ids import text_hash
from app.core.principal import Principal
from app.ingest.base import Loaded
from app.ingest.chunking import cut
from app.ingest.loaders import LOADERS
from app.records.base import Cut, DocumentRow


def load(text: str | bytes, path: str = "manual.md") -> Loaded:
    content = text if isinstance(text, bytes) else text.encode()
    return LOADERS[PurePosixPath(path).suffix]("main", path, content)


def chunks(text: str | bytes, path: str = "manual.md", limit: int = 220) -> tuple[Chunk, ...]:
    return cut(load(text, path), limit)


def parts(chunk: Chunk) -> list[tuple[str, str]]:
    return [(part.role, chunk.text[part.start - chunk.start : part.end - chunk.start]) for part in chunk.parts]


class MemoryDocuments:
    """Implements `records.base.Documents` as far as an ingest can see."""

    def __init__(self) -> None:
        self.kept: dict[str, Cut] = {}
        self.owners: dict[str, str] = {}
        self.stored: dict[str, bytes] = {}
        self.batches: list[int] = []  # chunks of each transaction
        self.version = 0
        self.broken = False

    async def replace(self, principal: Principal, kb: str, cuts: Sequence[Cut]) -> int:
        if self.broken:
            raise RecordsUnavailable("The disk is full.")
        for one in cuts:
            self.kept[one.document.id] = one
            self.owners[one.document.id] = one.owner or principal.name
            self.stored.update(one.vectors)
        self.batches.append(sum(len(one.chunks) for one in cuts))
        self.version += 1
        return self.version

    async def remove(self, principal: Principal, kb: str, document_ids: Sequence[str]) -> int:
        for document in document_ids:
            self.kept.pop(document, None)
        self.version += 1
        return self.version

    async def list(self, principal: Principal, kb: str) -> Sequence[DocumentRow]:
        return [self._row(one) for one in self.kept.values() if one.document.kb == kb]

    async def get(self, principal: Principal, document_id: str) -> Document:
        if document_id not in self.kept:
            raise NotFound(document_id)
        return self.kept[document_id].document

    async def digests(self, principal: Principal, kb: str, model: str) -> Mapping[str, str]:
        return {
            row.id: row.digest
            for row in await self.list(principal, kb)
            if not model or all(text_hash(chunk.indexed) in self.stored for chunk in self.kept[row.id].chunks)
        }

    async def vectors(self, model: str, hashes: Sequence[str]) -> Mapping[str, bytes]:
        return {key: self.stored[key] for key in hashes if key in self.stored}

    def _row(self, one: Cut) -> DocumentRow:
        document = one.document
        digest = hashlib.sha256(document.text.encode()).hexdigest()
        fields = (document.path, document.title, document.revision, document.format, digest, 1, len(one.chunks), 0.0)
        more = (document.superseded_by, one.seal, one.root)
        return DocumentRow(document.id, document.kb, self.owners[document.id], *fields, *more)


class HashEmbedder:
    model = "hash@1"
    dimensions = 8
    remote = False

    def __init__(self) -> None:
        self.seen: list[str] = []

    def load(self) -> None: ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen.extend(texts)
        rows = [np.frombuffer(hashlib.sha256(text.encode()).digest()[:8], np.uint8) for text in texts]
        matrix = np.asarray(rows, np.float32) + 1
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
