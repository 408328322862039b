"""Text that is taken out of a binary document, piece by piece: each piece becomes a block with its place."""

from dataclasses import dataclass, field

from app.ingest.base import Block, Kind
from app.ingest.tables import is_head

PAGE = "\f"
UNPRINTABLE = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127), " ") | dict.fromkeys(range(0xD800, 0xE000), "�")


@dataclass
class Writer:
    """`blocks` are places in `text`, which grows with them; `headings` hold until the next one of their level."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    blocks: list[Block] = field(default_factory=list)
    levels: list[tuple[int, str]] = field(default_factory=list)
    group: int = 0
    label: str = ""
    page: int = 1

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(name for _, name in self.levels)

    def write(self, piece: str) -> tuple[int, int]:
        start = self.length
        self.pieces.append(piece)
        self.length += len(piece)
        return start, self.length

    def turn(self) -> None:
        """The next page begins."""
        self.write(PAGE)
        self.page += 1

    def heading(self, words: str, level: int) -> None:
        while self.levels and self.levels[-1][0] >= level:
            self.levels.pop()
        self.levels.append((level, words))
        self.label = ""
        self.block(words, "heading")

    def paragraph(self, words: str, kind: Kind) -> None:
        """A short line that ends in a colon says what the list below it holds."""
        if kind == "text":
            self.label = words.rstrip(": ") if words.endswith(":") and len(words) < 80 else ""
        self.block(words, kind, "" if kind == "furniture" else self.label)

    def block(self, words: str, kind: Kind, label: str = "") -> None:
        self.group += 1
        span = self.write(words)
        self.blocks.append(Block(*span, self.headings, label, self.group, kind))
        self.write("\n\n" if kind in ("heading", "text") else "\n")

    def row(self, cells: list[str], columns: list[str], *, head: bool = False) -> None:
        """Cells part by bars; a head's cells are labels of the rows below it."""
        self.group += 1
        for column, cell in enumerate(cells):
            if column:
                self.write(" | ")
            start, end = self.write(cell)
            if end > start:
                kind: Kind = "furniture" if head else "cell"
                label = columns[column] if column < len(columns) and not head else ""
                self.blocks.append(Block(start, end, self.headings, label, self.group, kind))
        self.write("\n")

    def table(self, rows: list[list[str]], marked: bool = False) -> None:
        """`marked`: the document itself says that the first row is the head."""
        head = len(rows) > 1 and len(rows[0]) > 1 and (marked or is_head(rows[0]))
        columns = rows[0] if head else []
        for number, row in enumerate(rows):
            self.row(row, columns, head=head and number == 0)
        self.write("\n")


def clean(text: str) -> str:
    """Without what no text holds: control characters, halves of pairs."""
    return text.translate(UNPRINTABLE)
