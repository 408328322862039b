"""Where a piece of text that a parser hands back stands in its source."""

from bisect import bisect_right
from dataclasses import dataclass, field

from app.ingest.loaders.text import line_starts

Span = tuple[int, int]
AHEAD = 3000  # lines that are looked through for a piece
NEAR = 4  # lines around its hint
AROUND = 60  # lines in which a short one is looked for: further on it would be another's
SHORT = 16  # characters
MARKS = frozenset("-*+•#|.:()[]>=_`\\ \t")


@dataclass
class Places:
    """Pieces are asked for in the order of the text, so that equal ones are told apart; none overlaps another."""

    text: str
    at: int = 0  # where the last piece ended
    starts: list[int] = field(init=False)
    norms: list[str] = field(init=False)
    base: int = field(init=False)  # the line, from 0, where the body begins

    def __post_init__(self) -> None:
        self.starts = list(line_starts(self.text))
        self.base = bisect_right(self.starts, self.at) - 1
        ends = [*self.starts[1:], len(self.text)]
        self.norms = [" ".join(self.text[a:b].split()) for a, b in zip(self.starts, ends, strict=True)]

    def mark(self) -> int:
        return self.at

    def back(self, mark: int) -> None:
        self.at = mark

    def find(self, raw: str, hint: int | None = None) -> Span | None:
        """`raw` as in the source but for indentation; `hint` is about where, a line from 1."""
        wanted = [" ".join(line.split()) for line in raw.strip().splitlines()]
        if not wanted or not wanted[0]:
            return None
        first = bisect_right(self.starts, self.at) - 1
        if hint and hint - 1 < self.base:
            return None
        near = max(first, (hint or 0) - 2)
        span = (self._from(near, wanted, NEAR) if hint else None) or self._from(
            first, wanted, AROUND if len(raw) < SHORT else AHEAD
        )
        if span:
            self.at = span[1]
        return span

    def lines(self, first: int, last: int) -> Span | None:
        """Whole lines, from 1, as far as nothing before them has taken them."""
        if not first or first > len(self.starts):
            return None
        start = max(self.at, self.starts[first - 1])
        end = self.starts[last] if last < len(self.starts) else len(self.text)
        piece = self.text[start:end]
        if not piece.strip():
            return None
        start, end = start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
        self.at = end
        return start, end

    def _from(self, first: int, wanted: list[str], ahead: int) -> Span | None:
        """The first place where the piece opens its line but for marks; else the first place at all."""
        other: Span | None = None
        for line in range(first, min(len(self.norms), first + ahead)):
            if wanted[0] not in self.norms[line] or (span := self._match(line, wanted)) is None:
                continue
            before = self.text[self.starts[line] : span[0]]
            if MARKS.issuperset(before) or self.at > self.starts[line]:
                return span
            other = other or span
        return other

    def _match(self, line: int, wanted: list[str]) -> Span | None:
        last = line + len(wanted) - 1
        if last >= len(self.norms):
            return None
        if any(self.norms[line + n] != wanted[n] for n in range(1, len(wanted) - 1)):
            return None
        if len(wanted) > 1 and not (self.norms[line].endswith(wanted[0]) and self.norms[last].startswith(wanted[-1])):
            return None
        start = self._token(line, wanted[0].split(" ")[0], max(self.at, self.starts[line]))
        if start is None:
            return None
        end = self._end(last, wanted[-1], start if len(wanted) == 1 else self.starts[last])
        apart = len(wanted[0]) >= SHORT or len(wanted) > 1 or self._stands_alone(start, end)
        return (start, end) if end > start and apart else None

    def _stands_alone(self, start: int, end: int) -> bool:
        """A short piece must not be part of a word or sentence."""
        before, after = self.text[start - 1 : start], self.text[end : end + 1]
        return (not before or before in MARKS or before in '\r\n",') and (not after or after in ' \t\r\n|",`')

    def _token(self, line: int, token: str, start: int) -> int | None:
        stop = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        found = self.text.find(token, start, stop)
        return None if found < 0 else found

    def _end(self, line: int, wanted: str, start: int) -> int:
        stop = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        found = self.text.find(wanted, start, stop)
        if found >= 0:
            return found + len(wanted)
        return start + len(self.text[start:stop].rstrip())
