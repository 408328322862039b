"""A page of HTML as a stream of tags: which text stands under which heading, in which list, row or column.

The stream comes from the standard library, because it tells where each piece of text begins; trees do not.
"""

import re
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser

from app.ingest.base import Block, Kind
from app.ingest.loaders.grid import Table
from app.ingest.loaders.metadata import KEYS

SKIPPED = frozenset({"script", "style", "nav", "template", "svg", "iframe", "object", "select", "footer"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img"}
    | {"input", "ins", "kbd", "label", "mark", "meta", "output", "q", "s", "samp", "small", "span", "strike", "strong"}
    | {"sub", "sup", "time", "tt", "u", "var", "wbr"}
)
WITHIN_CELL = frozenset({"p", "div", "br", "center"})  # they part no cell
REFERENCE = re.compile(r"&#?\w{1,40};?")
LEAD_IN = 80  # characters; a shorter line with a colon at its end leads in what follows


class Page(HTMLParser):
    def __init__(self, text: str, starts: Sequence[int], skipped: frozenset[str]) -> None:
        super().__init__(convert_charrefs=False)
        self.text, self.starts, self.skipped = text, starts, skipped
        self.title, self.heading = "", ""
        self.meta: list[tuple[str, str, int]] = []
        self.blocks: list[Block] = []
        self.skipping = ""
        self._skips = 0
        self._in_title = False
        self._levels: list[tuple[int, str]] = []
        self._level = 0  # of the heading that is open
        self._items = self._pre = 0
        self._term = False
        self._lead_in = ""
        self._tables: list[Table] = []
        self._group = 0
        self._words: list[str] = []
        self._start = self._end = 0

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """As browsers do: a comment, https://html.spec.whatwg.org/#bogus-comment-state. The library asserts."""
        return self.parse_bogus_comment(i, report)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.skipping:
            self._skips += tag == self.skipping
            return
        if tag == "meta":
            self._meta({name: value or "" for name, value in attrs})
        if tag in INLINE:
            return
        self._boundary(tag)
        if tag in self.skipped:
            self.skipping, self._skips = tag, 1
        elif tag == "title":
            self._in_title = not self.title
        elif tag in HEADINGS:
            self._level = int(tag[1])
        elif tag in ("table", "tr", "td", "th"):
            self._table(tag, dict(attrs))
        elif tag in ("li", "dd"):
            self._items += tag == "dd"
        elif tag in ("ul", "ol"):
            self._items += 1
        elif tag == "pre":
            self._pre += 1
        self._term = tag == "dt"

    def handle_endtag(self, tag: str) -> None:
        if self.skipping:
            self._skips -= tag == self.skipping
            self.skipping = self.skipping if self._skips else ""
            return
        if tag in INLINE:
            return
        self._boundary(tag)
        if tag == "title":
            self._in_title = False
        elif tag in HEADINGS:
            self._level = 0
        elif tag in ("ul", "ol", "dd"):
            self._items = max(0, self._items - 1)
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        elif tag in ("td", "th") and self._tables:
            self._tables[-1].cell = False
        elif tag in ("tr", "table"):
            self.end_row()
            if tag == "table" and self._tables:
                self._tables.pop()

    def handle_data(self, data: str) -> None:
        self._add(data, data)

    def handle_entityref(self, name: str) -> None:
        self._reference()

    def handle_charref(self, name: str) -> None:
        self._reference()

    def _here(self) -> int:
        line, column = self.getpos()
        return min(len(self.text), self.starts[min(line, len(self.starts)) - 1] + column)

    def _reference(self) -> None:
        match = REFERENCE.match(self.text, self._here())
        if match:
            self._add(match[0], unescape(match[0]))

    def _add(self, raw: str, words: str) -> None:
        if self.skipping:
            return
        if self._in_title:
            self.title += words
            return
        start = self._here()
        if not raw.isspace() and raw:
            if not self._words:
                self._start = start + len(raw) - len(raw.lstrip())
            self._end = start + len(raw.rstrip())
        if self._words or not raw.isspace():
            self._words.append(words)

    def _meta(self, attrs: dict[str, str]) -> None:
        key = attrs.get("name", "").strip().lower().replace("-", "_")
        if key in KEYS:
            self.meta.append((key, attrs.get("content", ""), self.getpos()[0]))

    def _boundary(self, tag: str) -> None:
        inside = bool(self._tables) and self._tables[-1].cell
        if tag == "br" and (inside or not self._pre) and self._words:
            self._words.append("\n")
        elif not (inside and tag in WITHIN_CELL):
            self.flush()

    def flush(self) -> None:
        """What was gathered since the last boundary becomes a block."""
        words, self._words = " ".join("".join(self._words).split()), []
        if not words or self._end <= self._start:
            return
        self._group += 1
        table = self._tables[-1] if self._tables else None
        if table and table.cell and not self._level and not self._pre:
            cell = Block(self._start, self._end, self._headings(), "", 0, "cell", words)
            table.cells.append((cell, table.header, table.column))
            return
        self._emit_cells()
        if self._level:
            self._enter(self._level, words)
        self.blocks.append(self._block(words))

    def _block(self, words: str) -> Block:
        kind: Kind = "heading" if self._level else "code" if self._pre else "item" if self._items else "text"
        if kind == "heading":
            self._lead_in = ""
        elif kind == "text":
            leads = self._term or (words.endswith(":") and len(words) < LEAD_IN)
            self._lead_in = words.rstrip(": ") if leads else ""
        label = "" if kind in ("heading", "code") else self._lead_in
        return Block(self._start, self._end, self._headings(), label, self._group, kind, words)

    def _headings(self) -> tuple[str, ...]:
        return tuple(name for _, name in self._levels)

    def _enter(self, level: int, words: str) -> None:
        while self._levels and self._levels[-1][0] >= level:
            self._levels.pop()
        self._levels.append((level, words))
        self.heading = self.heading or words

    def _table(self, tag: str, attrs: dict[str, str | None]) -> None:
        if tag == "table":
            self._emit_cells()
            self._tables.append(Table())
            return
        if not self._tables:
            return
        if tag == "tr":
            self.end_row()
        else:
            self._tables[-1].open_cell(tag == "th", attrs.get("colspan") or "1", attrs.get("rowspan") or "1")

    def end_row(self) -> None:
        if self._tables:
            self._group += 1
            self.blocks.extend(self._tables[-1].end_row(self._group))

    def _emit_cells(self) -> None:
        if self._tables:
            self._group += 1
            self.blocks.extend(self._tables[-1].emit(self._group))
