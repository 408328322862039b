"""Fault codes as a type: found in any spelling, one canonical form, other codes kept other."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.diagnosis import NearCode


@dataclass(frozen=True, slots=True)
class Mention:
    """A fault code where it stands in a text: `text[start:end] == spelled`."""

    code: str  # canonical
    spelled: str
    start: int
    end: int
    grammar: str


def find(text: str) -> tuple[Mention, ...]:
    """Every fault code in the text, in order, none overlapping."""
    return ()


def near(code: str, known: Iterable[str], limit: int = 5) -> tuple[NearCode, ...]:
    """Known codes that are easily mistaken for this one, nearest first, each with the reason; never the code itself."""
    return ()
