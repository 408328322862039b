"""RFC 4180 with places: every cell of a table and where it stands in the text."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from app.core.errors import InvalidDocument

SAMPLE = 1 << 14  # characters that are enough to tell the dialect


@dataclass(frozen=True, slots=True)
class Cell:
    """`text[start:end]` is its content without the quotes around it; a doubled quote inside stays doubled."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    start: int
    end: int  # of the last character before the line end
    cells: tuple[Cell, ...]


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    """Text that follows a closing quote belongs to the cell, as Python's reader has it.

    The quoted part never gives back what it took: else a quote that is not closed would end at a doubled one.
    """
    plain = rf"[^{delimiter}\r\n]*"
    return re.compile(rf'( *"([^"]*+(?:""[^"]*+)*+)"({plain})|{plain})({delimiter}|\r\n|\r|\n|\Z)')


def rows(path: str, text: str, start: int, delimiter: str) -> Iterator[Row]:
    """Every row that is not blank. Raises `InvalidDocument` where a quote is never closed."""
    pattern = _cell(delimiter)
    cells: list[Cell] = []
    position = first = start
    while position < len(text) or cells:
        match = pattern.match(text, position)
        if match is None or (match[2] is None and match[1].lstrip(" ").startswith('"')):
            line = len(re.findall(r"\r\n|\r|\n", text[:position])) + 1
            raise InvalidDocument(f"{path}, line {line}: a quote is opened and never closed.", line=line)
        cells.append(_content(match))
        position = match.end()
        if match[4] != delimiter:
            if len(cells) > 1 or cells[0].value or match[2] is not None:
                yield Row(first, match.start(4), tuple(cells))
            cells, first = [], position


def _content(match: re.Match[str]) -> Cell:
    if match[2] is None:
        start = match.start(1) + len(match[1]) - len(match[1].lstrip(" "))
        return Cell(match[1].lstrip(" "), start, match.end(1))
    value = match[2].replace('""', '"') + match[3]
    return Cell(value, match.start(2), match.end(3) if match[3] else match.end(2))


def sniff(text: str, start: int, suffix: str) -> str:
    """The delimiter under which most rows have as many cells as the first one; the more cells the better."""
    sample = text[start : start + SAMPLE]
    if len(sample) == SAMPLE:
        sample = sample[: sample.rfind("\n") + 1] or sample
    candidates = "\t,;" if suffix == ".tsv" else ",;\t"
    return max(candidates, key=lambda delimiter: _fit(sample, delimiter))


def _fit(sample: str, delimiter: str) -> tuple[float, int]:
    widths: list[int] = []
    with suppress(InvalidDocument):  # the sample may end within a quoted cell
        widths.extend(len(row.cells) for row in rows("", sample, 0, delimiter))
    if not widths or widths[0] == 1:
        return 0.0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]
