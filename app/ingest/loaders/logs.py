"""Plain text: a log becomes entries grouped by fifteen, prose becomes paragraphs and list items."""

import re
from collections.abc import Iterator, Sequence

from app.ingest.base import Block, Kind, Loaded
from app.ingest.loaders.metadata import comments
from app.ingest.loaders.text import decode, trim

TOGETHER = 15  # log entries a group: about what one screenful of an incident holds
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+\S")
STAMP = re.compile(
    r"(?:<\d{1,3}>)?\s{0,4}[\[(]?("
    r"\d{4}[-/.]\d{2}[-/.]\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"  # ISO 8601
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}[ T]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,6})?)?"  # 31.03.2026 12:00:01
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d{2}:\d{2}:\d{2}"  # syslog
    r"|\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?"
    r"|\d{10}(?:\.\d{1,6})?(?!\d)"  # seconds since the epoch
    r")"
)


def load_log(kb: str, path: str, content: bytes) -> Loaded:
    return _load(kb, path, content, log=True)


def load_text(kb: str, path: str, content: bytes) -> Loaded:
    """A text file is a log when most of its lines begin with a time."""
    return _load(kb, path, content, log=False)


def _load(kb: str, path: str, content: bytes, log: bool) -> Loaded:
    text = decode(path, content)
    metadata = comments(path, text)
    lines = [span for span in _lines(text, metadata.body) if span[1] > span[0]]
    stamps = [STAMP.match(text, start, end) for start, end in lines]
    log = log or sum(stamp is not None for stamp in stamps) * 2 > len(lines)
    blocks = _entries(lines, stamps) if log else _paragraphs(text, lines)
    return Loaded(metadata.document(kb, text, "log" if log else "text"), tuple(blocks))


def _lines(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Each line without the white space at its ends; blank lines are empty spans."""
    while start < len(text):
        match = LINE.match(text, start)
        end = match.end() if match else len(text)
        yield trim(text, start, end)
        start = end


def _entries(lines: Sequence[tuple[int, int]], stamps: Sequence[re.Match[str] | None]) -> Iterator[Block]:
    """A line without a time continues the entry above it, where times are used at all."""
    stamped = any(stamps)
    count = 0
    at = 0
    while at < len(lines):
        last = at + 1
        while stamped and last < len(lines) and last < at + TOGETHER and stamps[last] is None:
            last += 1
        stamp = stamps[at]
        headings = (stamp[1],) if stamp else ()
        yield Block(lines[at][0], lines[last - 1][1], headings, "", count // TOGETHER, "log")
        count += last - at
        at = last


def _paragraphs(text: str, lines: Sequence[tuple[int, int]]) -> Iterator[Block]:
    """Lines with no blank line between them are one paragraph, unless a list marker opens the next."""
    opened: list[tuple[int, int]] = []
    group = 0
    for start, end in lines:
        apart = opened and len(re.findall(r"\r\n|\r|\n", text[opened[-1][1] : start])) > 1
        if opened and (apart or ITEM.match(text, start)):
            yield _paragraph(text, opened, group)
            opened, group = [], group + 1
        opened.append((start, end))
    if opened:
        yield _paragraph(text, opened, group)


def _paragraph(text: str, lines: Sequence[tuple[int, int]], group: int) -> Block:
    kind: Kind = "item" if ITEM.match(text, lines[0][0]) else "text"
    return Block(lines[0][0], lines[-1][1], group=group, kind=kind)
