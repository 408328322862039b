"""The fault-code grammars: tables of a file, each checked, and said with its line what is wrong with one."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.core.errors import InvalidSettings

FILE = Path(__file__).with_name("grammars.toml")
NAME = re.compile(r"[a-z][a-z-]*")
FIELDS = {"vendor": str, "pattern": str, "canonical": str, "groups": dict, "examples": dict, "counter": list}

# Word processors put U+2010..U+2015 in a hyphen's place, U+2212 is the minus sign; the spaces are the unbreakable ones.
# Markdown escapes them. A code that did not fit its line goes on after the hyphen, or the space, at the line's end.
DASHES = "_\u2010-\u2015\u2212\ufe63\uff0d-"
SPACES = " \u00a0\u2009\u202f"
BROKEN = r"\r?\n[ \t]{0,16}+"
DASH = rf"(?:[-\u2010\u00ad]{BROKEN}|\\?[{DASHES}])"
GAP = rf"(?:[-\u2010\u00ad]?{BROKEN}|\\?[{SPACES}{DASHES}])"
WORDS = {"<gap>": GAP, "<dash>": DASH, "<0x>": r"(?:0x|16\#|hex[ ]?)", "<0h>": r"(?:h|[ ]?hex|[ ]?\(hex\))"}

KINDS: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "digits": str,
    "number": lambda text: text.lstrip("0") or "0",
    "hex": lambda text: f"{int(text.replace(' ', ''), 16):02X}",
    "decimal": lambda text: f"{int(text):02X}",
}


@dataclass(frozen=True, slots=True)
class Grammar:
    name: str
    vendor: str
    pattern: str
    canonical: str
    groups: Mapping[str, str]
    examples: Mapping[str, str]
    counter: tuple[str, ...]
    never: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def spell(self, values: Sequence[str | None]) -> str:
        """The canonical form of what its groups took, in their order; a group that took no part is empty."""
        kinds = zip(self.groups.items(), values, strict=True)
        return self.canonical.format(**{group: KINDS[kind](value) if value else "" for (group, kind), value in kinds})

    def expand(self, lead: str) -> str:
        """The pattern with its words filled in and its groups named apart from those of other grammars."""
        text = self.pattern.replace("\n", "")
        for word, meaning in WORDS.items():
            text = text.replace(word, meaning)
        for group, values in self.never.items():
            text = text.replace(f"(?P<{group}>", f"(?!(?:{'|'.join(values)})[^A-Z])(?P<{group}>", 1)
        return re.sub(r"\(\?P<(\w+)>", rf"(?P<{lead}_\1>", re.sub(r"\(\?\(([a-z]+)\)", rf"(?({lead}_\1)", text))


def read(path: Path) -> tuple[Grammar, ...]:
    """Raises `InvalidSettings` naming the file, the line, the table and the field that are wrong."""
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path}: it cannot be read: {error}.") from error


def parse(text: str, file: str) -> tuple[Grammar, ...]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(f"{file}: {error}", hint=f"Correct {file}; it is TOML.") from error
    return tuple(_grammar(Source(file, text, name), table) for name, table in tables.items())


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table stands, to say so of what is wrong with it."""

    file: str
    text: str
    name: str

    def wrong(self, where: str, why: str) -> InvalidSettings:
        place = f"{self.file}, line {self.line(where)}: [{self.name}] {where}"
        return InvalidSettings(f"{place}: {why}", hint=f"Correct {where!r} of [{self.name}] in {self.file}.")

    def line(self, field: str) -> int:
        """Of the field, where it can be seen; else of the table."""
        head = re.search(rf"^[ \t]*\[{re.escape(self.name)}\]", self.text, re.MULTILINE)
        start = head.start() if head else 0
        own = re.compile(rf"^[ \t]*(?:{field}\b[^\n]*=|\[{re.escape(self.name)}\.{field}\])", re.MULTILINE)
        found = own.search(self.text, start)
        return self.text.count("\n", 0, found.start() if found else start) + 1


def _grammar(source: Source, table: Any) -> Grammar:
    if not NAME.fullmatch(source.name) or not isinstance(table, dict):
        raise source.wrong("table", "a grammar is a table whose name is lower-case words joined by hyphens")
    for key, kind in FIELDS.items():
        if not isinstance(table.get(key), kind) or not table[key]:
            raise source.wrong(key, f"is missing, empty or no {kind.__name__}")
    if surplus := table.keys() - FIELDS - {"never"}:
        raise source.wrong(min(surplus), "is not a field of a grammar")
    grammar = Grammar(
        name=source.name,
        **{key: table[key] for key in FIELDS if key != "counter"},
        counter=tuple(table["counter"]),
        never={group: tuple(values) for group, values in table.get("never", {}).items()},
    )
    _check_groups(grammar, source)
    return grammar


def _check_groups(grammar: Grammar, source: Source) -> None:
    try:
        groups = re.compile(grammar.expand("x"), re.IGNORECASE).groupindex
    except re.error as error:
        raise source.wrong("pattern", str(error)) from error
    for key in ("groups", "never"):
        if strangers := [group for group in getattr(grammar, key) if f"x_{group}" not in groups]:
            raise source.wrong(key, f"the pattern has no group {strangers[0]!r}")
    if odd := [kind for kind in grammar.groups.values() if kind not in KINDS]:
        raise source.wrong("groups", f"{odd[0]!r} is none of {', '.join(KINDS)}")
    try:
        grammar.spell("1" * len(grammar.groups))
    except (KeyError, IndexError, ValueError) as error:
        raise source.wrong("canonical", f"names what is no group: {error}") from error
