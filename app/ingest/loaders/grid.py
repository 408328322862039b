"""A table of HTML, row by row: which column a cell stands in, and what that column is called."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from app.ingest.base import Block
from app.ingest.tables import is_head

WIDEST = 100  # columns or rows that one cell may span


@dataclass
class Table:
    """`cells` are those of the row that is open, each with whether it is a header and its column."""

    columns: dict[int, str] = field(default_factory=dict)
    cells: list[tuple[Block, bool, int]] = field(default_factory=list)
    rows: int = 0
    cell: bool = False  # one is open
    header: bool = False  # it is a header
    column: int = 0
    span: int = 0  # columns that it takes
    below: dict[int, int] = field(default_factory=dict)  # column -> rows that a cell above still takes of it

    def open_cell(self, header: bool, wide: str, high: str) -> None:
        self.column += self.span
        while self.below.get(self.column, 0) > 0:
            self.column += 1
        self.cell, self.header, self.span = True, header, _number(wide)
        if _number(high) > 1:
            self.below.update(dict.fromkeys(range(self.column, self.column + self.span), _number(high)))

    def end_row(self, group: int) -> Iterator[Block]:
        """Names of columns are kept as such; else the cells that are still open."""
        cells = self.cells
        if len(cells) > 1 and (all(header for _, header, _ in cells) or self._names(cells)):
            self.columns = {column: cell.words for cell, _, column in cells}
            first, last = cells[0][0], cells[-1][0]
            yield Block(first.start, last.end, first.headings, "", group, "furniture")
            self.cells = []
        self.rows += bool(cells)
        yield from self.emit(group)
        if self.span:  # a row's end is told twice, by its own tag and by the next row's
            self.below = {column: left - 1 for column, left in self.below.items() if left > 1}
        self.cell, self.column, self.span = False, 0, 0

    def emit(self, group: int) -> Iterator[Block]:
        """A lone cell is a paragraph: such tables only lay out the page."""
        cells, self.cells = self.cells, []
        for cell, _, column in cells:
            if len(cells) == 1:
                yield replace(cell, group=group, kind="text")
            else:
                yield replace(cell, group=group, label=self.columns.get(column, ""))

    def _names(self, cells: list[tuple[Block, bool, int]]) -> bool:
        return self.rows == 0 and is_head([cell.words for cell, _, _ in cells])


def _number(text: str) -> int:
    return min(int(text), WIDEST) if text.isdecimal() and len(text) < 5 and int(text) else 1
