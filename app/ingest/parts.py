"""A block becomes parts, each with one role and its exact place."""

import re  # no pattern here may cost the square of a line's length: files come from anywhere
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from app.core.document import Part, Role
from app.faults import codes, roles
from app.ingest.base import Block
from app.ingest.loaders.text import trim

MARKER = re.compile(r"(?:[\s>]|[-*+•]\s|\d{1,9}[.)]\s|\[[ xX]\]\s)*")
LABEL = re.compile(r"[*_]{0,2}([A-Z][\w /-]{2,40}?)[*_]{0,2}:[*_]{0,2}\s+")
FENCE = re.compile(r"[ \t>]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?(?:`{3,}|~{3,})[^\r\n]*")
CLOSING = re.compile(r"[\r\n][ \t>]*(?:`{3,}|~{3,})\s*\Z")
NUMBERED = re.compile(r"(?:\A|(?<=[\s;,>]))\(?(\d{1,2})[.)][ \t]+(?=\S)")
BREAK = re.compile(r";|<br\s{0,4}/?>|\n|\r")
SEMICOLON = re.compile(r";\s")
HEADING = re.compile(r"[ \t]*(?:#{1,6}[ \t]+)?([^\r\n]{0,300})")
WORDS = re.compile(r"\w[^\r\n]*?[^\W\d_]{2,}(?:[^\r\n]*[^\W_])?")
SENTENCE = re.compile(
    r"(?<=[.!?])\s+(?=[^a-z\s])(?<!\b[A-Z]\.\s)(?<!\b(?:No|cf|ca)\.\s)(?<!\b(?:e\.g|i\.e|Fig|max|min)\.\s)"
)
STEPPED: frozenset[Role | None] = frozenset({"cause", "test", "remedy", "limit"})
LOGS = frozenset({"log", "console", "syslog"})


def of_block(text: str, block: Block) -> Iterator[Part]:
    """The parts of one block that is no table cell, in order."""
    if block.kind == "log":
        yield Part("log", *trim(text, block.start, block.end))
    elif block.kind == "code":
        yield from _code(text, block)
    elif block.kind in ("text", "item"):
        yield from _prose(text, block)


def of_row(text: str, cells: Sequence[Block], whole: bool) -> Iterator[Part]:
    """The parts of a table's row; `whole` when all of it fits into one chunk.

    Where no column but a limit's has a role, the row is one part: a lone `3.5 bar` would say nothing.
    """
    told = [cell for cell in cells if not roles.is_code_column(cell.label)]
    if not told:
        return
    columns = {roles.of_column(cell.label) for cell in told}
    if whole and columns <= {None, "limit", "narrative"}:
        start, end = told[0].start, told[-1].end
        role = _by_heading(told[0].headings) or _wording(text[start:end], told[0].headings)
        yield Part("limit" if "limit" in columns else role, start, end)
        return
    for cell in told:
        own = text[cell.start : cell.end]
        if any(character.isalnum() for character in own):
            role = roles.of_column(cell.label) or _by_heading(cell.headings) or _wording(own, cell.headings)
            yield from _steps(text, role, cell.start, cell.end, BREAK)


@lru_cache(maxsize=4096)
def _by_label(label: str) -> Role | None:
    """What a line that leads in a list, or a `Cause:` before a sentence, announces."""
    return roles.of_column(label) or roles.of_heading((label,))


@lru_cache(maxsize=4096)
def _by_heading(headings: tuple[str, ...]) -> Role | None:
    """A heading that only names a fault leaves it to the wording."""
    return None if _names_fault(headings) else roles.of_heading(headings)


def _wording(text: str, headings: tuple[str, ...]) -> Role:
    """Right below a fault's name, what is neither cause, step, limit nor warning tells what the fault is."""
    role = roles.of_wording(text)
    return "definition" if role == "narrative" and _names_fault(headings) else role


def _names_fault(headings: tuple[str, ...]) -> bool:
    return bool(headings) and roles.opens_with_code(headings[-1])


def _code(text: str, block: Block) -> Iterator[Part]:
    opened = FENCE.match(text, block.start, block.end)
    closed = CLOSING.search(text, block.start, block.end)
    start, end = trim(text, opened.end() if opened else block.start, closed.start() if closed else block.end)
    if end > start:
        log = block.label.partition(" ")[0].lower() in LOGS
        yield Part("log" if log else _by_heading(block.headings) or "narrative", start, end)


def _prose(text: str, block: Block) -> Iterator[Part]:
    if block.kind == "text" and block.label:  # it only leads in what follows
        return
    marker = MARKER.match(text, block.start, block.end)
    start = marker.end() if marker else block.start
    role = (_by_label(block.label) if block.label else None) or _by_heading(block.headings)
    if (label := LABEL.match(text, start, block.end)) and (named := _by_label(label[1])):
        role, start = named, label.end()
    if role is None and block.kind == "item":
        role = _wording(text[start : block.end], block.headings)
    if role is None:
        yield from _sentences(text, start, block)
    else:
        yield from _steps(text, role, start, block.end, SEMICOLON)


def _sentences(text: str, start: int, block: Block) -> Iterator[Part]:
    """Neighbouring sentences of one role are one part."""
    edges = [start, *(match.end() for match in SENTENCE.finditer(text, start, block.end)), block.end]
    grown: Part | None = None
    for left, right in pairwise(edges):
        first, last = trim(text, left, right)
        if first == last:
            continue
        role = _wording(text[first:last], block.headings)
        if grown and grown.role == role:
            grown = Part(role, grown.start, last)
            continue
        if grown:
            yield from _steps(text, grown.role, grown.start, grown.end, SEMICOLON)
        grown = Part(role, first, last)
    if grown:
        yield from _steps(text, grown.role, grown.start, grown.end, SEMICOLON)


def of_heading(text: str, block: Block) -> Iterator[Part]:
    """What a heading says beside its codes. It is a meaning only if it does not announce something else."""
    mentions = codes.find(text[block.start : block.end])
    if not mentions or _by_heading(block.headings[-1:]):
        return
    line = HEADING.match(text, block.start, block.end)
    before = (line.start(1) if line else block.start, block.start + mentions[0].start)
    after = (block.start + mentions[-1].end, line.end(1) if line else block.end)
    if words := WORDS.search(text, *max(before, after, key=lambda span: span[1] - span[0])):
        yield Part("definition", *words.span())


def _steps(text: str, role: Role, start: int, end: int, breaks: re.Pattern[str]) -> Iterator[Part]:
    """`1. … 2. …` and, where steps are to be expected, `a; b; c`: one part each, the markers outside."""
    own = text[start:end]
    marks = list(NUMBERED.finditer(own)) if "1. " in own or "1) " in own else []
    cuts = marks if len(marks) > 1 and [int(mark[1]) for mark in marks] == list(range(1, len(marks) + 1)) else []
    if not cuts and role in STEPPED and any(sign in own for sign in ";\n\r<"):
        cuts = list(breaks.finditer(own))
    lefts = [0, *(cut.end() for cut in cuts)]
    rights = [*(cut.start() for cut in cuts), len(own)]
    for left, right in zip(lefts, rights, strict=True):
        first, last = trim(text, start + left, start + right)
        last -= len(text[first:last]) - len(text[first:last].rstrip("; ,"))
        if last > first:
            yield Part(role, first, last)
