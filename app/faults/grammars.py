"""The fault-code grammars: read from their table, checked, and compiled into one scan."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.core.errors import InvalidSettings

FILE = Path(__file__).with_name("grammars.toml")
NAME = re.compile(r"[a-z][a-z-]*")
FIELDS = {"vendor": str, "pattern": str, "canonical": str, "groups": dict, "examples": dict, "counter": list}

# Word processors put U+2010..U+2015 in a hyphen's place, U+2212 is the minus sign; the spaces are the unbreakable ones.
DASH = "[_\u2010-\u2015\u2212\ufe63\uff0d-]"
GAP = "[ \u00a0\u2009\u202f_\u2010-\u2015\u2212\ufe63\uff0d-]"
# The cheap conditions first: they turn away nearly every letter of a sentence before a grammar is tried.
# The last two keep part numbers and UUIDs out; `FLT-E73-B` stays in.
START = rf"(?=[A-Za-z]{{1,8}}+{GAP}?+[0-9]|0[Xx][0-9A-Fa-f]|16#)"
BEFORE = rf"(?<![A-Za-z0-9]){START}(?<![^\W_])(?<![0-9]-)(?<![0-9A-Fa-f]{{4}}-)"
AFTER = r"(?![^\W_]|[-.][0-9])"

KINDS: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "digits": str,
    "number": lambda text: text.lstrip("0") or "0",
    "hex": lambda text: f"{int(text, 16):02X}",
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


@dataclass(frozen=True, slots=True)
class Scan:
    """Every grammar in one regular expression; the group that closes last names the grammar."""

    regex: re.Pattern[str]
    grammars: Mapping[str, Grammar]  # by the name of its outermost group
    groups: Mapping[str, tuple[str, ...]]  # as the regular expression names them


@lru_cache(maxsize=1)
def scan() -> Scan:
    return build(read(FILE))


def build(grammars: tuple[Grammar, ...]) -> Scan:
    named = {f"g{number}": grammar for number, grammar in enumerate(grammars)}
    branches = "|".join(f"(?P<{lead}>{_expand(grammar, lead)})" for lead, grammar in named.items())
    groups = {lead: tuple(f"{lead}_{group}" for group in grammar.groups) for lead, grammar in named.items()}
    return Scan(re.compile(f"{BEFORE}(?i:{branches}){AFTER}"), named, groups)


def read(path: Path) -> tuple[Grammar, ...]:
    """Raises `InvalidSettings` naming the table and the field that are wrong."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(f"{path.name}: {error}") from error
    return tuple(_grammar(path.name, name, table) for name, table in tables.items())


def _grammar(file: str, name: str, table: Any) -> Grammar:
    def wrong(where: str, why: str) -> InvalidSettings:
        return InvalidSettings(f"{file}: [{name}] {where}: {why}", hint=f"Correct {where!r} of [{name}] in {file}.")

    if not NAME.fullmatch(name) or not isinstance(table, dict):
        raise wrong("table", "a grammar is a table whose name is lower-case words joined by hyphens")
    for key, kind in FIELDS.items():
        if not isinstance(table.get(key), kind) or not table[key]:
            raise wrong(key, f"is missing, empty or no {kind.__name__}")
    if surplus := table.keys() - FIELDS - {"never"}:
        raise wrong(min(surplus), "is not a field of a grammar")
    grammar = Grammar(
        name=name,
        **{key: table[key] for key in FIELDS if key != "counter"},
        counter=tuple(table["counter"]),
        never={group: tuple(values) for group, values in table.get("never", {}).items()},
    )
    try:
        groups = re.compile(_expand(grammar, "x"), re.IGNORECASE).groupindex
    except re.error as error:
        raise wrong("pattern", str(error)) from error
    for key in ("groups", "never"):
        if strangers := [group for group in getattr(grammar, key) if f"x_{group}" not in groups]:
            raise wrong(key, f"the pattern has no group {strangers[0]!r}")
    if odd := [kind for kind in grammar.groups.values() if kind not in KINDS]:
        raise wrong("groups", f"{odd[0]!r} is none of {', '.join(KINDS)}")
    try:
        grammar.spell("1" * len(grammar.groups))
    except (KeyError, IndexError, ValueError) as error:
        raise wrong("canonical", f"names what is no group: {error}") from error
    return grammar


def _expand(grammar: Grammar, lead: str) -> str:
    """The pattern with its two words filled in and its groups named apart from those of other grammars."""
    text = grammar.pattern.replace("\n", "").replace("<gap>", GAP).replace("<dash>", DASH)
    for group, values in grammar.never.items():
        text = text.replace(f"(?P<{group}>", f"(?!(?:{'|'.join(values)})[^A-Z])(?P<{group}>", 1)
    return re.sub(r"\(\?P<(\w+)>", rf"(?P<{lead}_\1>", re.sub(r"\(\?\(([a-z]+)\)", rf"(?({lead}_\1)", text))
