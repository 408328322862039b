"""Numbers with their units, found in a text and made comparable."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from app.faults.codes import find
from app.faults.lexicon import load

# A number: groups of thousands, else a plain one with a decimal point or comma. Only unbreakable spaces and apostrophes
# group besides the comma: "pin 12 110 V" is two numbers.
NUMBER = r"\d{1,3}(?:[\u00a0\u2009\u202f'’]\d{3})+(?:[.,]\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:[.,]\d+)?"
SPACE = "[ \u00a0\u2009\u202f]?"
# Not within a word, a date, a time, a version, an address, a part number.
ALONE = r"(?=[0-9])(?<![\w/])(?<!\d[.,:])(?<!(?<!\.)\.)(?<![^\W\d_]-)"
RANGE = re.compile(r"\s*(?:to|and|or|…|\.\.\.?|bis|à|±|\+/-|[–−-])\s*")
MINUS = "-−–"
NOT_QUANTITIES = re.compile(
    r"(?:19|20)\d\d-\d\d(?:-\d\d)?(?!\d)(?:[T ]?\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?Z?)?"  # dates
    r"|\d{1,2}\.? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,? (?:19|20)\d\d"
    r"|\d{1,2}\.\d{1,2}\.\d{4}|\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?"  # times of day
    r"|\[c?\d+(?:\s*[,–-]\s*c?\d+)*\]"  # citation marks
    r"|v?\d+(?:\.\d+){2,}"  # versions, addresses, section numbers
    r"|0x[0-9A-Fa-f]+|\d+(?:[/+]\d+)+|\d+(?:-\d+){2,}",
    re.IGNORECASE,
)
MARK = r"(\(?\d{1,2}[.)])(?=\s)"
LIST_MARK = re.compile(rf"""^[ \t>*•-]*{MARK}|(?:(?<=[;:.,] )|(?<=[,;"])){MARK}""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """`text[start:end]` is the number with its unit; where a range names the unit once, the number alone."""

    value: float
    unit: str | None  # as written
    canonical_unit: str | None
    canonical_value: float
    dimension: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unit:
    dimension: str
    canonical: str
    factor: float
    offset: float = 0.0


@lru_cache(maxsize=1)
def _units() -> Mapping[str, Unit]:
    """By spelling; lower-cased spellings are added where two letters or more leave no doubt."""
    exact: dict[str, Unit] = {}
    for name, table in load("units.toml").items():
        for spelling, factor in table["units"].items():
            offset = table.get("offset", 0.0)
            exact[spelling] = Unit(table.get("dimension", name), table["canonical"], float(factor), offset)
    folded: dict[str, set[Unit]] = {}
    for spelling, unit in exact.items():
        folded.setdefault(spelling.lower(), set()).add(unit)
    clear = {key: min(units, key=repr) for key, units in folded.items() if len(units) == 1 and len(key) > 1}
    return clear | exact


@lru_cache(maxsize=1)
def _scan() -> re.Pattern[str]:
    longest_first = sorted({unit for unit in _units() if len(unit) > 1}, key=len, reverse=True)
    single = "".join(sorted(re.escape(unit) for unit in _units() if len(unit) == 1))
    unit = rf"(?i:{'|'.join(map(re.escape, longest_first))})|[{single}]"
    return re.compile(rf"{ALONE}(?P<value>{NUMBER})(?:{SPACE}(?P<unit>{unit})(?![\w/²³])|(?!\w|[.,:]\d|-[^\W\d_]))")


def quantities(text: str) -> tuple[Quantity, ...]:
    """Every quantity in order; fault codes, dates, times, versions, list marks and citation marks are none."""
    found = list(_read(text))
    for i in range(len(found) - 2, -1, -1):
        found[i] = _lent(text, found[i], found[i + 1])
    return tuple(found)


def same(a: Quantity, b: Quantity, tolerance: float = 1e-6) -> bool:
    """Whether both say the same amount, converted: 5 bar is 500 kPa. A bare number is the same as bare ones only."""
    if a.dimension != b.dimension:
        return False
    return abs(a.canonical_value - b.canonical_value) <= tolerance * max(abs(a.canonical_value), abs(b.canonical_value))


def _read(text: str) -> Iterator[Quantity]:
    taken, at, reach = sorted(_taken(text)), 0, 0  # both come in order, so a long log is gone through once
    for match in _scan().finditer(text):
        while at < len(taken) and taken[at][0] < match.end("value"):
            reach = max(reach, taken[at][1])
            at += 1
        if reach > match.start():
            continue
        start, sign = _sign(text, match.start())
        yield _quantity(sign * _number(match["value"]), match["unit"], start, match.end())


def _taken(text: str) -> list[tuple[int, int]]:
    spans = [(mention.start, mention.end) for mention in find(text)]
    spans += [match.span() for match in NOT_QUANTITIES.finditer(text)]
    return spans + [match.span(1) if match[1] else match.span(2) for match in LIST_MARK.finditer(text)]


def _sign(text: str, start: int) -> tuple[int, int]:
    """A minus stands at the number and after no other number or word: `-20 °C`, but `4-6 bar`, `+/-0.2` and `BCU-2`."""
    if start and text[start - 1] in MINUS and (start == 1 or text[start - 2] in " \t\n(=:;,|<>≤≥"):
        return start - 1, -1
    return start, 1


def _number(text: str) -> float:
    bare = re.sub("[\u00a0\u2009\u202f'’]", "", text)
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", bare):
        return float(bare.replace(",", ""))
    return float(bare.replace(",", "."))


def _quantity(value: float, written: str | None, start: int, end: int) -> Quantity:
    units = _units()
    unit = (units.get(written) or units.get(written.lower())) if written else None
    if unit is None:
        return Quantity(value, None, None, value, None, start, end)
    return Quantity(value, written, unit.canonical, value * unit.factor + unit.offset, unit.dimension, start, end)


def _lent(text: str, first: Quantity, second: Quantity) -> Quantity:
    """In `4.8 to 5.2 bar` and `5.0 ± 0.2 bar` the second number lends the first its unit."""
    if first.unit or not second.unit or not RANGE.fullmatch(text, first.end, second.start):
        return first
    return _quantity(first.value, second.unit, first.start, first.end)
