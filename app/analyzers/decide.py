"""What follows a failure: ask again, let the next one answer, or give up. One table of error kinds; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from app.core.errors import (
    AnalyzerBadOutput,
    AnalyzerContentPolicy,
    AnalyzerContextExceeded,
    AnalyzerError,
    AnalyzerNoRoom,
    AnalyzerRateLimited,
    AnalyzerRefused,
    AnalyzerTimeout,
    AnalyzerUnavailable,
    AnalyzerUnreachable,
)

BASE_S = 0.25
CAP_S = 4.0
PATIENCE_S = 5.0  # a server that asks to wait longer is given up: somebody else answers sooner


class Health(Enum):
    """What a failure says of the analyzer itself."""

    NOTHING = "nothing"  # the question was at fault
    WORSE = "worse"  # a few of these in a row, and it is left alone for a while
    DOWN = "down"  # it is left alone at once


@dataclass(frozen=True, slots=True)
class Rule:
    again: bool  # the same question to the same analyzer may go better
    health: Health


RULES: Mapping[type[AnalyzerError], Rule] = {
    AnalyzerError: Rule(again=False, health=Health.NOTHING),
    AnalyzerTimeout: Rule(again=True, health=Health.WORSE),
    AnalyzerUnavailable: Rule(again=True, health=Health.WORSE),
    AnalyzerNoRoom: Rule(again=False, health=Health.NOTHING),
    AnalyzerUnreachable: Rule(again=False, health=Health.WORSE),
    AnalyzerRateLimited: Rule(again=True, health=Health.DOWN),
    AnalyzerRefused: Rule(again=False, health=Health.DOWN),
    AnalyzerContentPolicy: Rule(again=False, health=Health.NOTHING),
    AnalyzerContextExceeded: Rule(again=False, health=Health.NOTHING),
    AnalyzerBadOutput: Rule(again=False, health=Health.WORSE),
}


class Move(Enum):
    AGAIN = "again"
    NEXT = "next"  # the next analyzer answers; nobody has heard the one before
    RESTART = "restart"  # the same, and what was heard is void
    RAISE = "raise"


@dataclass(frozen=True, slots=True)
class Situation:
    """One failure. `wait` is what asking again would cost in seconds, `left` what the request still has."""

    kind: type[AnalyzerError]
    spoken: bool = False  # a word of the answer is out
    tries: int = 0  # how often the same analyzer may still be asked
    wait: float = 0.0
    left: float = float("inf")
    others: int = 0  # how many analyzers stand behind it


def rule(kind: type[AnalyzerError]) -> Rule:
    """Of the nearest kind in the line of descent."""
    return RULES[next(known for known in kind.__mro__ if known in RULES)]


def decide(at: Situation) -> Move:
    """A second attempt comes before another analyzer, but never after a word, nor for longer than there is time."""
    if not at.spoken and at.tries > 0 and rule(at.kind).again and at.wait < at.left:
        return Move.AGAIN
    if at.others == 0:
        return Move.RAISE
    return Move.RESTART if at.spoken else Move.NEXT


def wait(error: AnalyzerError, attempt: int, chance: float) -> float:
    """Seconds before attempt `attempt + 1`, counted from 0: what the server asks, and a back-off with full jitter.

    `chance` is in 0..1. Infinite when the server asks for more than anybody should wait.
    """
    asked = float(getattr(error, "after", None) or 0.0)
    return asked + chance * min(CAP_S, BASE_S * 2**attempt) if asked <= PATIENCE_S else float("inf")
