"""How much of the evidence a context can hold, by an estimate that errs on the safe side."""

import re
from collections.abc import Callable, Sequence

from app.core.document import Passage
from app.core.errors import AnalyzerContextExceeded
from app.core.question import Turn

LETTERS = re.compile(rb"[A-Za-z ]+")
PER_TOKEN = 3  # of these; every other byte counts as one, for codes and numbers are cut small
FRAME = 40  # tokens of a passage's fence and heading


def tokens(text: str) -> int:
    """Half as many again as a model counts on average, and of no text of the sample shelf too few (docs/remote.md)."""
    raw = text.encode("utf-8", "surrogatepass")
    others = len(LETTERS.sub(b"", raw))
    return (len(raw) - others) // PER_TOKEN + others + 1


def fit(
    passages: Sequence[Passage],
    history: Sequence[Turn],
    fixed: int,
    room: int,
    count: Callable[[str], int] = tokens,
) -> tuple[tuple[Passage, ...], tuple[Turn, ...]]:
    """What fits besides `fixed` tokens: passages from the best on, then turns from the newest back.

    Raises `AnalyzerContextExceeded` when not even one of the passages does.
    """
    left = room - fixed
    kept: list[Passage] = []
    for passage in passages:
        left -= count(passage.text) + FRAME
        if left < 0:
            break
        kept.append(passage)
    if left < 0 and not kept:
        least = room - left
        raise AnalyzerContextExceeded(
            f"The prompt takes {least} tokens with one passage, {fixed} without; there is room for {room}.",
            hint="Send a shorter question or log, or name an analyzer with a longer context.",
        )
    turns: list[Turn] = []
    for turn in reversed(history):
        left -= count(turn.text) + FRAME
        if left < 0:
            break
        turns.append(turn)
    return tuple(kept), tuple(reversed(turns))
