"""Blocks are measured: how long for the encoder, which codes, under whose heading, and what their parts are."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from pathlib import PurePosixPath

from app.core.document import Document, Part
from app.faults import codes, roles
from app.faults.ranges import covered
from app.ingest import parts
from app.ingest.base import Block, Loaded
from app.ingest.plain import plain
from app.ingest.tokens import estimate, pieces

HEADED = frozenset({"markdown", "rst", "html", "pdf", "docx"})
# A heading that names a code only to set it apart, or to point to it, is not about it.
ASIDE = re.compile(r"\W*(?:see also|related|similar|not to be confused|compar|differen|distinguish)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A block, or as much of one as fits into a chunk. `scope` are the codes its section or row is about."""

    block: Block
    plain: str
    tokens: int
    codes: tuple[str, ...]
    scope: tuple[str, ...]
    parts: tuple[Part, ...] = ()


def measure(loaded: Loaded, limit: int) -> list[Piece]:
    """What is blank has no piece: a lone form feed or line separator can make up a whole block."""
    measuring, text = Measuring(loaded.document, limit), loaded.document.text
    told = (block for block in loaded.blocks if not text[block.start : block.end].isspace())
    found: list[Piece] = []
    for _, group in groupby(told, key=lambda block: block.group):
        blocks = list(group)
        row = blocks[-1].kind == "cell"
        found.extend(measuring.row(blocks) if row else (piece for block in blocks for piece in measuring.block(block)))
    return _headings_that_define(text, found)


@dataclass
class Measuring:
    """Goes through a document once; `scopes` are the open headings that name codes, by their depth."""

    document: Document
    limit: int
    scopes: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """A title that was given, and not only taken from the file's name, stands above all headings."""
        title = self.document.title
        if self.document.format in HEADED and title != PurePosixPath(self.document.path).stem:
            self._enter(0, title, _codes(title))

    @property
    def scope(self) -> tuple[str, ...]:
        return self.scopes[-1][1] if self.scopes else ()

    def block(self, block: Block) -> Iterator[Piece]:
        text = self.document.text
        if block.kind in ("furniture", "dropped"):
            yield Piece(block, "", 0, (), self.scope)
            return
        own = text[block.start : block.end]
        named = _codes(own)
        if block.kind == "heading":
            self._enter(len(block.headings), block.headings[-1], named)
        words = plain(own, block, self.document.format)
        tokens = estimate(words)
        if tokens <= self.limit:
            yield Piece(block, words, tokens, named, self.scope, tuple(parts.of_block(text, block)))
            return
        for part in self._cut(block):
            words = plain(text[part.start : part.end], part, self.document.format)
            named = _codes(text[part.start : part.end])
            yield Piece(part, words, estimate(words), named, self.scope, tuple(parts.of_block(text, part)))

    def row(self, blocks: Sequence[Block]) -> Iterator[Piece]:
        """The codes in a row's code column are what it is about; without any, its section's are."""
        text, form = self.document.text, self.document.format
        cells = [part for block in blocks for part in self._cut(block)]
        words = [plain(text[cell.start : cell.end], cell, form) for cell in cells]
        named = [() if cell.kind == "furniture" else _codes(text[cell.start : cell.end]) for cell in cells]
        about = [code for cell in cells if _is_code(cell.label) for code in covered(text[cell.start : cell.end])]
        tokens = [estimate(word) + _label_cost(cell.label) for cell, word in zip(cells, words, strict=True)]
        told = [cell for cell in cells if cell.kind == "cell"]
        roled = deque(parts.of_row(text, told, sum(tokens) <= self.limit))
        scope = tuple(dict.fromkeys(about)) or self.scope
        for cell, word, cost, found in zip(cells, words, tokens, named, strict=True):
            own: list[Part] = []
            while roled and roled[0].start < cell.end:
                own.append(roled.popleft())
            yield Piece(cell, "" if cell.kind == "furniture" else word, cost, found, scope, tuple(own))

    def _cut(self, block: Block) -> Iterator[Block]:
        spans = pieces(self.document.text[block.start : block.end], self.limit)
        for number, (start, end) in enumerate(spans):
            kind = "text" if number and block.kind == "heading" else block.kind
            words = block.words if end - start == block.end - block.start else ""
            yield replace(block, start=block.start + start, end=block.start + end, kind=kind, words=words)

    def _enter(self, depth: int, heading: str, named: tuple[str, ...]) -> None:
        while self.scopes and self.scopes[-1][0] >= depth:
            self.scopes.pop()
        if named and not ASIDE.match(heading):
            self.scopes.append((depth, named))


def _headings_that_define(text: str, found: list[Piece]) -> list[Piece]:
    """A heading is the meaning of its code where nothing below it says the meaning."""
    defined = {piece.scope for piece in found if any(part.role == "definition" for part in piece.parts)}
    return [
        replace(piece, parts=tuple(parts.of_heading(text, piece.block)))
        if piece.block.kind == "heading" and piece.codes and piece.codes == piece.scope and piece.scope not in defined
        else piece
        for piece in found
    ]


def _codes(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.code for mention in codes.find(text)))


@lru_cache(maxsize=4096)
def _is_code(label: str) -> bool:
    return roles.is_code_column(label)


@lru_cache(maxsize=4096)
def _label_cost(label: str) -> int:
    return estimate(label) + 2 if label else 0
