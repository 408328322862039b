"""What a file says of itself: YAML front matter, or leading `# key: value` lines."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from app.core.document import Applicability, Document
from app.core.errors import InvalidDocument
from app.core.ids import document_id
from app.ingest.loaders.text import line_starts

FRONT = re.compile(r"---[ \t]*(?:\r\n|\r|\n)(.*?)^(?:---|\.\.\.)[ \t]*(?:\r\n|\r|\n|\Z)", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"#[ \t]*(?:([A-Za-z][\w -]{0,40}?)[ \t]*:[ \t]*([^\r\n]*))?(?:\r\n|\r|\n|\Z)")
MARKS = ("//", "#", "--", "(*", "/*", "*", ";", "'", "{")
BLOCKS = {"(*": "*)", "/*": "*/"}
SINGLE = ("id", "title", "revision", "valid_from", "superseded_by")
DEEPEST = 20  # levels of other programs' metadata; the reader's time grows with the square of the depth
NULLS = ("", "~", "null", "Null", "NULL")
LISTS = ("vehicle_classes", "baselines")
KEYS = frozenset((*SINGLE, *LISTS))
FIELD = re.compile(r":([A-Za-z][\w -]{0,40}):[ \t]*([^\r\n]*)(?:\r\n|\r|\n|\Z)")
REMARK = re.compile(r"[ \t]*(?://|#|--|\(\*|/\*|\*|;|')?[/*!]*[ \t]*([A-Za-z][\w-]{0,40})[ \t]*:[ \t]*([^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Entry:
    values: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """`entries` by known key; the body begins at `body`."""

    path: str
    entries: Mapping[str, Entry]
    body: int = 0

    def one(self, key: str) -> str:
        entry = self.entries.get(key)
        if entry and len(entry.values) > 1:
            raise _invalid(self.path, entry.line, f"{key} takes one value, not a list")
        return entry.values[0] if entry and entry.values else ""

    def many(self, key: str) -> tuple[str, ...]:
        entry = self.entries.get(key)
        return entry.values if entry else ()

    def date(self, key: str) -> date | None:
        value = self.one(key)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError as error:
            line = self.entries[key].line
            raise _invalid(self.path, line, f"{key} is no date: {value!r}; write it as 2026-03-31") from error

    def document(self, kb: str, text: str, form: str, heading: str = "") -> Document:
        """`heading` titles a document that does not name itself; the file's name is the last resort."""
        if not text[self.body :].strip():
            raise InvalidDocument(f"{self.path}: there is no text below its metadata.")
        return Document(
            id=document_id(kb, self.one("id") or self.path),
            kb=kb,
            path=self.path,
            title=self.one("title") or heading or PurePosixPath(self.path).stem,
            text=text,
            format=form,
            revision=self.one("revision"),
            valid_from=self.date("valid_from"),
            superseded_by=self.one("superseded_by") or None,
            applicability=Applicability(self.many("vehicle_classes"), self.many("baselines")),
        )


def described(document: Document, entry: Metadata) -> Document:
    """The document with all that `entry` says of it."""
    told: dict[str, Any] = {key: entry.one(key) for key in ("title", "revision") if entry.one(key)}
    if entry.one("id"):
        told["id"] = document_id(document.kb, entry.one("id"))
    if entry.one("superseded_by"):
        told["superseded_by"] = entry.one("superseded_by")
    if "valid_from" in entry.entries:
        told["valid_from"] = entry.date("valid_from")
    old = document.applicability
    new = Applicability(entry.many("vehicle_classes") or old.vehicle_classes, entry.many("baselines") or old.baselines)
    return replace(document, applicability=new, **told)


def front_matter(path: str, text: str) -> Metadata:
    """The YAML block that opens a Markdown file. Keys that are not ours are other programs' and are left alone.

    YAML is read as a stream of events: building its tree recurses, and a hostile file could bring the process down.
    """
    import yaml

    match = FRONT.match(text)
    if match is None:
        return Metadata(path, {})
    try:
        found = _entries(path, yaml.parse(match[1], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error)
        line = min(mark.line + 2, len(line_starts(match[1]))) if mark else 2  # it may point behind the last line
        raise _invalid(path, line, f"the front matter cannot be read: {why}") from error
    return Metadata(path, {}) if found is None else Metadata(path, found, match.end())


def comments(path: str, text: str) -> Metadata:
    """`# key: value` lines at the head of a table or log; a list's values are parted by commas."""
    found: dict[str, Entry] = {}
    body = position = 0
    line = 1
    while match := COMMENT.match(text, position):
        key = (match[1] or "").strip().lower().replace(" ", "_").replace("-", "_")
        if key and _ours(path, key, line):
            value = match[2].rstrip(" \t;,")  # a spreadsheet pads the line with empty cells
            found[key] = _entry(key, (value,), line)
            body = match.end()
        position = match.end()
        line += 1
    return Metadata(path, found, body)


def ours(key: str, value: str, line: int) -> Entry:
    """One of `KEYS` with its value as it is written; a list's values are parted by commas."""
    return _entry(key, (value,), line)


def fields(path: str, text: str) -> Metadata:
    """`:key: value` lines that open a reStructuredText file."""
    found: dict[str, Entry] = {}
    body = position = 0
    line = 1
    while match := FIELD.match(text, position):
        key = match[1].strip().lower().replace(" ", "_").replace("-", "_")
        if _ours(path, key, line):
            found[key] = _entry(key, (match[2],), line)
            body = match.end()
        position, line = match.end(), line + 1
    return Metadata(path, found, body)


def remarks(path: str, text: str, lines: int = 40) -> Metadata:
    """`key: value` in the comment that opens a source file. All else in it is the programmer's."""
    found: dict[str, Entry] = {}
    inside = ""  # what closes the comment that is open
    for line, content in enumerate(text.split("\n", lines)[:lines], start=1):
        bare = content.strip()
        if not inside and bare and not bare.startswith(MARKS):
            break
        inside = next((end for mark, end in BLOCKS.items() if bare.startswith(mark)), inside)
        match = REMARK.match(content)
        key = match[1].lower().replace("-", "_") if match else ""
        if match and key in KEYS and key not in found:
            value = match[2].split("*)")[0].split("*/")[0]
            found[key] = _entry(key, (value,), line)
        if inside and bare.removeprefix(inside if bare == inside else "").endswith(inside):
            inside = ""
    return Metadata(path, found)


def assignments(path: str, title: str, subject: str) -> Metadata:
    """Of a binary document's properties: its title, and `revision=B; valid_from=…` in its subject."""
    pairs = (part.partition("=") for part in subject.split(";"))
    found = {key.strip().lower(): value for key, sign, value in pairs if sign}
    entries = {key: _entry(key, (value,), 1) for key, value in found.items() if _ours(path, key, 1)}
    if title.strip() and "title" not in entries:
        entries["title"] = Entry((" ".join(title.split()),), 1)
    return Metadata(path, entries)


def _entries(path: str, events: Iterator[Any]) -> dict[str, Entry] | None:
    """None when there is prose between the two rules: that is no front matter."""
    import yaml

    roots = (yaml.ScalarEvent, yaml.CollectionStartEvent)
    root = next((event for event in events if isinstance(event, roots)), None)
    if isinstance(root, yaml.ScalarEvent):
        return None
    if isinstance(root, yaml.SequenceStartEvent):
        raise _invalid(path, 2, "the front matter is not made of `key: value` lines")
    found: dict[str, Entry] = {}
    while root is not None and not isinstance(key := next(events), yaml.MappingEndEvent):
        line = key.start_mark.line + 2
        values = _values(events)
        if not isinstance(key, yaml.ScalarEvent):
            raise _invalid(path, line, "a key must be a text")
        if _ours(path, key.value, line):
            if values is None:
                raise _invalid(path, line, f"{key.value} must be a text or a list of texts")
            found[key.value] = _entry(key.value, values, line)
    return found


def _values(events: Iterator[Any]) -> list[str] | None:
    """The next value, as it is written: revision 1.10 does not become 1.1. None for what is deeper than a list."""
    import yaml

    event = next(events)
    values: list[str] | None = None if isinstance(event, (yaml.MappingStartEvent, yaml.AliasEvent)) else []
    depth = 0
    while True:
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > 1:
            values = None
        if depth > DEEPEST:
            raise yaml.YAMLError("it is nested too deep")
        if values is not None and isinstance(event, yaml.ScalarEvent):
            values.append("" if event.implicit[0] and event.value in NULLS else event.value)
        if depth == 0:
            return values
        event = next(events)


def _entry(key: str, values: Sequence[str], line: int) -> Entry:
    """A list may also be written as one text with commas."""
    if key in LISTS and len(values) == 1:
        values = values[0].split(",")
    return Entry(tuple(filter(None, (value.strip() for value in values))), line)


def _ours(path: str, key: str, line: int) -> bool:
    """A key that is nearly ours is a slip: without this, a mistyped `superseded_by` would be lost in silence."""
    if key in SINGLE or key in LISTS:
        return True
    meant = difflib.get_close_matches(key, [*SINGLE[1:], *LISTS], n=1, cutoff=0.85)
    if meant:
        raise _invalid(path, line, f"unknown key {key!r}; {meant[0]!r} is meant?")
    return False


def _invalid(path: str, line: int, what: str) -> InvalidDocument:
    return InvalidDocument(f"{path}, line {line}: {what}.", line=line)
