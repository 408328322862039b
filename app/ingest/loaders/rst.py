"""reStructuredText by docutils: its tree says what a piece of text is, the source says where it stands."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.core.errors import InvalidDocument
from app.ingest.base import Block, Kind, Loaded
from app.ingest.loaders.metadata import fields
from app.ingest.loaders.places import Places, Span
from app.ingest.loaders.text import decode
from app.ingest.tables import is_head

if TYPE_CHECKING:
    from docutils import nodes

LONGEST_LINE = 100_000  # characters; docutils' patterns slow down on longer ones
SETTINGS: Mapping[str, object] = {
    "report_level": 5,
    "halt_level": 6,  # nothing in a text stops the reader
    "warning_stream": None,
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "line_length_limit": LONGEST_LINE,
}
UNREAD = frozenset(
    [
        "comment",
        "substitution_definition",
        "target",
        "pending",
        "image",
        "meta",
        "raw",
        "colspec",
        "decoration",
        "transition",
    ]
)
WARNINGS = frozenset({"warning", "danger", "caution", "attention"})
LISTS = frozenset({"bullet_list", "enumerated_list", "option_list", "field_list"})
TEXTS = frozenset({"paragraph", "line", "rubric", "caption", "attribution", "field_name", "subtitle"})
CODES = frozenset({"literal_block", "doctest_block", "math_block"})
SILENT = re.compile(r"\s*\.\.\s+(?:\|[^|]*\|\s+)?(?:include|raw|image|figure|meta|contents|toctree|replace|unicode)\b")
NAMED = re.compile(r"\|([^|\s][^|\n]{0,60})\|")
LEAD_IN = 80


def load_rst(kb: str, path: str, content: bytes) -> Loaded:
    text = decode(path, content)
    metadata = fields(path, text)
    reader = Reader(text, Places(text, metadata.body))
    reader.read(_tree(path, text).children)
    document = metadata.document(kb, text, "rst", reader.title)
    if not reader.blocks:
        raise InvalidDocument(f"{path}: it holds directives alone, and no text.")
    return Loaded(document, tuple(reader.blocks))


def _tree(path: str, text: str) -> "nodes.document":
    from docutils.core import publish_doctree

    from app.ingest.loaders.sphinx import known

    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > LONGEST_LINE:
            raise InvalidDocument(f"{path}, line {number}: longer than {LONGEST_LINE} characters.", line=number)
    known(text)
    try:
        return publish_doctree(text, settings_overrides=dict(SETTINGS))
    except RecursionError as error:
        raise InvalidDocument(f"{path}: it is nested too deep.") from error
    except Exception as error:  # whatever breaks in there, it is this file that breaks it
        raise InvalidDocument(f"{path}: it cannot be read as reStructuredText: {type(error).__name__}.") from error


@dataclass
class Reader:
    """Goes through the tree once, in the order of the text."""

    text: str
    places: Places
    title: str = ""
    blocks: list[Block] = field(default_factory=list)
    headings: tuple[str, ...] = ()
    group: int = 0
    kind: Kind = "text"
    label: str = ""

    def read(self, children: "list[nodes.Node]") -> None:
        for node in children:
            self._node(node)

    def _node(self, node: Any) -> None:
        name = node.tagname
        if name in UNREAD or (name == "topic" and "contents" in node.get("classes", ())):
            return
        if name == "section":
            outer = self.headings
            self.read(node.children)
            self.headings = outer
        elif name == "title":
            self._title(node)
        elif name in TEXTS:
            self._text(node, self.kind, self.label)
        elif name in CODES:
            self._text(node, "code", " ".join(c for c in node.get("classes", ()) if c != "code"))
        elif name == "system_message":
            self._lost(node)
        elif name in LISTS:
            self._under(node, "item", self.label)
        elif name == "definition_list":
            self._definitions(node)
        elif name in WARNINGS:
            self._under(node, "item", "Warning")
        elif name == "table":
            self._table(node)
        elif hasattr(node, "children"):
            self.read(node.children)

    def _under(self, node: Any, kind: Kind, label: str) -> None:
        outer = self.kind, self.label
        self.kind, self.label = kind, label
        self.read(node.children)
        self.kind, self.label = outer

    def _title(self, node: Any) -> None:
        """Of a section; of a sidebar or a box it is a line that leads in."""
        words = _words(node)
        if node.parent.tagname != "section":
            self._text(node, "text", words)
            return
        self.headings, self.label = (*self.headings, words), ""
        self.title = self.title or words
        self._text(node, "heading", "")

    def _text(self, node: Any, kind: Kind, label: str) -> None:
        span = self.places.find(node.rawsource or node.astext(), node.line)
        words = _words(node)
        if span is None or not words:
            return
        if kind == "text":
            leads = words.endswith(":") and len(words) < LEAD_IN
            self.label = label = words.rstrip(": ") if leads else label
        self.group += 1
        self.blocks.append(Block(*span, self.headings, label, self.group, kind, words))

    def _lost(self, node: Any) -> None:
        """What docutils cannot read it quotes: the operator's words are kept as they stand."""
        for child in node.children:
            if child.tagname == "literal_block" and not SILENT.match(child.rawsource):
                self._text(child, "text", "")

    def _definitions(self, node: Any) -> None:
        for item in node.children:
            for child in item.children:
                if child.tagname == "term":
                    term = _words(child)
                    self._text(child, "text", term if len(term) < LEAD_IN else "")
                else:
                    self._under(child, "item", _words(item.children[0]))

    def _table(self, node: Any) -> None:
        for child in node.children:
            if child.tagname == "title":
                self._text(child, "text", "")
        head, body = _rows(node)
        columns = [_words(cell) for cell in head[-1]] if head else []
        for row in head:
            self._emit(row, lambda start, end: Block(start, end, self.headings, "", self.group, "furniture"))
        if not head and len(body) > 1 and is_head([_words(cell) for cell in body[0]]):
            columns = [_words(cell) for cell in body[0]]
        for row in body[bool(columns and not head) :]:
            self._row(row, columns)

    def _emit(self, row: list[Any], make: Callable[[int, int], Block]) -> None:
        spans = [span for cell in row if (span := self._place(cell))]
        if spans:
            self.group += 1
            self.blocks.append(make(spans[0][0], spans[-1][1]))

    def _row(self, row: list[Any], columns: list[str]) -> None:
        """A block for each cell; a row whose cells run side by side over several lines is one block."""
        mark = self.places.mark()
        placed = [(column, cell, self._place(cell)) for column, cell in enumerate(row) if _words(cell)]
        self.group += 1
        if all(span for _, _, span in placed):
            for column, cell, span in placed:
                label = columns[column] if column < len(columns) else ""
                assert span is not None
                self.blocks.append(Block(*span, self.headings, label, self.group, "cell", _words(cell)))
            return
        self.places.back(mark)
        if span := self.places.lines(*_extent(row)):
            told = (f"{label}: {_words(cell)}" for label, cell in zip(_padded(columns, len(row)), row, strict=True))
            self.blocks.append(Block(*span, self.headings, "", self.group, "text", "; ".join(told)))

    def _place(self, cell: Any) -> Span | None:
        """All of a cell, its paragraphs and lists together."""
        spans = [self.places.find(leaf.rawsource or leaf.astext(), leaf.line) for leaf in _leaves(cell)]
        found = [span for span in spans if span]
        return (found[0][0], found[-1][1]) if found and len(found) == len(spans) else None


def _leaves(node: Any) -> Iterator[Any]:
    for child in node.children:
        if child.tagname in TEXTS or child.tagname in CODES or child.tagname == "term":
            if child.astext().strip():
                yield child
        elif child.tagname not in UNREAD and hasattr(child, "children"):
            yield from _leaves(child)


def _rows(table: Any) -> tuple[list[list[Any]], list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {"thead": [], "tbody": []}
    for group in table.children:
        for part in getattr(group, "children", ()):
            if part.tagname in found:
                found[part.tagname].extend(list(row.children) for row in part.children)
    return found["thead"], found["tbody"]


def _extent(row: list[Any]) -> tuple[int, int]:
    """The lines that a row of a drawn table takes, from 1."""
    leaves = [leaf for cell in row for leaf in _leaves(cell) if leaf.line]
    if not leaves:
        return 0, 0
    return min(leaf.line for leaf in leaves), max(leaf.line + leaf.rawsource.count("\n") for leaf in leaves)


def _padded(columns: list[str], width: int) -> list[str]:
    return [*columns, *("" for _ in range(width))][:width]


def _words(node: Any) -> str:
    """Substitutions and roles resolved; one that is defined elsewhere keeps its name."""
    return " ".join(NAMED.sub(r"\1", node.astext()).split())
