"""Markdown: headings, paragraphs, list items, table cells and fenced code, each with its place in the file."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from app.ingest.base import Block, Kind, Loaded
from app.ingest.loaders.metadata import front_matter
from app.ingest.loaders.text import decode, line_starts, trim
from app.ingest.plain import unmarked

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

PIPE = re.compile(r"(?<!\\)\|")
BEFORE_ROW = re.compile(r"(?:[\s>]|[-*+]\s|\d{1,9}[.)]\s)*\|?")
COMMENT = re.compile(r"\s*<!--.*?-->\s*", re.DOTALL)
LEAD_IN = re.compile(r"(?:[*_]*([^\n]{2,60}?)[*_]*:[*_]*|(?:\*\*|__)([^\n*]{2,60})(?:\*\*|__))\s*")


@cache
def _parser() -> "MarkdownIt":
    """Blocks alone: places come from line maps, and the inline pass would double the time."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def load_markdown(kb: str, path: str, content: bytes) -> Loaded:
    text = decode(path, content)
    metadata = front_matter(path, text)
    reader = Reader(text, metadata.body)
    blocks = tuple(reader.blocks(_parser().parse(text[metadata.body :])))
    document = metadata.document(kb, text, "markdown", reader.title)
    body = trim(text, metadata.body, len(text))[0]
    if not blocks or blocks[0].start > body:  # link definitions leave no token
        end = blocks[0].start if blocks else len(text)
        blocks = (Block(body, end, kind="furniture"), *blocks)
    return Loaded(document, blocks)


@dataclass
class Reader:
    """Walks the parser's tokens once and remembers under which headings it is."""

    text: str
    body: int
    title: str = ""
    starts: list[int] = field(init=False)
    levels: list[tuple[int, str]] = field(default_factory=list)
    headings: tuple[str, ...] = ()
    group: int = 0
    lead_in: str = ""
    columns: list[str] = field(default_factory=list)
    rows: int = 0  # the line where the table's rows begin

    def __post_init__(self) -> None:
        self.starts = [start + self.body for start in line_starts(self.text[self.body :])]

    def blocks(self, tokens: Sequence["Token"]) -> Iterator[Block]:
        items = 0  # how many list items are open
        for at, token in enumerate(tokens):
            match token.type:
                case "list_item_open":
                    items += 1
                case "list_item_close":
                    items -= 1
                case "heading_open" if token.level == 0:
                    yield self._heading(token, tokens[at + 1].content)
                case "heading_open" | "paragraph_open":
                    yield self._paragraph(token, tokens[at + 1].content, "item" if items else "text")
                case "fence" | "code_block":
                    yield self._block(token, "code", token.info.strip())
                case "html_block":
                    comment = COMMENT.fullmatch(token.content)
                    yield self._block(token, "furniture" if comment else "text")
                case "hr":
                    yield self._block(token, "furniture")
                case "table_open":
                    yield self._table_head(token)
                case "thead_open":
                    self.columns = []
                case "th_open":
                    self.columns.append(unmarked(tokens[at + 1].content))
                case "tr_open" if token.map and token.map[0] >= self.rows:
                    yield from self._row(token)

    def _span(self, token: "Token") -> tuple[int, int]:
        first, last = token.map or (0, 0)
        start = self.starts[first]
        end = self.starts[last] if last < len(self.starts) else len(self.text)
        return start, trim(self.text, start, end)[1]

    def _block(self, token: "Token", kind: Kind, label: str = "") -> Block:
        self.group += 1
        return Block(*self._span(token), self.headings, label, self.group, kind)

    def _heading(self, token: "Token", content: str) -> Block:
        level = int(token.tag[1])
        while self.levels and self.levels[-1][0] >= level:
            self.levels.pop()
        title = " ".join(unmarked(content).split())
        self.levels.append((level, title))
        self.headings = tuple(name for _, name in self.levels)
        self.lead_in = ""
        if level == 1 and not self.title:
            self.title = title
        return self._block(token, "heading")

    def _paragraph(self, token: "Token", content: str, kind: Kind) -> Block:
        """A short line that ends in a colon, or is all bold, says what the list below it holds."""
        if kind == "text":
            lead_in = LEAD_IN.fullmatch(content) if len(content) < 80 else None
            self.lead_in = (lead_in[1] or lead_in[2]) if lead_in else ""
        return self._block(token, kind, self.lead_in)

    def _table_head(self, token: "Token") -> Block:
        """The header row and the rule below it; every cell carries its column's name instead."""
        first = token.map[0] if token.map else 0
        self.rows = first + 2
        self.group += 1
        start, end = self.starts[first], self.starts[self.rows] if self.rows < len(self.starts) else len(self.text)
        return Block(start, trim(self.text, start, end)[1], self.headings, "", self.group, "furniture")

    def _row(self, token: "Token") -> Iterator[Block]:
        """One block for each cell. The parser gives no places within a row, so its pipes are looked for here."""
        start, end = self._span(token)
        before = BEFORE_ROW.match(self.text, start, end)
        inner = before.end() if before else start
        self.group += 1
        if inner > start:
            yield Block(start, inner, self.headings, "", self.group, "furniture")
        edges = [inner - 1, *(match.start() for match in PIPE.finditer(self.text, inner, end)), end]
        for column, (left, right) in enumerate(pairwise(edges)):
            first, last = trim(self.text, left + 1, right)
            if last > first:
                label = self.columns[column] if column < len(self.columns) else ""
                yield Block(first, last, self.headings, label, self.group, "cell")
