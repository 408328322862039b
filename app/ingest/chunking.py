"""Blocks become chunks: cut along the document's own structure, each no longer than the encoder reads."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

from app.core.document import Chunk, Document, Part, Role
from app.core.ids import chunk_id
from app.ingest.base import Loaded
from app.ingest.loaders.text import line_starts, trim
from app.ingest.packing import Run, pack
from app.ingest.pieces import Piece, measure

LIMIT = 220  # tokens; the encoder reads 256, and the title and the section stand before the text
PAGED = frozenset({"pdf", "docx"})


@dataclass(frozen=True, slots=True)
class Places:
    """Where lines begin and pages end; `pages` is None for a document that has none."""

    lines: Sequence[int]
    pages: Sequence[int] | None

    @classmethod
    def of(cls, document: Document) -> "Places":
        ends = [match.start() for match in re.finditer("\f", document.text)] if document.format in PAGED else []
        return cls(line_starts(document.text), ends if ends or document.format == "pdf" else None)

    def page(self, at: int) -> int | None:
        return None if self.pages is None else bisect_right(self.pages, at) + 1


def cut(loaded: Loaded, limit: int = LIMIT) -> tuple[Chunk, ...]:
    """Together the chunks hold every character of the body that is not blank or dropped, in order, none twice."""
    document = loaded.document
    runs: list[tuple[Run, int]] = []
    for stretch, end in _stretches(measure(loaded, limit), len(document.text)):
        packed = pack(stretch, limit)
        runs.extend(zip(packed, [*(run[0].block.start for run in packed[1:]), end], strict=True))
    places = Places.of(document)
    return tuple(_chunk(document, ordinal, run, end, places) for ordinal, (run, end) in enumerate(runs))


def _stretches(pieces: Run, end: int) -> Iterator[tuple[Run, int]]:
    """What stands between the pieces that are dropped, and where each stretch ends."""
    stretch: Run = []
    for piece in pieces:
        if piece.block.kind != "dropped":
            stretch.append(piece)
            continue
        if stretch:
            yield stretch, piece.block.start
        stretch = []
    if stretch:
        yield stretch, end


def _chunk(document: Document, ordinal: int, run: Run, before: int, places: Places) -> Chunk:
    start, end = _within_pages(document, run, before) if places.pages else (run[0].block.start, before)
    text = document.text[start:end].rstrip()
    headings = _common_headings(run)
    defines = run[-1].scope
    parts = tuple(part for piece in run for part in piece.parts)
    section = _section(document, headings) or ", ".join(defines)
    return Chunk(
        id=chunk_id(document.id, document.revision, start, start + len(text), text),
        document_id=document.id,
        ordinal=ordinal,
        start=start,
        end=start + len(text),
        line=bisect_right(places.lines, start),
        text=text,
        indexed=_indexed(document, headings, section, run),
        section=section or document.title,
        role=_leading(parts),
        parts=parts,
        codes=tuple(dict.fromkeys((*defines, *(code for piece in run for code in piece.codes)))),
        defines=defines,
        page=places.page(start),
    )


def _within_pages(document: Document, run: Run, before: int) -> tuple[int, int]:
    """A page's running title neither leads a chunk of the next page nor ends one of the page before."""
    start = run[0].block.start
    told = [piece.block for piece in run if piece.block.kind != "furniture"]
    if not told:
        return start, before
    turned = document.text.rfind("\f", start, told[0].start)
    after = document.text.find("\f", told[-1].end, before)
    return (start if turned < 0 else trim(document.text, turned, told[0].start)[0]), (before if after < 0 else after)


def _leading(parts: Sequence[Part]) -> Role:
    """The first part that is more than narrative."""
    return next((part.role for part in parts if part.role != "narrative"), "narrative")


def _common_headings(run: Run) -> tuple[str, ...]:
    told = [piece.block.headings for piece in run if piece.block.kind not in ("heading", "furniture")]
    if run[0].block.kind == "log":  # an entry's time stands for where it is
        return told[0]
    if not told:
        return run[0].block.headings
    levels = zip(*told, strict=False)
    return tuple(level[0] for level in takewhile(lambda level: len(set(level)) == 1, levels))


def _section(document: Document, headings: Sequence[str]) -> str:
    below = headings[1:] if headings and headings[0] == document.title else headings
    return " > ".join(below)


def _indexed(document: Document, headings: tuple[str, ...], section: str, run: Run) -> str:
    """Title, section, then the words; a table's cell carries its column's name, a row is one line."""
    body = [line for _, group in groupby(run, key=lambda piece: piece.block.group) for line in _lines(headings, group)]
    return "\n".join(filter(None, (document.title, section, *body)))


def _lines(headings: tuple[str, ...], group: Iterator[Piece]) -> Iterator[str]:
    cells: list[str] = []
    for piece in group:
        block = piece.block
        if block.kind == "cell":
            cells.append(f"{block.label}: {piece.plain}" if block.label else piece.plain)
        elif block.kind != "heading" or block.headings != headings[: len(block.headings)]:
            yield piece.plain
    yield "; ".join(cells)
