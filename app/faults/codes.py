"""Fault codes as a type: found in any spelling, one canonical form, other codes kept other."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

from app.core.diagnosis import NearCode
from app.faults.scan import Scan, build, shipped, unsigned

STRETCH = 8192  # characters that are searched without a pause
LONGEST = 64  # characters of a code, with what must or must not follow it
DIGITS = "0123456789"
HEX = "0123456789ABCDEF"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
RUNS = re.compile(r"(?<=0x)[0-9A-F]+|(?<!0x)\d+")
SUFFIXED = re.compile(r"(?!.*0x)(.*\d-?)([A-Z])")
PREFIX = re.compile(r"[A-Z]+")

# Nearest first.
REASONS = (
    "differs in the suffix letter",
    "has a suffix letter",
    "has no suffix letter",
    "digits swapped",
    "one digit differs",
    "one digit more",
    "one digit less",
    "same number, other prefix",
)
SUFFIX, LETTER_MORE, LETTER_LESS, SWAPPED, OTHER_DIGIT, MORE, LESS, PREFIXED = range(8)


@dataclass(frozen=True, slots=True)
class Mention:
    """A fault code where it stands in a text: `text[start:end] == spelled`."""

    code: str  # canonical
    spelled: str
    start: int
    end: int
    grammar: str


class _Taught:
    """The grammars of this process; none until the first text is read or somebody has set them."""

    scan: Scan | None = None


def use(grammars: Scan) -> None:
    """Read codes by these grammars from now on."""
    _Taught.scan = grammars
    _canonical.cache_clear()


def scan() -> Scan:
    if _Taught.scan is None:
        _Taught.scan = build(shipped())
    return _Taught.scan


def find(text: str) -> tuple[Mention, ...]:
    """Every fault code in the text, in order, none overlapping."""
    plain = unsigned(text)
    matches = scan().regex.finditer(plain) if len(text) <= STRETCH else _in_stretches(plain)
    return tuple(_mention(match, text) for match in matches)


def _in_stretches(text: str) -> Iterator[re.Match[str]]:
    """Stretch by stretch: a search holds up every other thread, and in a long log there may be nothing to find."""
    at, regex = 0, scan().regex
    while at < len(text):
        edge = at + STRETCH
        for match in regex.finditer(text, at, edge + LONGEST):
            if match.start() >= edge:
                break
            yield match
            at = match.end()
        at = max(at, edge)


def _mention(match: re.Match[str], text: str) -> Mention:
    lead = str(match.lastgroup)
    code, grammar = _canonical(lead, match.group(lead, *scan().groups[lead])[1:])
    start, end = match.span()
    return Mention(code, text[start:end], start, end, grammar)


@lru_cache(maxsize=8192)
def _canonical(lead: str, values: tuple[str | None, ...]) -> tuple[str, str]:
    return scan().spell(lead, values)


def near(code: str, known: Iterable[str], limit: int = 5) -> tuple[NearCode, ...]:
    """Known codes that are easily mistaken for this one, nearest first, each with the reason; never the code itself.

    The reason speaks of the known code as seen from this one. The slips are few and are looked up, so the length of a
    known set matters only to the one pass for other prefixes.
    """
    there: Collection[str] = known if isinstance(known, (Set, Mapping)) else frozenset(known)
    found = {slip: rank for slip, rank in _slips(code) if slip in there}
    tail = code[len(_prefix(code)) :]
    for other in there:
        if other.endswith(tail) and tail and other[: -len(tail)].isalpha():
            found.setdefault(other, PREFIXED)
    found.pop(code, None)
    ranked = sorted(found, key=lambda slip: (found[slip], slip))
    return tuple(NearCode(slip, REASONS[found[slip]]) for slip in ranked[:limit])


def _prefix(code: str) -> str:
    match = PREFIX.match(code)
    return match[0] if match else ""


def _slips(code: str) -> Iterator[tuple[str, int]]:
    """What a slip of hand or eye makes of a code; the farthest kinds come first, so that a nearer one overwrites."""
    for run in RUNS.finditer(code):
        alphabet = HEX if code[: run.start()].endswith("0x") else DIGITS
        for digits, rank in _digit_slips(run[0], alphabet):
            yield f"{code[: run.start()]}{digits}{code[run.end() :]}", rank
    if suffixed := SUFFIXED.fullmatch(code):
        stem, _ = suffixed.groups()
        yield stem.rstrip("-"), LETTER_LESS
        yield from ((stem + letter, SUFFIX) for letter in LETTERS)
    elif code[-1:].isdigit() and "0x" not in code:
        yield from ((f"{code}{dash}{letter}", LETTER_MORE) for dash in ("", "-") for letter in LETTERS)


def _digit_slips(digits: str, alphabet: str) -> Iterator[tuple[str, int]]:
    size = len(digits)
    yield from ((digits[:i] + digits[i + 1 :], LESS) for i in range(size) if size > 1)
    yield from ((digits[:i] + new + digits[i:], MORE) for i in range(size + 1) for new in alphabet)
    yield from ((digits[:i] + new + digits[i + 1 :], OTHER_DIGIT) for i in range(size) for new in alphabet)
    for i in range(size):
        for j in range(i + 1, size):
            swapped = list(digits)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            yield "".join(swapped), SWAPPED
