"""Passages taken apart into quotable pieces: each with its role, its place and the condition it stands under."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from app.core.document import Part, Passage, Role
from app.receipts.entries import LEAD
from app.receipts.reading import Reading
from app.receipts.sentences import cut

STEPS: frozenset[Role] = frozenset({"test", "remedy"})
SINGLE = STEPS | {"limit"}  # quoted sentence by sentence, so that what there is no room for leaves out no other
LONG = 40  # words from which on a part that is no step is quoted in several pieces
ALIKE = 0.85  # share of its words from which on a piece says no more than another
CONDITION = re.compile(
    r"\b(?:if|when|once|unless|where|while|falls|wenn|sobald|solange|si|lorsque|quando|cuando)\b", re.I
)
HEADING = re.compile(r"[^\W\d_]{2}")  # a gap that says something
BLANK = re.compile(
    r"\W*(?:todo|tbd|tbc|n/?a|not yet (?:written|known|documented)|to be (?:written|defined|done))\W*", re.I
)
MARK = re.compile(r"(?:^|\n)[ \t]*(?:[-*•+]|\d{1,3}[.)])[ \t]*$")  # how a list item opens
LEAD_IN = re.compile(r"([^\n]*\S:)[ \t*_]*\n?\s*$")
# A sentence that opens so means nothing without the one before it.
FOLLOWS = re.compile(
    r"(?:if (?:it|this|that|they|so|not|the (?:value|reading|result)|ok|yes|no)\b|otherwise|else\b|then\b"
    r"|in (?:this|that) case|it\b|this\b|that\b|these\b|they\b|repeat\b|falls (?:nicht|ja)|sonst|andernfalls|sinon)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """`quote` is `passage.text` at these document offsets; `condition` is the lead-in it stands under, as written.

    `under` are the words above it that belong to no part: the heading within the passage.
    """

    number: int  # of the passage in the evidence, from 1
    passage: Passage
    role: Role
    start: int
    end: int
    condition: str = ""
    under: str = ""

    @property
    def quote(self) -> str:
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]

    @property
    def text(self) -> str:
        return " ".join(f"{self.condition} {self.quote}".split())


def pieces(number: int, passage: Passage) -> list[Piece]:
    """In the order of the text; a passage without parts is one piece of its own role."""
    found: list[Piece] = []
    condition, under, last = "", "", passage.start
    parts = passage.parts or (Part(passage.role, passage.start, passage.end),)
    for part in sorted(parts, key=lambda part: part.start):
        gap = passage.text[last - passage.start : part.start - passage.start]
        own = LEAD.match(passage.slice(part))
        condition = _condition(gap + (own[0] if own else ""), condition)
        under = gap if HEADING.search(gap) else under
        for start, end in _bounds(passage, part):
            piece = Piece(number, passage, part.role, start, end, condition, under)
            if found and _goes_on(found[-1], piece):
                found[-1] = replace(found[-1], end=end)
            else:
                found.append(piece)
        last = part.end
    return found


def _goes_on(before: Piece, piece: Piece) -> bool:
    """`Read the gauge; it must show 5 bar` is one step, also where it was cut into two parts."""
    gap = piece.passage.text[before.end - piece.passage.start : piece.start - piece.passage.start]
    return {before.role, piece.role} <= STEPS and not gap.strip(" ;,") and bool(FOLLOWS.match(piece.quote))


def _condition(gap: str, before: str) -> str:
    """What stands between two parts: a lead-in opens a condition, which holds for its line and its list."""
    mark = MARK.search(gap)
    between = gap[: mark.start()] if mark else gap
    if lead := LEAD_IN.search(between):
        words = LEAD.sub("", lead[1]).strip(" *_#")
        return words if CONDITION.search(words) else ""
    return before if "\n" not in gap or (mark and not between.strip()) else ""


def _bounds(passage: Passage, part: Part) -> Iterator[tuple[int, int]]:
    text = passage.slice(part)
    lead = LEAD.match(text)
    at = lead.end() if lead else 0
    spans = [(at + start, at + end) for start, end in cut(text[at:])]
    joined = _together(text, spans) if part.role in SINGLE else _at_a_glance(text, spans)
    for start, end in joined:
        yield part.start + start, part.start + end


def _together(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Each sentence by itself, with the sentences that follow up on it."""
    steps: list[tuple[int, int]] = []
    for start, end in spans:
        if steps and FOLLOWS.match(text, start):
            steps[-1] = steps[-1][0], end
        else:
            steps.append((start, end))
    return steps


def _at_a_glance(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sentences taken together as long as they can be read at a glance."""
    pieces: list[tuple[int, int]] = []
    for start, end in spans:
        if pieces and len(text[pieces[-1][0] : end].split()) <= LONG:
            pieces[-1] = pieces[-1][0], end
        else:
            pieces.append((start, end))
    return pieces


def distinct(found: Iterable[Piece]) -> list[Piece]:
    """Without placeholders and those that say no more than an earlier one did; other figures make another thing."""
    kept: list[tuple[frozenset[str], frozenset[str], Piece]] = []
    for piece in found:
        read = Reading(piece.text)
        words, figures = read.stems, read.figures
        blank = not words or BLANK.fullmatch(piece.quote)
        if not blank and not any(figures <= own and _says(words, other, piece, by) for other, own, by in kept):
            kept.append((words, figures, piece))
    return [piece for _, _, piece in kept]


def _says(words: frozenset[str], others: frozenset[str], piece: Piece, by: Piece) -> bool:
    """Whether `by` says it already. Steps of one document are never alike: a procedure may repeat itself."""
    if piece.role in STEPS:
        comparable = by.role in STEPS and by.passage.document_id != piece.passage.document_id
    else:
        comparable = by.role == piece.role
    return comparable and len(words & others) >= ALIKE * len(words)
