"""Every grammar in one regular expression, and what a text must look like for it to be tried at all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.faults.grammars import DASHES, FILE, Grammar, read

# The cheap conditions first: they turn away nearly every letter of a sentence before a grammar is tried.
# The last two keep part numbers and UUIDs out; `FLT-E73-B` stays in.
HEX = "[0-9A-Fa-f]"
START = (
    rf"(?=[A-Za-z]{{1,8}}+[\s\\./:\u00ad{DASHES}]{{0,20}}+(?:[0-9]|[Hh][Ee][Xx] ?{HEX}|[A-Fa-f]{HEX}{{0,3}} ?\(?[Hh])"
    rf"|0[Xx]{HEX}|16\#|[Hh][Ee][Xx] ?{HEX}|{HEX}{HEX}{{3,4}}[_ ]?{HEX}{{4}} ?\(?[Hh]|[2-4][0-9]{{9}})"
)
BEFORE = rf"(?<![A-Za-z0-9]){START}(?<![^\W_])(?<![0-9]-)(?<![0-9A-Fa-f]{{4}}-)"
AFTER = r"(?![^\W_]|[-.][0-9])"
# A log that was written in colour, or as JSON, has its own signs right before a word.
SIGN = re.compile(r"\x1b\[[0-9;]{0,12}m|\\[nrt](?=[A-Z0-9])")


@dataclass(frozen=True, slots=True)
class Scan:
    """The group that closes last names the grammar."""

    regex: re.Pattern[str]
    grammars: Mapping[str, Grammar]  # by the name of its outermost group
    groups: Mapping[str, tuple[str, ...]]  # as the regular expression names them

    def read(self, match: re.Match[str]) -> tuple[str, str]:
        """-> the canonical code, and the grammar's name."""
        lead = str(match.lastgroup)
        return self.spell(lead, match.group(lead, *self.groups[lead])[1:])

    def spell(self, lead: str, values: tuple[str | None, ...]) -> tuple[str, str]:
        return self.grammars[lead].spell(values), self.grammars[lead].name


@lru_cache(maxsize=1)
def shipped() -> tuple[Grammar, ...]:
    return read(FILE)


def unsigned(text: str) -> str:
    """The text as it is scanned: as long as it was, blanks for signs."""
    return SIGN.sub(lambda sign: " " * len(sign[0]), text) if "\\" in text or "\x1b" in text else text


def build(grammars: Sequence[Grammar]) -> Scan:
    named = {f"g{number}": grammar for number, grammar in enumerate(grammars)}
    branches = "|".join(f"(?P<{lead}>{grammar.expand(lead)})" for lead, grammar in named.items())
    groups = {lead: tuple(f"{lead}_{group}" for group in grammar.groups) for lead, grammar in named.items()}
    return Scan(re.compile(f"{BEFORE}(?ai:{branches}){AFTER}"), named, groups)
