"""A document, the chunks it is cut into, and the passage that a retriever hands back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Role = Literal["definition", "cause", "test", "remedy", "limit", "warning", "log", "narrative"]


# Marks in `Passage.why`: of another revision than the one in force, and how that came.
SUPERSEDED = "superseded"
FUTURE = "not_yet_valid"
OTHER_REVISION = "other_revision"  # the question names an older one
THEN = "asked_revision"  # not in force today, but on the day of the fault, or wanted by the question


@dataclass(frozen=True, slots=True)
class Applicability:
    """Which assets a document speaks of; an empty field applies to all."""

    vehicle_classes: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a document with one role: a list item, a table cell, a paragraph.

    `start` and `end` count characters of the document's stored text.
    """

    role: Role
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the operator. `text` is the decoded file unchanged; every offset counts its characters."""

    id: str
    kb: str
    path: str  # relative to the ingested folder
    title: str
    text: str
    format: str
    revision: str = ""
    valid_from: date | None = None
    superseded_by: str | None = None  # document id
    applicability: Applicability = field(default_factory=Applicability)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A cut of one document revision. `text == document.text[start:end]`; `indexed` is what search reads.

    `defines` are the codes this chunk is about (its heading or its table row); `codes` are all that it mentions.
    """

    id: str
    document_id: str
    ordinal: int
    start: int
    end: int
    line: int
    text: str
    indexed: str
    section: str
    role: Role
    parts: tuple[Part, ...] = ()
    codes: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as it was found for a question. `why` names each lane's share of the score.

    `superseded_on` is the day on which the document that superseded this one came into force, if it says so.
    """

    id: str
    document_id: str
    source: str
    title: str
    section: str
    revision: str
    superseded_by: str | None
    start: int
    end: int
    line: int
    text: str
    role: Role
    page: int | None = None
    parts: tuple[Part, ...] = ()
    codes: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    applicability: Applicability = field(default_factory=Applicability)
    score: float = 0.0
    why: Mapping[str, float] = field(default_factory=dict)
    valid_from: date | None = None
    superseded_on: date | None = None

    @property
    def current(self) -> bool:
        """Whether an answer may rest on it: of the revision in force, or of the one that was asked for."""
        if THEN in self.why:
            return True
        return self.superseded_by is None and FUTURE not in self.why and OTHER_REVISION not in self.why

    def slice(self, part: Part) -> str:
        return self.text[part.start - self.start : part.end - self.start]
