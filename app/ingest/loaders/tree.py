"""JSON and YAML: an object's leaves are the cells of a row, its keys the columns; what encloses it are headings."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.errors import InvalidDocument
from app.faults import codes, roles
from app.ingest.base import Block, Kind, Loaded
from app.ingest.loaders.metadata import KEYS, Entry, Metadata, comments, ours
from app.ingest.loaders.text import decode

DEEPEST = 60  # levels; deeper ones are a trap, or a dump that no person reads
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
OPENS = {"{": "map", "[": "list"}


@dataclass(frozen=True, slots=True)
class Event:
    """`map` and `list` open, `end` closes; a map's scalars are keys and values by turns."""

    kind: Literal["map", "list", "end", "scalar"]
    start: int = 0
    end: int = 0
    value: str = ""


def load_json(kb: str, path: str, content: bytes) -> Loaded:
    text = decode(path, content)
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        line = error.lineno
        raise InvalidDocument(f"{path}, line {line}: it is no valid JSON: {error.msg}.", line=line) from error
    except RecursionError as error:
        raise InvalidDocument(f"{path}: it is nested too deep.") from error
    return _load(kb, "json", text, Metadata(path, {}), _json(text))


def load_yaml(kb: str, path: str, content: bytes) -> Loaded:
    text = decode(path, content)
    return _load(kb, "yaml", text, comments(path, text), _yaml(path, text))


def _load(kb: str, form: str, text: str, metadata: Metadata, events: Iterator[Event]) -> Loaded:
    path = metadata.path
    tree = Tree(text)
    for event in events:
        if len(tree.open) > DEEPEST:
            line = text.count("\n", 0, event.start) + 1
            raise InvalidDocument(f"{path}, line {line}: nested deeper than {DEEPEST} levels.", line=line)
        tree.take(event)
    blocks = [block for block in tree.blocks if block.start >= metadata.body]
    if not blocks:
        raise InvalidDocument(f"{path}: it holds no values.")
    known = {key: entry for key, entry in tree.about.items() if key not in metadata.entries}
    metadata = Metadata(path, {**metadata.entries, **known}, metadata.body)
    return Loaded(metadata.document(kb, text, form), tuple(blocks))


def _json(text: str) -> Iterator[Event]:
    """The text is known to be valid."""
    for match in TOKEN.finditer(text):
        sign = match[0]
        if sign in OPENS:
            yield Event("map" if sign == "{" else "list", match.start(), match.end())
        elif sign in "]}":
            yield Event("end", match.start(), match.end())
        elif sign not in ",:":
            quoted = sign.startswith('"')
            value = json.loads(sign, strict=False) if quoted else sign
            yield Event("scalar", match.start() + quoted, match.end() - quoted, _whole(value))


def _yaml(path: str, text: str) -> Iterator[Event]:
    """As a stream of events: no object is made, an alias is a name and nothing is repeated."""
    import yaml

    try:
        events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for event in events:
            start, end = event.start_mark.index, event.end_mark.index
            if isinstance(event, yaml.MappingStartEvent):
                yield Event("map", start, end)
            elif isinstance(event, yaml.SequenceStartEvent):
                yield Event("list", start, end)
            elif isinstance(event, yaml.CollectionEndEvent):
                yield Event("end", start, end)
            elif isinstance(event, yaml.ScalarEvent):
                yield _scalar(text, start, end, event.value)
            elif isinstance(event, yaml.AliasEvent):
                yield Event("scalar", start, end, str(event.anchor))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = min(mark.line + 1, text.count("\n") + 1) if mark else None
        why = getattr(error, "problem", None) or str(error)
        place = f", line {line}" if line else ""
        raise InvalidDocument(f"{path}{place}: it is no valid YAML: {why}.", line=line) from error


def _scalar(text: str, start: int, end: int, value: str) -> Event:
    piece = text[start:end]
    if len(piece) > 1 and piece[0] == piece[-1] and piece[0] in "'\"":
        return Event("scalar", start + 1, end - 1, value)
    return Event("scalar", start, start + len(piece.rstrip()), value)


def _whole(value: str) -> str:
    """Half a surrogate pair, which JSON can write, is no text."""
    return value.encode("utf-8", "replace").decode()


@dataclass
class Level:
    kind: str
    headings: tuple[str, ...]
    group: int
    key: Event | None = None


@dataclass
class Tree:
    text: str
    blocks: list[Block] = field(default_factory=list)
    open: list[Level] = field(default_factory=list)
    groups: int = 0
    about: dict[str, Entry] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        top = self.open[-1] if self.open else None
        if event.kind == "end":
            self.open.pop()
            return
        if top and top.kind == "map" and top.key is None and event.kind == "scalar":
            top.key = event
            return
        headings = self._under(top, event)
        if event.kind == "scalar":
            self._leaf(top, event)
        else:
            self.groups += 1
            self.open.append(Level(event.kind, headings, self.groups))
        if top:
            top.key = None

    def _under(self, top: Level | None, event: Event) -> tuple[str, ...]:
        """A key over a container, or one that is a fault code, is a heading."""
        if top is None:
            return ()
        if top.key is None or not top.key.value.strip() or event.kind == "scalar":
            return top.headings
        headings = (*top.headings, " ".join(top.key.value.split()))
        self._add(top.key, headings, "heading", 0)
        return headings

    def _leaf(self, top: Level | None, event: Event) -> None:
        key = top.key if top else None
        headings = top.headings if top else ()
        label = " ".join(key.value.split()) if key else ""
        if len(self.open) == 1 and label in KEYS:
            line = self.text.count("\n", 0, event.start) + 1
            self.about[label] = ours(label, event.value, line)
        if key and codes.find(key.value):
            self._add(key, (*headings, label), "heading", 0)
            self._add(event, (*headings, label), "text", 0)
            return
        if key:
            self._add(key, headings, "furniture", top.group if top else 0)
        if top and roles.is_code_column(label) and codes.find(event.value):
            top.headings = (*headings, " ".join(event.value.split()))  # what follows in this object is about it
            self._add(event, top.headings, "heading", 0)
            return
        self._add(event, headings, "cell" if key else "item", top.group if top and key else 0, label)

    def _add(self, event: Event, headings: tuple[str, ...], kind: Kind, group: int, label: str = "") -> None:
        """What is empty has no place; a value without a word of its own would say nothing."""
        piece = self.text[event.start : event.end]
        start = event.start + len(piece) - len(piece.lstrip())
        end = event.end - len(piece) + len(piece.rstrip())
        last = self.blocks[-1].end if self.blocks else 0
        if end <= start or start < last:
            return
        if not group:
            self.groups += 1
            group = self.groups
        words = "" if kind in ("heading", "furniture") else event.value
        self.blocks.append(Block(start, end, headings, label, group, kind, words))
