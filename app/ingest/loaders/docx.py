"""DOCX: paragraphs, headings, lists and tables, as they would be read aloud."""

import re
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from app.core.errors import InvalidDocument
from app.ingest.base import Loaded
from app.ingest.loaders.metadata import assignments
from app.ingest.loaders.written import Writer, clean

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
UNPACKED = 256 * 2**20  # bytes of all parts together
PARTS = 5000
RATIO = 200  # text shrinks to a tenth, a bomb to a thousandth
SMALL = 2**20  # below this a high ratio does no harm
HEADING = re.compile(r"(?:heading|überschrift|titre|titolo)\s*(\d)", re.IGNORECASE)
DEEPEST = 40
NOTES = {f"{W}footnoteReference": "footnote", f"{W}endnoteReference": "endnote"}
COUNTED = re.compile(r"(?:page|seite|blatt|sheet|p\.)?[\s\d/|.-]*(?:of|von|sur|de)?[\s\d/|.-]*", re.IGNORECASE)


def load_docx(kb: str, path: str, content: bytes) -> Loaded:
    _must_be_small(path, content)
    document = _open(path, content)
    properties = document.core_properties
    metadata = assignments(path, clean(properties.title or ""), clean(properties.subject or ""))
    reader = Reader({style.style_id: style.name or "" for style in document.styles}, dict(_notes(document.part)))
    reader.body(document.element.body)
    reader.margins(_margins(document.part))
    text = reader.out.text
    if not text.strip():
        raise InvalidDocument(f"{path}: there is no text in it; pictures are not read.")
    return Loaded(metadata.document(kb, text, "docx", reader.title), tuple(reader.out.blocks))


def _must_be_small(path: str, content: bytes) -> None:
    """What it says of its size is believed only to refuse it: the limits of this process hold for the rest."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
        raise InvalidDocument(f"{path}: it is damaged; its parts cannot be listed.") from error
    size = sum(part.file_size for part in parts)
    if len(parts) > PARTS or size > UNPACKED or any(_is_bomb(part) for part in parts):
        raise InvalidDocument(f"{path}: it unpacks to {size / 2**20:.0f} MiB in {len(parts)} parts; that is a bomb.")


def _is_bomb(part: zipfile.ZipInfo) -> bool:
    return part.file_size > SMALL and part.file_size > RATIO * max(1, part.compress_size)


def _open(path: str, content: bytes) -> Any:
    import docx

    try:
        document = docx.Document(BytesIO(content))
        _ = document.core_properties.title, document.element.body, list(document.styles)
    except Exception as error:  # whatever breaks in there, it is this file that breaks it
        raise InvalidDocument(f"{path}: it cannot be read as DOCX: {type(error).__name__}.") from error
    return document


class Reader:
    """Goes through the body's XML: the library's own paragraphs leave out what was inserted under revision."""

    def __init__(self, styles: dict[str, str], notes: dict[tuple[str, str], str]) -> None:
        self.out = Writer()
        self.styles = styles
        self.notes = notes  # by their kind and number
        self.title = ""

    def body(self, element: Any, depth: int = 0) -> None:
        for child in element:
            if child.tag == f"{W}p":
                self._paragraph(child)
                self._noted(child)
            elif child.tag == f"{W}tbl":
                self._table(child)
                self._noted(child)
            elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml") and depth < DEEPEST:
                self.body(child, depth + 1)

    def margins(self, lines: Iterable[str]) -> None:
        """What stands at the top and the foot of every page, once, below all headings."""
        self.out.levels.clear()
        self.out.label = ""
        for line in dict.fromkeys(filter(None, lines)):
            self.out.paragraph(line, "text")

    def _noted(self, element: Any) -> None:
        """Footnotes and endnotes right below what they belong to."""
        for mark in element.iter(*NOTES):
            words = self.notes.get((NOTES[mark.tag], mark.get(f"{W}id", "")))
            if words:
                self.out.paragraph(words, "text")

    def _paragraph(self, element: Any) -> None:
        for _ in _breaks(element):
            self.out.turn()
        words = _words(element)
        if not words:
            return
        style = self._style(element)
        level = HEADING.match(style)
        if level or style.lower() == "title":
            self.title = self.title or words
            self.out.heading(words, int(level[1]) if level else 0)
            return
        listed = element.find(f"{W}pPr/{W}numPr") is not None or style.lower().startswith("list")
        self.out.paragraph(words, "item" if listed else "text")

    def _style(self, element: Any) -> str:
        named = element.find(f"{W}pPr/{W}pStyle")
        key = named.get(f"{W}val", "") if named is not None else ""
        return self.styles.get(key, key)

    def _table(self, element: Any) -> None:
        rows = [list(_cells(row)) for row in element.iter(f"{W}tr") if _outer(row, element)]
        first = element.find(f"{W}tr/{W}trPr/{W}tblHeader")
        rows = [row for row in rows if any(row)]
        if not rows:
            return
        if len(rows[0]) == 1:
            for row in rows:
                self.out.paragraph(" ".join(filter(None, row)), "text")
            return
        self.out.table(rows, marked=first is not None)


def _notes(part: Any) -> Iterator[tuple[tuple[str, str], str]]:
    for kind in NOTES.values():
        for root in _related(part, f"{kind}s"):
            for note in root.iter(f"{W}{kind}"):
                yield (kind, note.get(f"{W}id", "")), " ".join(filter(None, map(_words, note.iter(f"{W}p"))))


def _margins(part: Any) -> Iterator[str]:
    """Pages are counted there; a line that only counts them says nothing."""
    for kind in ("header", "footer"):
        for root in _related(part, kind):
            for paragraph in root.iter(f"{W}p"):
                words = _words(paragraph)
                yield "" if COUNTED.fullmatch(words) else words


def _related(part: Any, kind: str) -> Iterator[Any]:
    """The other parts of the package of this kind, as XML; one that is damaged is left out."""
    from docx.oxml.parser import parse_xml
    from lxml.etree import XMLSyntaxError

    for relation in part.rels.values():
        if not relation.is_external and relation.reltype.endswith(f"/{kind}"):
            try:
                yield parse_xml(relation.target_part.blob)
            except XMLSyntaxError:
                continue


def _outer(row: Any, table: Any) -> bool:
    """A table within a cell is read as that cell's text."""
    return next(row.iterancestors(f"{W}tbl")) is table


def _cells(row: Any) -> Iterator[str]:
    """A cell that goes on from the row above is empty, one that spans columns leaves the next ones empty."""
    for cell in row:
        if cell.tag != f"{W}tc":
            continue
        span = cell.find(f"{W}tcPr/{W}gridSpan")
        merged = cell.find(f"{W}tcPr/{W}vMerge")
        goes_on = merged is not None and merged.get(f"{W}val") != "restart"
        yield "" if goes_on else " ".join(filter(None, (_words(p) for p in cell.iter(f"{W}p"))))
        width = span.get(f"{W}val", "1") if span is not None else "1"
        yield from [""] * (min(int(width), 64) - 1 if width.isdecimal() else 0)


def _words(paragraph: Any) -> str:
    """What is shown: inserted text is, deleted text is not."""
    pieces = []
    for node in paragraph.iter(f"{W}t", f"{W}tab", f"{W}br", f"{W}cr", f"{W}noBreakHyphen"):
        if any(above.tag == FALLBACK for above in node.iterancestors()):
            continue  # the same text box once more, for older programs
        if node.tag == f"{W}t":
            pieces.append(node.text or "")
        else:
            pieces.append("-" if node.tag == f"{W}noBreakHyphen" else " ")
    return " ".join(clean("".join(pieces)).split())


def _breaks(paragraph: Any) -> Iterator[Any]:
    """Where the program that wrote the file had a page end; without any, no page is told."""
    return iter(list(paragraph.iter(f"{W}lastRenderedPageBreak"))[:20])
