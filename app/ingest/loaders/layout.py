"""Lines as they stand on a page become what they are: a heading, a paragraph, a list item, a row of a table."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.ingest.base import Block
from app.ingest.loaders.written import Writer
from app.ingest.tables import is_head, is_known

CELL = re.compile(r"\S+(?: \S+)*")  # two blanks part columns
ITEM = re.compile(r"\s*(?:[-*•–▪]|\d{1,2}[.)]|[a-z][.)])\s+\S")
BARE_ITEM = re.compile(r"\s*\d{1,2} {2,}\S+(?: \S+)*\s*")
NUMBERED = re.compile(r"\s*(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+[^\W\d_]")
NUMBER = re.compile(r"(?<![\w.,-])\d{1,4}(?![\w.,-]*\w)")
EDGE = 2  # lines at a page's top and bottom among which a running title is looked for
SLACK = 2  # characters by which what stands under each other may differ
ROWS_AHEAD = 4
SHORT = 0.75  # of the page's width
LONGEST = 90  # characters of a heading
LARGER = 1.12  # times the size of the running text


@dataclass(frozen=True, slots=True)
class Style:
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of a table's columns and where each begins; they hold until another table or text follows."""

    names: tuple[str, ...]
    starts: tuple[int, ...]

    def of(self, at: int, end: int) -> int:
        """The column under whose name a cell stands: the last one that begins before the cell's middle."""
        middle = (at + end) / 2
        return max((n for n, start in enumerate(self.starts) if start <= max(at, middle - 1)), default=0)


@dataclass
class Composer:
    styles: Mapping[str, Style]
    running: frozenset[str]
    out: Writer = field(default_factory=Writer)
    title: str = ""
    columns: Columns | None = None
    within: bool = False  # the last thing written is a row
    apart: bool = True  # a blank line stands before this one
    ended: bool = False  # the last line of text ends its paragraph: it is short and ends a sentence
    width: int = 0  # of the page, in characters
    keyed: bool = True  # the row has its first column
    hanging: bool | None = None  # rows of several lines have it in the last of them
    row: dict[int, list[str]] = field(default_factory=dict)  # of the row that is open, by column
    gathered: list[str] = field(default_factory=list)
    body: float = field(init=False)
    sizes: list[float] = field(init=False)

    def __post_init__(self) -> None:
        count: Counter[float] = Counter()
        for line, style in self.styles.items():
            count[style.size] += len(line)
        self.body = count.most_common(1)[0][0] if count else 0.0
        self.sizes = sorted((size for size in count if size > self.body * LARGER), reverse=True)

    def turn(self) -> None:
        """A page ends; a paragraph or table may go on behind it."""
        self._paragraph()
        self.out.turn()

    def end(self) -> None:
        self._paragraph()

    def page(self, lines: Sequence[str]) -> None:
        self.width = max(map(len, lines), default=0)
        shown = [at for at, line in enumerate(lines) if line.strip()]
        edge = {*shown[:EDGE], *shown[-EDGE:]}
        for at, line in enumerate(lines):
            if not line.strip():
                self._words()  # a table may be set with blank lines
                self.apart = True
                continue
            if at in edge and masked(line) in self.running:
                self._furniture(line)
                continue
            self._line(line, lines[at + 1 :])
            self.apart = False

    def _line(self, line: str, below: Sequence[str]) -> None:
        cells = list(CELL.finditer(line))
        alone = len(cells) == 1 or (len(cells) == 2 and cells[0][0].replace(".", "").isdecimal())
        level = self._level(line) if alone and not self._is_head(cells, below) else 0
        if level:
            self._heading(line, level)
        elif self._is_head(cells, below):
            self._head(cells)
        elif self.columns and self._in_columns(cells):
            self._row(cells)
        elif len(cells) > 1 and not (ITEM.match(line) or BARE_ITEM.fullmatch(line)) and self._alike(cells, below):
            self.columns = Columns((), tuple(cell.start() for cell in cells))
            self._row(cells)
        else:
            self._text(line)

    def _level(self, line: str) -> int:
        """Larger or bold type, or a bold number, makes a heading; the number tells its level if there is one."""
        words = line.strip()
        style = self.styles.get("".join(words.split()))
        if (
            style is None
            or len(words) > LONGEST
            or words.endswith((".", ";", ","))
            or not re.search(r"[^\W\d_]", words)
        ):
            return 0
        number = NUMBERED.match(words)
        if style.size in self.sizes:
            return number[1].count(".") + 2 if number else self.sizes.index(style.size) + 1
        if style.bold and not self.within:
            return number[1].count(".") + 2 if number else len(self.sizes) + 1
        return 0

    def _heading(self, line: str, level: int) -> None:
        self._paragraph()
        self.columns, self.within = None, False
        words = " ".join(line.split())
        if not NUMBERED.match(words) and all(block.kind == "furniture" for block in self.out.blocks):
            self.title = words
        self.out.heading(words, level)

    def _is_head(self, cells: Sequence[re.Match[str]], below: Sequence[str]) -> bool:
        """Names over a table's rows: its first line, or behind a page break its own once more."""
        words = [cell[0] for cell in cells]
        if len(cells) < 2 or (self.columns and tuple(words) == self.columns.names):
            return len(cells) > 1
        if not is_head(words) or (len(words) == 2 and not is_known(words) and not self._is_bold(cells)):
            return False  # two columns without a head are names and values
        return self._alike(cells, below) if self.columns is None else is_known(words)

    def _is_bold(self, cells: Sequence[re.Match[str]]) -> bool:
        style = self.styles.get("".join("".join(cell[0].split()) for cell in cells))
        return style is not None and style.bold

    def _alike(self, cells: Sequence[re.Match[str]], below: Sequence[str]) -> bool:
        """One of the next lines has cells under these."""
        following = [line for line in below if line.strip()][:ROWS_AHEAD]
        return any(_under(cells, list(CELL.finditer(line))) >= 2 for line in following)

    def _in_columns(self, cells: Sequence[re.Match[str]]) -> bool:
        """A row of the open table. One lone cell must stand under a name, or fit into the first column."""
        assert self.columns is not None
        starts = self.columns.starts
        if len(cells) > 1:
            return True
        cell = cells[0]
        if cell.start() > starts[0] + SLACK:
            return any(abs(cell.start() - start) <= SLACK for start in starts[1:])
        return not self.apart and len(starts) > 1 and cell.end() < starts[1]

    def _head(self, cells: Sequence[re.Match[str]]) -> None:
        self._paragraph()
        names = tuple(cell[0] for cell in cells)
        self.columns = Columns(names, tuple(cell.start() for cell in cells))
        self.keyed, self.hanging = True, None
        self.out.row(list(names), [], head=True)

    def _row(self, cells: Sequence[re.Match[str]]) -> None:
        """A row may take several lines. Its first column stands in the first of them, or `hanging` in the last."""
        self._words()
        assert self.columns is not None
        key = cells[0].start() <= self.columns.starts[0] + SLACK
        if self.hanging is None:
            self.hanging = not key
        if self.keyed if self.hanging else key:
            self._close()
            self.keyed = False
        self.keyed = self.keyed or key
        for cell in cells:
            self.row.setdefault(self.columns.of(cell.start(), cell.end()), []).append(cell[0])
        self.within = True

    def _close(self) -> None:
        """The row that is open is whole: the lines of a cell are joined."""
        if self.row and self.columns:
            width = max(self.row) + 1
            cells = [" ".join(self.row.get(column, ())) for column in range(width)]
            self.out.row(cells, list(self.columns.names))
        self.row = {}

    def _text(self, line: str) -> None:
        if self.within:
            self._close()
            self.out.write("\n")
        self.within, self.columns = False, None
        if ITEM.match(line) or BARE_ITEM.fullmatch(line) or self.ended:
            self._words()
        self.ended = len(line) < self.width * SHORT and line.endswith((".", ":", "!", "?"))
        self.gathered.append(
            " ".join(line.split()) if not BARE_ITEM.fullmatch(line) else "  ".join(line.split(None, 1))
        )

    def _paragraph(self) -> None:
        self._close()
        self._words()

    def _words(self) -> None:
        """The lines gathered so far are one paragraph or list item."""
        if not self.gathered:
            return
        words, self.gathered, self.ended = "\n".join(self.gathered), [], False
        self.out.paragraph(words, "item" if ITEM.match(words) or BARE_ITEM.match(words) else "text")

    def _furniture(self, line: str) -> None:
        """A running title parts no table."""
        self._paragraph()
        span = self.out.write(" ".join(line.split()))
        self.out.group += 1
        self.out.blocks.append(Block(*span, self.out.headings, "", self.out.group, "furniture"))
        self.out.write("\n")


def _under(cells: Sequence[re.Match[str]], others: Sequence[re.Match[str]]) -> int:
    return sum(any(abs(cell.start() - other.start()) <= SLACK for other in others) for cell in cells)


def masked(line: str) -> str:
    """Without its page number."""
    return NUMBER.sub("#", " ".join(line.split()))
