"""Personal data as an operator's texts hold it: found by pattern, and for a while replaced by placeholders.

As with secrets every shipped pattern is linear in the text: bounded or possessive, and begun at few places.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Final, TypeVar

T = TypeVar("T")
Patterns = Mapping[str, re.Pattern[str]]

_ID = r"(?:\s?(?:no|nr|number|id|code)\.?)?['\"]?\s{0,2}[-_:=#]?\s{0,2}['\"]?"
# What is masked is the group `it` where there is one: "train 4711" says as much without its number.
PRESETS: Final[Mapping[str, str]] = {
    "train": (
        rf"(?<![\w-])(?:(?i:trains?|zug|zugnummer|train_?(?:no|nr|number|id)|trn|headcode){_ID}"
        r"(?P<it>\d{2,6}[A-Z]?|\d[A-Z]\d{2})(?![\w.]\d)(?!\w)|(?P<itt>(?:ICE|TGV|EC|IC|IR|RE|RB)\s\d{1,5})(?!\w))"
    ),
    "driver": (
        rf"(?<!\w)(?i:driver|drivers|lokführer|triebfahrzeugführer|conducteur|staff|driver_?(?:id|no|name)|tf){_ID}"
        r"(?P<it>[A-Z]{0,4}[-_]?\d{3,10})(?!\w)"
        r"|(?<!\w)(?i:driver(?:'s)?[ _]name)\s{0,2}[:=]?\s{0,2}(?P<itt>[A-Z][\w'-]{1,30}+(?: [A-Z][\w'-]{1,30}+)?)"
    ),
    "position": (
        r"(?<![\w.])(?P<it>-?\d{1,2}\.\d{3,8}\s?[,;/]\s?-?\d{1,3}\.\d{3,8})(?![\w.])"
        r"|(?<!\w)(?i:lat|lon|lng|latitude|longitude)['\"]?\s?[:=]?\s?(?P<itt>-?\d{1,3}\.\d{3,8})(?!\w)"
        r"|(?<!\w)(?P<ittt>(?i:km|kp|pk|bahn-km)\s?\d{1,4}[.,+]\d{1,3})(?![\w.,]\d)(?!\w)"
    ),
    "host": (
        r"(?<![\w.])(?P<it>(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3})(?![\w.]\d)(?!\w)"
        r"|(?<![\w:.])(?P<itt>(?=[a-f:]{0,38}\d)(?:[0-9a-fA-F]{1,4}:){1,7}(?::[0-9a-fA-F]{1,4}){1,6})(?![\w:])"
        r"|(?<![\w.-])(?P<ittt>[\w-]{1,63}+(?:\.[\w-]{1,63}+){0,6}\.(?i:internal|intranet|local|lan|corp|depot))(?![\w-])"
        r"|(?<!\w)(?i:hostname)['\"]?\s?[:=]?\s?['\"]?(?P<itttt>[\w-]{2,63}+)"
    ),
}
_MARK = re.compile(r"\[[a-z]{1,20}_\d{1,4}\]")
LONGEST: Final = 27  # characters of a placeholder


def patterns(presets: Iterable[str], own: Mapping[str, str]) -> Patterns:
    """Your own ones are given their time by whoever wrote them."""
    chosen = {name: PRESETS[name] for name in presets} | dict(own)
    return {name: re.compile(pattern) for name, pattern in chosen.items()}


@dataclass(frozen=True, slots=True)
class Personal:
    """`remote`: whether a remote analyzer is kept from it, and from secrets."""

    known: Patterns = field(default_factory=dict)
    remote: bool = True


NONE: Final = Personal()


def covered(text: str, known: Patterns) -> str:
    """For good: each piece becomes the name of its kind."""
    for name, pattern in known.items():
        text = pattern.sub(lambda match, name=name: _around(match, f"[{name}]"), text)  # type: ignore[misc]
    return text


def _around(match: re.Match[str], mark: str) -> str:
    start, end = _span(match)
    return f"{match.string[match.start() : start]}{mark}{match.string[end : match.end()]}"


def _span(match: re.Match[str]) -> tuple[int, int]:
    """Of the one group that took part, else of the whole."""
    return match.span(match.lastgroup) if match.lastgroup else match.span()


def _spare_nothing(piece: str) -> bool:
    return False


def _as_it_is(text: str) -> str:
    return text


@dataclass(slots=True)
class Veil:
    """Placeholders for one request: equal pieces have equal ones, and `lifted` puts the pieces back.

    `spares` says of a piece that it is none: a known fault code is never hidden. `scrub` takes out for good what
    nobody needs back.
    """

    known: Patterns
    spares: Callable[[str], bool] = _spare_nothing
    scrub: Callable[[str], str] = _as_it_is
    _marks: dict[tuple[str, str], str] = field(default_factory=dict)
    _pieces: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def over(self, value: T) -> T:
        """A text, or every text inside of frozen dataclasses and tuples. Handed in whole, before any is hidden."""
        self._taken |= set(_MARK.findall(repr(value)))
        return self._over(value)  # type: ignore[no-any-return]

    def _over(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, tuple):
            return tuple(map(self._over, value))
        if is_dataclass(value) and not isinstance(value, type):
            told = {f.name: getattr(value, f.name) for f in fields(value) if f.init}
            changed = {name: new for name, old in told.items() if (new := self._over(old)) is not old and new != old}
            return replace(value, **changed) if changed else value
        return value

    def lifted(self, text: str, *, quoted: bool = False) -> str:
        """`quoted`: into a string of JSON, where a quotation mark of a piece must not end it."""
        if not self._pieces or "[" not in text:
            return text
        pieces = self._pieces

        def piece(mark: str) -> str:
            if not quoted or mark not in pieces:
                return pieces.get(mark, mark)
            return json.dumps(pieces[mark], ensure_ascii=False)[1:-1]

        return _MARK.sub(lambda match: piece(match[0]), text)

    def _text(self, text: str) -> str:
        text = self.scrub(text)
        for name, pattern in self.known.items():
            text = pattern.sub(lambda match, name=name: self._hide(match, name), text)  # type: ignore[misc]
        return text

    def _hide(self, match: re.Match[str], name: str) -> str:
        start, end = _span(match)
        piece = match.string[start:end]
        if self.spares(piece) or self.spares(match[0]) or piece in self._pieces:
            return match[0]
        return _around(match, self._mark(name, piece))

    def _mark(self, name: str, piece: str) -> str:
        mark = self._marks.get((name, piece))
        if mark is None:
            number = 1 + sum(kind == name for kind, _ in self._marks)
            mark = f"[{name}_{number}]"
            while mark in self._taken:
                number += 1
                mark = f"[{name}_{number}]"
            self._taken.add(mark)
            self._marks[name, piece] = mark
            self._pieces[mark] = piece
        return mark


@dataclass(slots=True)
class Lifting:
    """A text that comes in pieces: what may be the beginning of a placeholder waits for the rest of it."""

    veil: Veil
    _held: str = ""
    _opening: str = ""  # the first character that is no space

    def feed(self, text: str) -> str:
        text = self._held + text
        self._opening = self._opening or text.lstrip()[:1]
        opened = text.rfind("[")
        tail = text[opened:] if opened >= 0 else ""
        waits = bool(tail) and len(tail) < LONGEST and re.fullmatch(r"\[[a-z]{0,20}(?:_\d{0,4})?", tail) is not None
        self._held = tail if waits else ""
        return self.veil.lifted(text[:opened] if waits else text, quoted=self._opening == "{")

    def close(self) -> str:
        """What waited is no placeholder; the next answer begins."""
        held, self._held, self._opening = self._held, "", ""
        return held
