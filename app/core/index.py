"""What the index reads from the truth, and what a lane finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.core.document import Applicability


class Hit(NamedTuple):
    """Each question makes a hundred of them; a tuple is made in a third of a dataclass's time."""

    chunk_id: str
    score: float  # of its lane, higher is better; lanes are not comparable


@dataclass(frozen=True, slots=True)
class IndexRow:
    chunk_id: str
    document_id: str
    indexed: str
    codes: tuple[str, ...]
    defines: tuple[str, ...]
    vector: bytes | None  # float32 little-endian; None when this model has not seen the text


@dataclass(frozen=True, slots=True)
class Serving:
    """The model whose vectors answer, and, as JSON, the settings that make its embedder again."""

    model: str
    settings: str


@dataclass(frozen=True, slots=True)
class State:
    """Of a knowledge base: a version counts up, and its stamp tells two contents apart that share a version.

    They do after a restore, or when two homes grew from one backup. No stamp: not known.
    """

    version: int = 0
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """Documents whose active generation moved after a version: forget their old rows, then add `rows`."""

    version: int
    documents: frozenset[str] = frozenset()
    rows: tuple[IndexRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A document's active generation: which it is, what it holds, and which assets it speaks of."""

    generation: int
    digest: str
    chunks: int
    applicability: Applicability = field(default_factory=Applicability)


@dataclass(frozen=True, slots=True)
class Active:
    """Every document of a knowledge base at one index version, by its id."""

    version: int = 0
    documents: Mapping[str, Standing] = field(default_factory=dict)
