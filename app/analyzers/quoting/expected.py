"""The value that a check should show, as the document writes it; where that is not plain, none."""

import re
from collections.abc import Sequence

from app.analyzers.quoting.pieces import Piece
from app.faults.units import Quantity, quantities
from app.receipts.labels import GENERIC
from app.receipts.words import stems

BOUND = (
    r"at least|at most|no more than|not more than|no less than|not less than|less than|more than|below|above|under|over"
    r"|between|from|within|minimum|maximum|min\.?|max\.?|[<>≤≥=±]=?|approx(?:imately|\.)?|about|mindestens|höchstens"
)
BEFORE = re.compile(rf"(?:{BOUND})\s*$", re.I)
JOINS = re.compile(r"\s*(?:to|and|bis|à|±|\+/-|-|–|…|\.\.)\s*")
DUE = re.compile(
    r"\b(?:must|shall|should|expect\w*|nominal\w*|target|limit|normal\w*|reads?|shows?|is|are|be|soll|muss|doit)\b",
    re.I,
)
GIVEN = re.compile(r"\b(?:at|with|using|for|after|wait|within|every|mit|bei|nach)\s*$", re.I)
UNLESS = re.compile(r"\b(?:if|when|falls|wenn|si)\b[^.;]*$", re.I)
PLAIN = 2  # words, besides those of every measurement, that a limit shares with the check it belongs to


def expected(step: Piece, limits: Sequence[Piece]) -> str | None:
    """From the step itself, else from the one limit of its passage that speaks of the same thing."""
    own = stated(step.quote)
    return own or _limit(step, [limit for limit in limits if limit.passage.id == step.passage.id])


def stated(text: str) -> str | None:
    """The first quantity that is due: not what is applied, not what a condition speaks of."""
    found = [quantity for quantity in quantities(text) if quantity.unit]
    for at, quantity in enumerate(found):
        before = text[: quantity.start]
        bound = BEFORE.search(before)
        clause = re.split(r"[.;]\s", before)[-1]
        if UNLESS.search(clause) or (GIVEN.search(before) and not bound):
            continue
        if bound or DUE.search(clause) or len(found) == 1:
            return _range(text, found[at:], bound.start() if bound else quantity.start)
    return None


def _range(text: str, found: Sequence[Quantity], start: int) -> str:
    """`between 4.8 and 5.2 bar` and `5.0 bar ± 0.1 bar` are one value."""
    end = found[0].end
    for following in found[1:]:
        if not JOINS.fullmatch(text, end, following.start):
            break
        end = following.end
    return text[start:end]


def _limit(step: Piece, limits: Sequence[Piece]) -> str | None:
    words = stems(step.quote) - GENERIC
    common = [(len(words & stems(limit.quote)), limit.quote) for limit in limits]
    fitting = [quote for count, quote in common if count >= PLAIN and count == max(common)[0]]
    found = [quantity for quantity in quantities(fitting[0]) if quantity.unit] if len(fitting) == 1 else []
    if not found:
        return None
    bound = BEFORE.search(fitting[0][: found[0].start])
    return _range(fitting[0], found, bound.start() if bound else found[0].start)
