"""`manifest.yaml` at the root of a folder: what the shelf's keeper says of each file. It wins over the file itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import InvalidDocument
from app.ingest.base import Outcome
from app.ingest.loaders.metadata import DEEPEST, KEYS, NULLS, Entry, Metadata, ours
from app.ingest.loaders.text import decode
from app.ingest.walk import clean_path

NAME = "manifest.yaml"
LARGEST = 8 * 2**20  # bytes
FIELDS = KEYS | {"path", "owner"}


@dataclass(frozen=True, slots=True)
class Manifest:
    """By path: what is said of a file, or why what is said of it cannot be used."""

    entries: Mapping[str, Metadata] = field(default_factory=dict)
    wrong: Mapping[str, InvalidDocument] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def owner(self, path: str) -> str:
        entry = self.entries.get(path)
        return entry.one("owner") if entry else ""

    def absent(self, paths: Mapping[str, object]) -> Iterator[Outcome]:
        """Entries whose file is not there."""
        for path, line in self.lines.items():
            if path not in paths:
                yield Outcome(NAME, "refused", line=line, reason=f"it lists {path}, and there is no such file")


def read(content: bytes) -> Manifest:
    """Raises `InvalidDocument` where no list of entries can be made out: nothing may come in without its revision."""
    import yaml

    if len(content) > LARGEST:
        raise InvalidDocument(f"{NAME}: it is larger than {LARGEST >> 20} MiB.")
    entries: dict[str, Metadata] = {}
    wrong: dict[str, InvalidDocument] = {}
    lines: dict[str, int] = {}
    try:
        for line, fields in _items(yaml.parse(decode(NAME, content), Loader=yaml.SafeLoader)):
            path, entry, error = _entry(line, fields)
            if path in lines:
                error = _invalid(line, f"{path} stands twice, first in line {lines[path]}")
            lines.setdefault(path, line)
            if error:
                wrong[path] = error
            else:
                entries[path] = entry
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _invalid(
            mark.line + 1 if mark else 1, f"it is no valid YAML: {getattr(error, 'problem', error)}"
        ) from error
    return Manifest(entries, wrong, lines)


Fields = dict[str, tuple[int, list[str] | None]]


def _entry(line: int, fields: Fields) -> tuple[str, Metadata, InvalidDocument | None]:
    """Without a path an entry is about nothing: that is a fault of the whole manifest."""
    at, paths = fields.pop("path", (line, None))
    if not paths or len(paths) != 1 or not paths[0]:
        raise _invalid(at, "an entry has no path")
    try:
        path = clean_path(paths[0])
    except Exception as error:
        raise _invalid(at, f"{paths[0]!a} is no path below the folder") from error
    found: dict[str, Entry] = {}
    for key, (place, values) in fields.items():
        if key not in FIELDS:
            return (
                path,
                Metadata(NAME, {}),
                _invalid(place, f"unknown field {key!r}; {', '.join(sorted(FIELDS))} are known"),
            )
        if values is None:
            return path, Metadata(NAME, {}), _invalid(place, f"{key} must be a text or a list of texts")
        found[key] = ours(key, values[0], place) if len(values) == 1 else Entry(tuple(filter(None, values)), place)
    entry = Metadata(NAME, found)
    try:
        entry.date("valid_from")
        for key in ("id", "title", "revision", "superseded_by", "owner"):
            entry.one(key)
    except InvalidDocument as error:
        return path, entry, error
    return path, entry, None


def _items(events: Iterator[Any]) -> Iterator[tuple[int, Fields]]:
    """The list's mappings, each with its line; a mapping of `documents:` to the list is taken too."""
    import yaml

    root = next((event for event in events if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent))), None)
    if isinstance(root, yaml.MappingStartEvent):
        key = next(events)
        if isinstance(key, yaml.ScalarEvent) and key.value == "documents":
            root = next(events)
    if not isinstance(root, yaml.SequenceStartEvent):
        raise _invalid(_line(root) if root else 1, "it must be a list of entries, each with a path")
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        if not isinstance(event, yaml.MappingStartEvent):
            raise _invalid(_line(event), "an entry must be made of `key: value` lines")
        yield _line(event), _fields(events)


def _fields(events: Iterator[Any]) -> Fields:
    import yaml

    found: Fields = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        if not isinstance(key, yaml.ScalarEvent):
            raise _invalid(_line(key), "a field's name must be a text")
        found[key.value] = (_line(key), _values(events))
    return found


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _values(events: Iterator[Any]) -> list[str] | None:
    """As written. None for what is deeper than a list of texts."""
    import yaml

    depth, flat = 0, True
    values: list[str] = []
    while True:
        event = next(events)
        flat = flat and not isinstance(event, (yaml.MappingStartEvent, yaml.AliasEvent))
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.YAMLError("it is nested too deep")
        flat = flat and depth < 2
        if isinstance(event, yaml.ScalarEvent):
            values.append("" if event.implicit[0] and event.value in NULLS else event.value)
        if depth == 0:
            return values if flat else None


def _invalid(line: int, what: str) -> InvalidDocument:
    return InvalidDocument(f"{NAME}, line {line}: {what}.", line=line, hint="Correct the manifest and ingest again.")
