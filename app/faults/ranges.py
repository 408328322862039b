"""Codes that a table names together: `MVB 10/1…10/9`, `TC-1040 to TC-1045`, `E8x`."""

import re
from collections.abc import Iterator
from itertools import pairwise

from app.faults.codes import Mention, find

MOST = 100  # codes of one range; a longer one is taken for a slip of the pen
UNTIL = re.compile(r"\s*(?:…|\.{2,3}|–|—|-|to\b|till\b|bis\b|à)\s*(?P<end>(?:[\w /_-]*?/)?\d+)?", re.I)
WILD = re.compile(r"\b[A-Za-z]{1,6}[ _-]?\d+[xX?*](?![\w/])")
LAST_NUMBER = re.compile(r"\d+(?=\D*$)")


def covered(text: str) -> tuple[str, ...]:
    """Every code that the text names, alone or within a range or a wildcard; canonical, each once."""
    found = find(text)
    named = [mention.code for mention in found]
    for mention in found:
        named += _until(text, mention)
    for first, last in pairwise(found):
        if UNTIL.fullmatch(text[first.end : last.start] + "0"):
            named += _between(first.code, last.code)
    named += [mention.code for wild in WILD.finditer(text) for mention in _meant(wild[0])]
    return tuple(dict.fromkeys(named))


def _until(text: str, first: Mention) -> list[str]:
    """A range whose end repeats less than the whole code: `10/1…10/9`, `TC-1040–1045`."""
    until = UNTIL.match(text, first.end)
    number = LAST_NUMBER.search(first.code)
    if not until or not until["end"] or not number:
        return []
    tail = until["end"].strip()
    if not first.code.endswith(tail[: -len(_last(tail))] + number[0]):
        return []  # `10/1…11/9`: which addresses that covers is anybody's guess
    return list(_between(first.code, first.code[: number.start()] + _last(tail)))


def _between(first: str, last: str) -> Iterator[str]:
    """Both ends and what lies between, when they differ in their last number alone."""
    start, end = LAST_NUMBER.search(first), LAST_NUMBER.search(last)
    if (
        not start
        or not end
        or first[: start.start()] != last[: end.start()]
        or first[start.end() :] != last[end.end() :]
    ):
        return
    low, high = int(start[0]), int(end[0])
    if low < high < low + MOST:
        for number in range(low, high + 1):
            yield f"{first[: start.start()]}{number:0{len(start[0])}}{first[start.end() :]}"


def _last(text: str) -> str:
    number = LAST_NUMBER.search(text)
    return number[0] if number else ""


def _meant(wild: str) -> Iterator[Mention]:
    """A wildcard stands for one digit."""
    for digit in range(10):
        yield from find(f"{wild[:-1]}{digit}")
