"""A text, read once: its words, sentences, quantities and codes, each worked out when first asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from app.core.document import Passage
from app.faults import codes, units
from app.receipts.entries import LEAD
from app.receipts.labels import labelled
from app.receipts.sentences import cut
from app.receipts.words import IGNORED, NEGATORS, content, language, stem, tokens

SCOPE = 3  # words after a negator in which the word that it denies is looked for
SMALL = 300  # characters of a part that is one span; a longer one is looked at sentence by sentence
TYPOGRAPHY = str.maketrans("‘’“”–—\u00a0", "''\"\"-- ")  # one character for one, so that offsets stay


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` with its content words; `denied` are those that only stand behind a negator."""

    start: int
    end: int
    stems: frozenset[str]
    denied: frozenset[str]
    denies: bool


class Reading:
    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def tokens(self) -> list[tuple[str, int, int]]:
        return tokens(self.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        return content(word for word, _, _ in self.tokens)

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        return self.spans(cut(self.text))

    @cached_property
    def plain(self) -> Sequence[str]:
        """Its sentences as they are looked for in a passage."""
        return [plain(self.text[start:end]) for start, end in cut(self.text)]

    @cached_property
    def language(self) -> str | None:
        return language(word for word, _, _ in self.tokens)

    @cached_property
    def quantities(self) -> tuple[units.Quantity, ...]:
        return units.quantities(self.text) if self.figures else ()

    @cached_property
    def labels(self) -> tuple[tuple[units.Quantity, frozenset[str]], ...]:
        return labelled(self.text, self.quantities)

    @cached_property
    def mentions(self) -> tuple[codes.Mention, ...]:
        return codes.find(self.text)

    @cached_property
    def figures(self) -> frozenset[str]:
        """Every word with a digit: numbers without a unit, terminals, device names."""
        return frozenset(figure(word) for word, _, _ in self.tokens if not word.isalpha())

    @cached_property
    def folded(self) -> tuple[str, Sequence[int]]:
        """White space as one blank, plain quotes and dashes; and where each character came from."""
        kept: list[str] = []
        origin: list[int] = []
        for at, char in enumerate(self.text.translate(TYPOGRAPHY)):
            blank = char.isspace()
            if not blank or (kept and kept[-1] != " "):
                kept.append(" " if blank else char)
                origin.append(at)
        return "".join(kept), origin

    def spans(self, bounds: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
        """Spans at these bounds, which must be in order and must not overlap."""
        found: list[Span] = []
        at = 0
        for start, end in bounds:
            words: list[str] = []
            while at < len(self.tokens) and self.tokens[at][1] < end:
                if self.tokens[at][1] >= start:
                    words.append(self.tokens[at][0])
                at += 1
            found.append(Span(start, end, content(words), *_denied(words)))
        return tuple(found)


reading = lru_cache(maxsize=512)(Reading)  # passages come again from question to question


class Page:
    """A passage as it is held against statements."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        self.reading = reading(passage.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The words that may stand in a statement about it, those of its headings included."""
        return self.reading.stems | reading(f"{self.passage.title}\n{self.passage.section}").stems

    def holds(self, code: str) -> bool:
        """Ingest has listed its codes; the text itself is searched only for others."""
        if code in self.passage.codes or code in self.passage.defines:
            return True
        return any(mention.code == code for mention in self.reading.mentions)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        return self.reading.spans(self._bounds) if self._bounds else self.reading.sentences

    @cached_property
    def told(self) -> Mapping[str, tuple[int, int]]:
        """Each whole sentence of its parts, and its span: what says the same needs no comparison of words."""
        found: dict[str, tuple[int, int]] = {}
        for start, end in self._bounds:
            text = LEAD.sub("", self.passage.text[start:end])
            for first, last in cut(text):
                found.setdefault(plain(text[first:last]), (start, end))
        return found

    @cached_property
    def _bounds(self) -> Sequence[tuple[int, int]]:
        """Its parts, long ones sentence by sentence; none where it has no parts."""
        bounds: list[tuple[int, int]] = []
        for part in sorted(self.passage.parts, key=lambda part: part.start):
            start, end = part.start - self.passage.start, part.end - self.passage.start
            if bounds and start < bounds[-1][1]:
                continue
            inner = cut(self.passage.text[start:end]) if end - start > SMALL else [(0, end - start)]
            bounds += [(start + first, start + last) for first, last in inner]
        return bounds


def plain(sentence: str) -> str:
    """White space and the last stop do not tell two sentences apart."""
    return " ".join(sentence.split()).rstrip(".")


def figure(word: str) -> str:
    """`4.50` and `4.5` are one."""
    try:
        return f"{float(word):g}"
    except ValueError:
        return word


def _denied(words: Sequence[str]) -> tuple[frozenset[str], bool]:
    denied: set[str] = set()
    places: set[int] = set()
    negators = [at for at, word in enumerate(words) if word in NEGATORS]
    for at in negators:
        following = range(at + 1, min(at + 1 + SCOPE, len(words)))
        if (place := next((i for i in following if words[i] not in IGNORED), None)) is not None:
            places.add(place)
            denied.add(stem(words[place]))
    plain = {stem(word) for at, word in enumerate(words) if at not in places} if denied else set()
    return frozenset(denied - plain), bool(negators)
