"""Which pieces stand together in a chunk: whole sections where they fit, never two fault codes."""

from collections.abc import Iterator
from itertools import groupby

from app.ingest.pieces import Piece

Run = list[Piece]  # the pieces of one chunk


def pack(pieces: Run, limit: int) -> list[Run]:
    """Every piece in exactly one run, in order; a run stays within the limit, lone headings before it aside."""
    return _lean(_section(pieces, 0, limit)) if pieces else []


def _section(pieces: Run, depth: int, limit: int) -> list[Run]:
    """A section that fits is one run. Else its own text is packed, and each section below it for itself."""
    if _fits(pieces, limit):
        return [pieces]
    own, *below = _split(pieces, depth + 1)
    runs = _greedy(own, limit)
    for section in below:
        runs.extend(_section(section, depth + 1, limit))
    return _join(runs, limit)


def _split(pieces: Run, depth: int) -> list[Run]:
    """What stands before the first heading of this depth (it may be nothing), then each heading's section."""
    sections: list[Run] = [[]]
    for piece in pieces:
        if piece.block.kind == "heading" and len(piece.block.headings) == depth:
            sections.append([])
        sections[-1].append(piece)
    return sections


def _fits(pieces: Run, limit: int) -> bool:
    first = pieces[0]
    if len(pieces) > limit:  # rules and comments cost nothing, but must not pile up
        return False
    if any(piece.scope != first.scope for piece in pieces) or sum(piece.tokens for piece in pieces) > limit:
        return False
    return first.block.kind != "log" or first.block.group == pieces[-1].block.group


def _greedy(pieces: Run, limit: int) -> list[Run]:
    """Rows stay whole while they fit; log entries stay within their stretch."""
    runs: list[Run] = []
    for unit in _units(pieces, limit):
        if runs and _fits(runs[-1] + unit, limit):
            runs[-1].extend(unit)
        else:
            runs.append(unit)
    return runs


def _units(pieces: Run, limit: int) -> Iterator[Run]:
    for _, group in groupby(pieces, key=lambda piece: (piece.block.group, piece.scope)):
        unit = list(group)
        if _fits(unit, limit):
            yield unit
        else:
            yield from ([piece] for piece in unit)


def _join(runs: list[Run], limit: int) -> list[Run]:
    """Neighbouring sections of the same fault stand together while they fit: one passage then tells more of it."""
    joined: list[Run] = []
    for run in runs:
        if joined and run[0].scope and joined[-1][-1].block.kind != "cell" and _fits(joined[-1] + run, limit):
            joined[-1].extend(run)
        else:
            joined.append(run)
    return joined


def _lean(runs: list[Run]) -> list[Run]:
    """A heading or table head that got no text of its own goes with what follows, else with what stands before."""
    leaned: list[Run] = []
    for run in reversed(runs):
        light = all(piece.block.kind in ("heading", "furniture") for piece in run)
        if light and leaned and run[-1].scope in ((), leaned[-1][0].scope):
            leaned[-1][:0] = run
        else:
            leaned.append(run)
    return leaned[::-1]
