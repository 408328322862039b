"""Two revisions beside each other: which sentences and rows differ, and which numbers in them moved."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from app.core.revision import Change
from app.faults.units import Quantity, quantities, same

END = re.compile(r"(?<=[.!?;])\s+(?=[^\s\d])")  # of a sentence; a number after it may still belong to it
WORD = re.compile(r"\w{3,}")  # shorter ones carry the sentence and not its subject
ALIKE = 0.5  # share of the shorter one's words from which on two sentences are the same one, reworded
REACH = 40  # sentences of a rewritten stretch that one is compared with


class Unit(NamedTuple):
    text: str
    line: int


def difference(before: str, after: str) -> tuple[Change, ...]:
    """In the order of the text; what is only wrapped or spaced otherwise is no change."""
    old, new = list(units(before)), list(units(after))
    matcher = SequenceMatcher(None, [unit.text for unit in old], [unit.text for unit in new], autojunk=False)
    found: list[Change] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            found += _stretch(old[i:j], new[k:m])
    return tuple(found)


def units(text: str) -> Iterator[Unit]:
    """Sentences of prose, lines of everything else, with their spaces made one."""
    for number, line in enumerate(text.splitlines(), start=1):
        for piece in END.split(line):
            if plain := " ".join(piece.split()):
                yield Unit(plain, number)


def moved(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """The quantities that are not the same in both, paired by what they measure; 5 bar and 500 kPa are the same."""
    old, new = list(quantities(before)), list(quantities(after))
    for quantity in tuple(old):
        if equal := next((other for other in new if same(quantity, other)), None):
            old.remove(quantity)
            new.remove(equal)
    pairs: list[tuple[str, str]] = []
    for quantity in old:
        other = next((other for other in new if other.dimension == quantity.dimension), None)
        if other:
            new.remove(other)
        pairs.append((_spelled(before, quantity), _spelled(after, other) if other else ""))
    return (*pairs, *(("", _spelled(after, quantity)) for quantity in new))


def _stretch(old: Sequence[Unit], new: Sequence[Unit]) -> Iterator[Change]:
    """What was rewritten in one place: each old sentence with the one that it became, if any."""
    left = list(new)
    for unit in old:
        other = max(left[:REACH], key=lambda one: _alike(unit.text, one.text), default=None)
        if other is None or _alike(unit.text, other.text) < ALIKE:
            yield Change("removed", unit.text, before_line=unit.line, numbers=moved(unit.text, ""))
            continue
        yield from (_added(one) for one in left[: left.index(other)])
        del left[: left.index(other) + 1]
        numbers = moved(unit.text, other.text)
        yield Change("changed", unit.text, other.text, unit.line, other.line, numbers)
    yield from map(_added, left)


def _added(unit: Unit) -> Change:
    return Change("added", after=unit.text, after_line=unit.line, numbers=moved("", unit.text))


def _alike(one: str, other: str) -> float:
    a, b = set(WORD.findall(one.casefold())), set(WORD.findall(other.casefold()))
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def _spelled(text: str, quantity: Quantity) -> str:
    """With its unit, also where a range names the unit once."""
    written = text[quantity.start : quantity.end]
    return written if not quantity.unit or quantity.unit in written else f"{written} {quantity.unit}"
