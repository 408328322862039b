"""All that the evidence says of one thing, by role, in the documents' own order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile

from app.analyzers.quoting.pieces import STEPS, Piece, distinct, pieces
from app.core.diagnosis import CRITICAL
from app.core.document import Passage, Role
from app.faults.actions import classify
from app.faults.codes import find
from app.receipts.words import stems

WELL = 0.8  # share of the best fit from which on a row without code or heading speaks of what was asked
PROSE: tuple[Role, ...] = ("definition", "narrative")


@dataclass(frozen=True)
class Topic:
    """`asked` are the words of the question: where a document tells rather than lists, they choose what is quoted.

    `sure`: it is this that the question is about, and not something like it.
    """

    code: str | None
    found: tuple[Piece, ...]
    asked: frozenset[str] = frozenset()
    sure: bool = True

    def of(self, *roles: Role) -> list[Piece]:
        return [piece for piece in self.found if piece.role in roles]

    @cached_property
    def meaning(self) -> Piece | None:
        """The definition that fits the question best; where none is marked as such, what is told."""
        return max(self.of("definition") or self.of("narrative"), key=self.fit, default=None)

    @cached_property
    def told(self) -> list[Piece]:
        """Prose, what fits the question best first; of a section that is about no code only what fits at all."""
        prose = [piece for piece in self.of(*PROSE) if self.code is not None or self.fit(piece)]
        return sorted(prose, key=self.fit, reverse=True)

    @cached_property
    def limits(self) -> list[Piece]:
        """Those that the question asks for first."""
        return sorted(self.of("limit"), key=self.meant, reverse=True)

    def meant(self, piece: Piece) -> int:
        """How many words of the question a piece has that are not those of the whole topic."""
        general = stems(f"{piece.passage.section} {self.meaning.quote if self.meaning else ''}")
        return len((self.asked & stems(piece.quote)) - general)

    @cached_property
    def steps(self) -> list[Piece]:
        return self.of(*STEPS)

    @cached_property
    def harmless(self) -> Piece | None:
        """The first thing to do before anything needs a release, a remedy rather than a check."""
        ready = list(takewhile(lambda step: classify(step.text) not in CRITICAL, self.steps))
        return next((step for step in ready if step.role == "remedy"), next(iter(ready), None))

    @cached_property
    def next_test(self) -> Piece | None:
        return next((step for step in self.steps if classify(step.text) in ("observe", "measure")), None)

    def fit(self, piece: Piece) -> int:
        """How many words of the question a piece and the heading above it have."""
        return len(self.asked & stems(f"{piece.under} {piece.quote}"))


def gather(code: str | None, numbered: Iterable[tuple[int, Passage]], asked: frozenset[str] = frozenset()) -> Topic:
    """Passages of a superseded document are left out when a current one speaks of the same.

    Rows without a code and without a heading speak of many things: of their causes and limits only those that fit well.
    """
    listed = list(numbered)
    current = [(number, passage) for number, passage in listed if passage.current]
    found = [piece for number, passage in in_order(current or listed) for piece in pieces(number, passage)]
    topic = Topic(code, tuple(distinct(found)), asked)
    if code is not None:
        return topic
    least = max(1.0, WELL * max((topic.fit(piece) for piece in topic.found), default=0))
    rows = (p for p in topic.found if p.role not in ("cause", "limit") or p.under or topic.fit(p) >= least)
    return Topic(code, tuple(rows), asked)


def named(code: str, numbered: Iterable[tuple[int, Passage]], asked: frozenset[str] = frozenset()) -> Topic:
    """Of a code that nothing defines: the very sentences, rows and log lines that name it, as something told.

    What defines another code is left out, or its words would be taken for this one's.
    """
    naming = [(number, passage) for number, passage in numbered if code in passage.codes and not passage.defines]
    found = (piece for number, passage in in_order(naming) for piece in pieces(number, passage))
    telling = [replace(piece, role="narrative") for piece in found if code in {m.code for m in find(piece.quote)}]
    return Topic(code, tuple(distinct(telling)), asked)


def in_order(numbered: Sequence[tuple[int, Passage]]) -> list[tuple[int, Passage]]:
    """Documents by their best passage, passages as they stand in the document."""
    best: dict[str, int] = {}
    for number, passage in numbered:
        best.setdefault(passage.document_id, number)
    return sorted(numbered, key=lambda item: (best[item[1].document_id], item[1].start))
