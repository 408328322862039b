"""CSV and TSV: a block for each cell, labelled by its column; rows stay together."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from app.faults import codes
from app.ingest.base import Block, Loaded
from app.ingest.loaders.metadata import comments
from app.ingest.loaders.rfc4180 import Row, rows, sniff
from app.ingest.loaders.text import decode, trim
from app.ingest.tables import is_head

REMARK = re.compile(r"#[ \t][^\r\n]*\s*")
ENOUGH = 50  # rows that show which column holds the codes


def load_delimited(kb: str, path: str, content: bytes) -> Loaded:
    text = decode(path, content)
    metadata = comments(path, text)
    body = trim(text, metadata.body, len(text))[0]
    remarks = list(_remarks(text, body))
    start = trim(text, remarks[-1].end, len(text))[0] if remarks else body
    table = list(rows(path, text, start, sniff(text, start, PurePosixPath(path).suffix.lower())))
    head = table[:1] if len(table) > 1 and is_head([cell.value for cell in table[0].cells]) else []
    names = [" ".join(cell.value.split()) for cell in head[0].cells] if head else _names(table)
    blocks = [*remarks, *(Block(row.start, row.end, kind="furniture") for row in head)]
    for group, row in enumerate(table[len(head) :], start=len(blocks) + 1):
        blocks.extend(_row(text, row, names, group))
    return Loaded(metadata.document(kb, text, "csv"), tuple(blocks))


def _remarks(text: str, start: int) -> Iterator[Block]:
    """`# …` lines between the metadata and the table. `#` alone may well name the first column."""
    while match := REMARK.match(text, start):
        yield Block(start, trim(text, start, match.end())[1], group=-1 - start)
        start = match.end()


def _names(table: Sequence[Row]) -> list[str]:
    """Without a header, a first column in which every cell is one fault code and nothing else is the code column."""
    first = [row.cells[0].value.strip() for row in table[:ENOUGH]]
    lone = all(len(found := codes.find(value)) == 1 and found[0].spelled == value for value in first)
    return ["Code"] if first and lone else []


def _row(text: str, row: Row, names: Sequence[str], group: int) -> Iterator[Block]:
    spans = [(column, trim(text, cell.start, cell.end)) for column, cell in enumerate(row.cells)]
    filled = [(column, span) for column, span in spans if span[1] > span[0]]
    opening = filled[0][1][0] if filled else row.end
    if opening > row.start:
        yield Block(row.start, opening, group=group, kind="furniture")
    for column, (start, end) in filled:
        yield Block(start, end, (), names[column] if column < len(names) else "", group, "cell")
