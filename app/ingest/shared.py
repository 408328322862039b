"""What search reads of a long block, shared out to the pieces that it was cut into."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

TAIL = 4  # words that tell where a piece ends


def shared(words: str, pieces: Sequence[str]) -> list[str]:
    """`pieces` are the source's own words, in which names may stand for what `words` has in full.

    Where the two cannot be laid beside each other the pieces keep their own.
    """
    ends = list(_ends(words, pieces[:-1]))
    if len(ends) < len(pieces) - 1:
        return list(pieces)
    return [words[start:end].strip() for start, end in pairwise([0, *ends, len(words)])]


def _ends(words: str, pieces: Sequence[str]) -> Iterator[int]:
    at = 0
    for piece in pieces:
        if (at := _end(words, piece, at)) < 0:
            return
        yield at


def _end(words: str, piece: str, at: int) -> int:
    """Behind the piece's last words, at that place of several which the piece's length makes likely."""
    told = piece.split()
    for size in range(min(TAIL, len(told)), 0, -1):
        tail = " ".join(told[-size:])
        if found := list(_places(words, tail, at)):
            return min(found, key=lambda place: abs(place - at - len(piece)))
    return -1


def _places(words: str, tail: str, at: int) -> Iterator[int]:
    found = words.find(tail, at)
    while found >= 0:
        yield found + len(tail)
        found = words.find(tail, found + 1)
