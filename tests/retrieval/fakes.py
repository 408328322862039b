"""A truth in a dictionary and an embedder that needs no weights."""

import re
import zlib
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.core.document import Applicability, Passage
from app.core.errors import RecordsUnavailable
from app.core.ids import text_hash
from app.core.index import Active, Changes, Hit, IndexRow, Standing, State
from app.faults.codes import Mention
from app.retrieval.base import Query

WORD = re.compile(r"[a-z0-9]+")


@lru_cache(maxsize=2**17)
def slots(word: str) -> tuple[tuple[int, int], tuple[float, float]]:
    first, second = zlib.crc32(word.encode()), zlib.crc32(word.encode(), 0x9E3779B9)
    return (first % 384, second % 384), (1.0 if first >> 31 else -1.0, 1.0 if second >> 31 else -1.0)


@dataclass
class HashEmbedder:
    """Signed feature hashing: texts that share words are near, and nothing else is."""

    model: str = "hash-384"
    dimensions: int = 384
    remote: bool = False
    encoded: int = 0

    def load(self) -> None:
        pass

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += len(texts)
        return np.stack([self._one(text) for text in texts])

    def _one(self, text: str) -> NDArray[np.float32]:
        places: list[int] = []
        signs: list[float] = []
        for word in WORD.findall(text.lower()):
            place, sign = slots(word)
            places += place
            signs += sign
        vector = np.bincount(places, weights=signs, minlength=384) if places else np.ones(384)
        return (vector / (np.linalg.norm(vector) or 1.0)).astype(np.float32)


@dataclass(frozen=True)
class Text:
    """A chunk as a test writes it."""

    text: str
    defines: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass
class MemoryTruth:
    """Documents by knowledge base. `down` makes every call fail as a lost database does."""

    embedder: HashEmbedder = field(default_factory=HashEmbedder)
    down: bool = False
    reads: int = 0
    _versions: dict[str, int] = field(default_factory=dict)
    _documents: dict[tuple[str, str], tuple[int, list[str]]] = field(default_factory=dict)  # -> version, chunk ids
    _chunks: dict[str, dict[str, tuple[IndexRow, Passage]]] = field(default_factory=dict)  # kb -> active chunks by id

    def put(
        self,
        document: str,
        *texts: Text | str,
        kb: str = "main",
        vectors: bool = True,
        superseded_by: str | None = None,
        classes: tuple[str, ...] = (),
    ) -> list[str]:
        """Replace a document -> the ids of its chunks."""
        version = self._versions[kb] = self._versions.get(kb, 0) + 1
        chunks = [text if isinstance(text, Text) else Text(text) for text in texts]
        blobs = [row.tobytes() for row in self.embedder.encode([c.text for c in chunks])] if chunks and vectors else []
        active = self._chunks.setdefault(kb, {})
        for old in self._documents.get((kb, document), (0, []))[1]:
            del active[old]
        made = []
        for ordinal, chunk in enumerate(chunks):
            chunk_id = f"{document}@{version}#{ordinal}"
            codes = tuple(dict.fromkeys((*chunk.defines, *chunk.codes)))
            blob = blobs[ordinal] if vectors else None
            row = IndexRow(chunk_id, document, chunk.text, codes, chunk.defines, blob)
            active[chunk_id] = (row, _passage(row, superseded_by, classes))
            made.append(chunk_id)
        self._documents[kb, document] = (version, made)
        return made

    def remove(self, document: str, kb: str = "main") -> None:
        self.put(document, kb=kb)

    def index_version(self, kb: str) -> int:
        self._read()
        return self._versions.get(kb, 0)

    def state(self, kb: str) -> State:
        version = self.index_version(kb)
        return State(version, f"{id(self)}-{version}") if version else State()

    def changes(self, kb: str, since: int, model: str) -> Changes:
        self._read()
        moved = {name: made for (where, name), (v, made) in self._documents.items() if where == kb and v > since}
        rows = tuple(self._chunks[kb][chunk_id][0] for made in moved.values() for chunk_id in made)
        return Changes(self._versions.get(kb, 0), frozenset(moved), rows)

    def active(self, kb: str) -> Active:
        self._read()
        chunks = self._chunks.get(kb, {})
        documents = {
            name: Standing(v, text_hash("".join(chunks[c][0].indexed for c in made)), len(made), _limits(chunks, made))
            for (where, name), (v, made) in self._documents.items()
            if where == kb and made
        }
        return Active(self._versions.get(kb, 0), documents)

    def codes(self, kb: str) -> Set[str]:
        self._read()
        return {code for row, _ in self._chunks.get(kb, {}).values() for code in row.codes}

    def passages(self, kb: str, chunk_ids: Sequence[str]) -> list[Passage]:
        self._read()
        active = self._chunks.get(kb, {})
        return [active[chunk_id][1] for chunk_id in chunk_ids if chunk_id in active]

    def by_code(self, kb: str, codes: Sequence[str], k: int) -> list[Hit]:
        self._read()
        rows = [row for row, _ in self._chunks.get(kb, {}).values()]
        defining = [Hit(row.chunk_id, 1.0) for row in rows if set(codes) & set(row.defines)]
        mentioning = [Hit(row.chunk_id, 0.5) for row in rows if set(codes) & set(row.codes) - set(row.defines)]
        return [*defining, *mentioning][:k]

    def _read(self) -> None:
        self.reads += 1
        if self.down:
            raise RecordsUnavailable("The database is gone.")


def _limits(chunks: dict[str, tuple[IndexRow, Passage]], made: list[str]) -> Applicability:
    return chunks[made[0]][1].applicability if made else Applicability()


def _passage(row: IndexRow, superseded_by: str | None, classes: tuple[str, ...]) -> Passage:
    return Passage(
        id=row.chunk_id,
        document_id=row.document_id,
        source=f"{row.document_id}.md",
        title=row.document_id,
        section="",
        revision="A",
        superseded_by=superseded_by,
        start=0,
        end=len(row.indexed),
        line=1,
        text=row.indexed,
        role="narrative",
        codes=row.codes,
        defines=row.defines,
        applicability=Applicability(vehicle_classes=classes),
    )


def asking(text: str, *codes: str, **fields: object) -> Query:
    """A query whose codes stand in front of its text."""
    mentions = tuple(Mention(code, code.lower(), 0, len(code), "test") for code in codes)
    return Query(f"{' '.join(codes)} {text}".strip(), mentions=mentions, **fields)  # type: ignore[arg-type]
