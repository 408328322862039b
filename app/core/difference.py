"""Where two values of one shape differ, down to the first token of a text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

TOKEN = re.compile(r"\w+|[^\w\s]")
NOTHING = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """`place` is a path into the JSON; `token` counts from 1 in a text and is 0 where the values are no texts."""

    place: str
    token: int
    then: str
    now: str


def differences(then: object, now: object, place: str = "") -> Iterator[Difference]:
    """Of values as `json.loads` gives them, in the order of the first one."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys((*then, *now)):
            yield from differences(then.get(name), now.get(name), f"{place}.{name}" if place else str(name))
    elif _listed(then) and _listed(now):
        for number, (one, other) in enumerate(zip_longest(then, now)):  # type: ignore[call-overload]
            yield from differences(one, other, f"{place}[{number}]")
    elif isinstance(then, str) and isinstance(now, str):
        if then != now:
            yield _first_token(then, now, place)
    elif then != now:
        yield Difference(place, 0, _told(then), _told(now))


def _listed(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _first_token(then: str, now: str, place: str) -> Difference:
    for number, (one, other) in enumerate(zip_longest(TOKEN.findall(then), TOKEN.findall(now), fillvalue=NOTHING), 1):
        if one != other:
            return Difference(place, number, one, other)
    return Difference(place, 0, then, now)  # the same words, with other spaces between them


def _told(value: object) -> str:
    return NOTHING if value is None else str(value)[:200]
