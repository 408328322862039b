"""The trade's words for what a question says in other words: British, American, colloquial, German or French.

A phrase is met wherever its words follow each other. How a text is cut into stems is handed in, so that a glossary
meets a question as the search does that it is for. `read` is pure; a glossary is made once.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.faults.lexicon import load

Words = tuple[str, ...]
Stems = Callable[[str], Sequence[str]]  # a text -> its content words, cut to their stems, in order

FOREIGN = ("de", "fr")
SURE = 2  # words that tell a language
SHORTEST = 4  # letters of a foreign stem that may begin a longer word; a shorter one must be the word, or nearly
ENDING = 2  # letters that nearly may leave: `tur` meets `turen`


@dataclass(frozen=True, slots=True)
class Meant:
    """One thing that a question names: the stems of its own words, and those of the trade's other word for it.

    `name` is that word as it is written where it is the trade's own; where the question used that one, it is empty.
    `foreign`: the question's own word is of another language.
    """

    said: Words
    other: Words
    name: str = ""
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """`silent` are the stems of German or French words that carry no subject."""

    meant: tuple[Meant, ...]
    language: str = ""  # de, fr, or nothing for everything else
    silent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Glossary:
    """By the first word of a phrase. What stands at two concepts means both."""

    english: Mapping[str, tuple[Meant, ...]]
    foreign: Mapping[str, Mapping[str, tuple[tuple[Words, str], ...]]]  # language -> word -> phrases and their English
    stop: Mapping[str, frozenset[str]]
    stems: Stems

    def read(self, text: str) -> Reading:
        spoken = plain(text)
        language = self.language(spoken)
        if not language:
            return Reading(tuple(self._english(self.stems(text))))
        stop = self.stop[language]
        told = [word for word in spoken if word not in stop]
        quiet = {stem for word in spoken if word in stop for stem in self.stems(word)}
        heard = {stem for word in told for stem in self.stems(word)}
        return Reading(tuple(self._foreign(told, language)), language, frozenset(quiet - heard))

    def language(self, spoken: Sequence[str]) -> str:
        """Told by the words that carry a sentence, those left out that English has too.

        Of a single one the trade's words must tell, and no English one may stand beside it.
        """
        english = self.stop["en"]
        spoken = [word for word in spoken if len(word) > 1]
        told = [word for word in spoken if word not in english]
        counts = {name: sum(word in self.stop[name] for word in told) for name in FOREIGN}
        best = max(FOREIGN, key=counts.__getitem__)
        others = sum(word in english for word in spoken if word not in self.stop[best])
        if counts[best] < SURE and (not counts[best] or others or not any(self._foreign(told, best))):
            return ""
        return best if counts[best] > others else ""

    def _english(self, stems: Sequence[str]) -> Iterator[Meant]:
        at = 0
        while at < len(stems):
            rows = self.english.get(stems[at], ())
            fitting = [row for row in rows if tuple(stems[at : at + len(row.said)]) == row.said]
            longest = max((len(row.said) for row in fitting), default=1)
            yield from (row for row in fitting if len(row.said) == longest)
            at += longest

    def _foreign(self, told: Sequence[str], language: str) -> Iterator[Meant]:
        rows, at = self.foreign[language], 0
        while at < len(told):
            taken = 1
            for piece in pieces(told[at], rows):
                fitting = [row for row in rows[piece] if follows(told[at + 1 :], row[0][1:])]
                longest = max((len(said) for said, _ in fitting), default=1)
                own = tuple(stem for word in told[at : at + longest] for stem in self.stems(word))
                for said, name in fitting:
                    if len(said) == longest:
                        yield Meant(own, tuple(self.stems(name)), name, foreign=True)
                taken = max(taken, longest)
            at += taken


def plain(text: str) -> list[str]:
    """Words without case and accents; `Bremszylinder-Druck` is two."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[^\W_]+", "".join(char for char in folded if not unicodedata.combining(char)))


def pieces(word: str, rows: Mapping[str, object]) -> Iterator[str]:
    """The longest stem that begins the word, then of what is left: `bremszylinderdruck` has two or three."""
    while len(word) > 1:
        fitting = (word[:n] for n in range(len(word), 1, -1) if n >= SHORTEST or len(word) - n <= ENDING)
        found = next((start for start in fitting if start in rows), "")
        if not found:
            return
        yield found
        word = word[len(found) :].removeprefix("s")


def follows(words: Sequence[str], stems: Words) -> bool:
    return len(words) >= len(stems) and all(word.startswith(stem) for word, stem in zip(words, stems, strict=False))


def glossary(stems: Stems) -> Glossary:
    """From the data file that stands beside this one."""
    sections = dict(load("glossary.toml"))
    stop = {name: frozenset(words.split()) for name, words in sections.pop("stop").items()}
    concepts = [concept for section in sections.values() for concept in section.items()]
    english: dict[str, dict[Meant, None]] = defaultdict(dict)
    foreign: dict[str, dict[str, dict[tuple[Words, str], None]]] = {name: defaultdict(dict) for name in FOREIGN}
    for key, entry in concepts:
        for meant in _english(key, entry, stems):
            english[meant.said[0]][meant] = None
        for name in FOREIGN:
            for phrase in entry.get(name, ()):
                said = tuple(word for word in plain(phrase) if word not in stop[name])
                foreign[name][said[0]][said, key] = None
    return Glossary(
        {first: tuple(rows) for first, rows in english.items()},
        {name: {first: tuple(rows) for first, rows in table.items()} for name, table in foreign.items()},
        stop,
        stems,
    )


def _english(key: str, entry: Mapping[str, Sequence[str]], stems: Stems) -> Iterator[Meant]:
    """Every other word leads to the key, and the key to the first of its equals."""
    own = tuple(stems(key))
    equals, sayings = ([kept(phrase, stems) for phrase in entry.get(how, ())] for how in ("also", "said"))
    yield from (Meant(said, own, key) for said in (*equals, *sayings) if said and said != own)
    yield from (Meant(own, other) for other in equals[:1] if other and other != own)


def kept(phrase: str, stems: Stems) -> Words:
    """Nothing, if of several words a single one carries a subject: by it alone, far too much would be met."""
    left = tuple(stems(phrase))
    return left if len(left) > 1 or " " not in phrase else ()
