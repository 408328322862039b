"""What a text tells somebody to do, apart from what it only speaks of: clauses that open with a critical verb."""

import re
from typing import get_args

from app.core.diagnosis import CRITICAL, Action
from app.faults.actions import classify
from app.receipts.words import IGNORED

RANK: dict[Action, int] = {action: rank for rank, action in enumerate(get_args(Action))}
CLAUSE = re.compile(r"(?<=[.,;:!?])\s+|\n+|\s+(?:and|then|or)\s+")
OPENING = re.compile(
    r"(?:\s|\b(?:you|they|must|should|shall|then|please|first|now|immediately|also|always|to|has|have|be|and|or|it|is"
    r"|necessary|required|the driver|staff|fix|step|remedy|action)\b[:,]?)*",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W\d_]+")
PHRASE = 4  # words in which a verb phrase shows itself


def more_critical(first: Action | None, second: Action | None) -> Action | None:
    return max(first, second, key=lambda action: RANK[action] if action else -1)


def actions(text: str) -> frozenset[Action]:
    """Every action that the text tells, clause by clause."""
    return frozenset((classify(text), *map(classify, CLAUSE.split(text))))


def commanded(text: str) -> Action | None:
    """The most critical action that a clause opens with; None when no clause commands one."""
    worst: Action | None = None
    for clause in CLAUSE.split(text):
        opening = OPENING.match(clause)
        words = clause[opening.end() if opening else 0 :].split()[:PHRASE]
        first = WORD.match(words[0]) if words else None
        if first is None or first[0].lower() in IGNORED or words[1:2] == ["of"]:  # "Restart of the unit" is a thing
            continue
        action = classify(" ".join(words))
        if action in CRITICAL and classify(" ".join(words[1:])) != action:
            worst = more_critical(worst, action)
    return worst
