"""The retriever's contract, and what it needs of a store, an embedder and the truth."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.core.diagnosis import FaultCode
from app.core.document import Passage
from app.core.index import Active, Changes, Hit, IndexRow, Standing, State
from app.core.question import Asset
from app.core.revision import Change
from app.faults.codes import Mention

__all__ = [
    "Active",
    "Changes",
    "Differs",
    "Embedder",
    "Filling",
    "Hit",
    "IndexRow",
    "Lanes",
    "Query",
    "Reranker",
    "Retrieved",
    "Retriever",
    "Standing",
    "State",
    "Store",
    "Truth",
    "Vector",
]

MOST_CODES = 64
RELEVANT = 0.5  # of `Retrieved.relevance`; where it lies and what it refuses: docs/reports/retrieval.md

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

    @property
    def codes(self) -> tuple[str, ...]:
        """Each distinct code once, in the question's order; of a pasted log's hundreds the first ones."""
        return tuple(dict.fromkeys(mention.code for mention in self.mentions))[:MOST_CODES]

    @property
    def day(self) -> date:
        """The day of the fault; when none is given, today."""
        return self.at or date.today()


@dataclass(frozen=True, slots=True)
class Differs:
    """A sentence of a passage whose numbers were others in the revision before."""

    passage_id: str
    revision: str  # the older one
    change: Change


@dataclass(frozen=True, slots=True)
class Retrieved:
    """`passages` best first; `fault_codes` one per distinct code of the question, an unknown one with its near misses.

    `relevance` in 0..1 says how well the best passages fit the words of the question, apart from their rank; where
    a code of it is known, its words need not be compared, and it is 1.
    """

    passages: tuple[Passage, ...] = ()
    fault_codes: tuple[FaultCode, ...] = ()
    relevance: float = 0.0
    index_version: int = 0
    degraded: tuple[str, ...] = ()
    differs: tuple[Differs, ...] = ()

    @property
    def relevant(self) -> bool:
        """Whether a question without a known code may be answered from these passages."""
        return self.relevance >= RELEVANT


class Retriever(Protocol):
    async def retrieve(self, query: Query) -> Retrieved:
        """Never blocks the loop. Raises `StoreUnavailable` only when not even the code lane can be read."""
        ...


@dataclass(frozen=True, slots=True)
class Lanes:
    """What each lane found, best first, at one index version.

    `known` has every code of the question that some active chunk defines or mentions -> the chunks that define it.
    `defining` are those of the hits that define some fault code, asked or not.
    `absent` are the content words of the question that no chunk has.
    `weights` has every content word of the question -> how rare it is here (its inverse document frequency).
    """

    code: tuple[Hit, ...] = ()
    dense: tuple[Hit, ...] = ()
    sparse: tuple[Hit, ...] = ()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defining: Set[str] = frozenset()
    absent: Set[str] = frozenset()
    weights: Mapping[str, float] = field(default_factory=dict)
    index_version: int = 0
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filling:
    """What a store holds of a knowledge base after it was filled, held against the truth."""

    kb: str
    version: int
    documents: int
    chunks: int  # active ones, as the truth has them
    right: int  # of those, the ones that are in the index as they should be, by their digest
    found: int  # rows in the index
    written: int = 0
    unchanged: int = 0
    swept: int = 0
    failed: tuple[str, ...] = ()  # why rows were refused

    @property
    def good(self) -> bool:
        return self.chunks == self.right == self.found


class Store(Protocol):
    """An index over the active generation of each document. It can be thrown away and rebuilt from the truth."""

    @property
    def name(self) -> str: ...
    @property
    def trouble(self) -> str:
        """Why it does not answer as it should, for `/readyz`; empty when it does."""
        ...

    async def open(self) -> None: ...
    async def lanes(self, query: Query, k: int, encode: Callable[[str], Vector | None]) -> Lanes:
        """Encode the question's text in a worker thread, and look in every lane at one index version.

        Raises `StoreUnavailable`.
        """
        ...

    async def codes(self, kb: str) -> Set[str]:
        """Every canonical fault code that some active chunk mentions or defines."""
        ...

    async def write(self, kb: str) -> int:
        """Bring the index up to the truth's version of this knowledge base -> the version that it is at.

        A store that is not there stays behind, and says why in `trouble`. Raises `StoreUnavailable` for a lost truth.
        """
        ...

    async def fill(self, kb: str, told: Callable[[int, int], None] = ...) -> Filling:
        """Write what is missing and hold all of it against the truth; taken up where it was broken off.

        `told` hears how many rows of how many are done. Raises `StoreUnavailable`.
        """
        ...

    async def sweep(self, kb: str) -> int:
        """Drop what belongs to no active generation -> how many chunks."""
        ...

    async def close(self) -> None: ...


class Embedder(Protocol):
    """`encode` is called in a worker thread, from several threads at once."""

    @property
    def model(self) -> str:
        """Keys stored vectors; changes when the weights change."""
        ...

    @property
    def dimensions(self) -> int: ...

    @property
    def remote(self) -> bool: ...

    def load(self) -> None:
        """Heavy; called once in a worker thread. Raises `EmbedderUnavailable`."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """-> (len(texts), dimensions), rows L2-normalised."""
        ...


class Reranker(Protocol):
    """Reads the question together with each passage. Asked once a question, from the event loop."""

    @property
    def name(self) -> str: ...
    @property
    def remote(self) -> bool: ...

    async def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """-> one for each text, higher is better. Loads itself at the first call. Raises `RerankerUnavailable`."""
        ...

    async def close(self) -> None: ...


class Truth(Protocol):
    """What SQL holds, as the index reads it; every method is synchronous and is called in a worker thread."""

    def index_version(self, kb: str) -> int: ...
    def state(self, kb: str) -> State:
        """The index version with the stamp of its contents."""
        ...

    def changes(self, kb: str, since: int, model: str) -> Changes: ...
    def active(self, kb: str) -> Active:
        """The active generation of every document: what a hit of an index that lags or leads is held against."""
        ...

    def codes(self, kb: str) -> Set[str]:
        """Every canonical fault code that some active chunk mentions or defines."""
        ...

    def passages(self, kb: str, chunk_ids: Sequence[str]) -> list[Passage]:
        """In the order asked; ids that are no longer active are left out. `score` and `why` are empty."""
        ...

    def by_code(self, kb: str, codes: Sequence[str], k: int) -> list[Hit]:
        """The code lane without an index: defining chunks first. Used when the store is down."""
        ...
