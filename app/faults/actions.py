"""What a step does to the railway: from looking at it to changing how it runs."""

import re
from functools import lru_cache
from typing import get_args

from app.core.diagnosis import Action
from app.faults.lexicon import any_of, load

RANKED: tuple[Action, ...] = get_args(Action)  # from harmless to critical
# Between a negation and its verb nothing stands but these; so "if no fault is found, isolate" stays an isolation.
LINK = re.compile(r"\s*(?:be|been|being|ever|just|simply|then|,)?\s*", re.IGNORECASE)
OR = re.compile(r"\s*(?:,|,?\s*(?:or|nor))\s*", re.IGNORECASE)


@lru_cache(maxsize=1)
def _verbs() -> tuple[tuple[Action, re.Pattern[str]], ...]:
    words = load("actions.toml")
    return tuple((action, any_of(words[action])) for action in reversed(RANKED))


@lru_cache(maxsize=1)
def _others() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = load("actions.toml")
    return any_of(words["negations"]), any_of(words["things"])


@lru_cache(maxsize=4096)
def classify(text: str) -> Action:
    """The most critical thing that the text says to do; what it says not to do does not count."""
    negations, things = _others()
    named = [match.span() for match in things.finditer(text)]
    denied = _denied(text, negations)
    for action, verbs in _verbs():
        for match in verbs.finditer(text):
            inside = any(start <= match.start() and match.end() <= end for start, end in named)
            if not inside and match.start() not in denied:
                return action
    return "observe"


def _denied(text: str, negations: re.Pattern[str]) -> frozenset[int]:
    """Where verbs begin that a negation governs: the next one, and those joined to it by `or`."""
    starts: set[int] = set()
    for negation in negations.finditer(text):
        at = _after(LINK, text, negation.end())
        while verb := _verb_at(text, at):
            starts.add(at)
            joined = OR.match(text, verb)
            if not joined:
                break
            at = joined.end()
    return frozenset(starts)


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _verb_at(text: str, at: int) -> int | None:
    """Where the verb ends that begins here."""
    ends = [match.end() for _, verbs in _verbs() if (match := verbs.match(text, at))]
    return max(ends, default=None)
