"""The retriever's contract, and what it needs of a store, an embedder and the truth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.core.diagnosis import FaultCode
from app.core.document import Passage
from app.core.question import Asset
from app.faults.codes import Mention

Vector = NDArray[np.float32]  # (dimensions,), L2-normalised


@dataclass(frozen=True, slots=True)
class Query:
    """`mentions` are the fault codes found in the question; `text` is what the dense and sparse lanes read."""

    text: str
    kb: str = "main"
    mentions: tuple[Mention, ...] = ()
    asset: Asset = field(default_factory=Asset)
    at: date | None = None
    k: int = 8


@dataclass(frozen=True, slots=True)
class Retrieved:
    """`passages` best first; `fault_codes` one per distinct code of the question, known or not, with its near misses.

    `relevance` in 0..1 says how well the best passage fits the words of the question, apart from its rank.
    """

    passages: tuple[Passage, ...] = ()
    fault_codes: tuple[FaultCode, ...] = ()
    relevance: float = 0.0
    index_version: int = 0
    degraded: tuple[str, ...] = ()


class Retriever(Protocol):
    async def retrieve(self, query: Query) -> Retrieved:
        """Never blocks the loop. Raises `StoreUnavailable` only when not even the code lane can be read."""
        ...


@dataclass(frozen=True, slots=True)
class Hit:
    chunk_id: str
    score: float  # of its lane, higher is better; lanes are not comparable


@dataclass(frozen=True, slots=True)
class Lanes:
    """What each lane found, best first, at one index version."""

    code: tuple[Hit, ...] = ()
    dense: tuple[Hit, ...] = ()
    sparse: tuple[Hit, ...] = ()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # code -> chunk ids that define it
    index_version: int = 0
    degraded: tuple[str, ...] = ()


class Store(Protocol):
    """An index over the active generation of each document. It can be thrown away and rebuilt from the truth."""

    name: str

    async def open(self) -> None: ...
    async def lanes(self, query: Query, vector: Vector | None, k: int) -> Lanes:
        """`dense`, `sparse` and `by_code` at one index version. Raises `StoreUnavailable`."""
        ...

    async def codes(self, kb: str) -> Iterable[str]:
        """Every canonical fault code that some active chunk mentions or defines."""
        ...

    async def write(self, kb: str) -> int:
        """Bring the index up to the truth's version of this knowledge base -> that version."""
        ...

    async def sweep(self, kb: str) -> int:
        """Drop what belongs to no active generation -> how many chunks."""
        ...

    async def close(self) -> None: ...


class Embedder(Protocol):
    """`encode` is called in a worker thread, from several threads at once."""

    model: str  # keys stored vectors; changes when the weights change
    dimensions: int
    remote: bool

    def load(self) -> None:
        """Heavy; called once in a worker thread. Raises `EmbedderUnavailable`."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """-> (len(texts), dimensions), rows L2-normalised."""
        ...


@dataclass(frozen=True, slots=True)
class IndexRow:
    chunk_id: str
    document_id: str
    indexed: str
    codes: tuple[str, ...]
    defines: tuple[str, ...]
    vector: bytes | None  # float32 little-endian; None when this model has not seen the text


@dataclass(frozen=True, slots=True)
class Changes:
    """Documents whose active generation moved after a version: forget their old rows, then add `rows`."""

    version: int
    documents: frozenset[str] = frozenset()
    rows: tuple[IndexRow, ...] = ()


class Truth(Protocol):
    """What SQL holds, as the index reads it; every method is synchronous and is called in a worker thread."""

    def index_version(self, kb: str) -> int: ...
    def changes(self, kb: str, since: int, model: str) -> Changes: ...
    def passages(self, kb: str, chunk_ids: Sequence[str]) -> list[Passage]:
        """In the order asked; ids that are no longer active are left out. `score` and `why` are empty."""
        ...

    def by_code(self, kb: str, codes: Sequence[str], k: int) -> list[Hit]:
        """The code lane without an index: defining chunks first. Used when the store is down."""
        ...
