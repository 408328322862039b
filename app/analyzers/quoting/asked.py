"""The words of a question, and the trade's own words for what it says in others."""

import math
from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from app.core.question import Question
from app.faults.glossary import Glossary, glossary
from app.receipts.words import stems, term, tokens

FEWEST = 2  # words of its own that a question needs: "What is this?" has none
READ = 4_000  # characters of a log that are read for its words
OTHER = 0.8  # what another word for the same counts for
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Asked:
    """`others` are further words for what was asked, each with what it counts for."""

    words: frozenset[str]
    others: Mapping[str, float]

    @classmethod
    def of(cls, text: str) -> "Asked":
        reading, own = _glossary().read(text), stems(text)
        others = {word: OTHER for meant in reading.meant for word in meant.other if word not in own}
        return cls(own - reading.silent, others)

    @classmethod
    def by(cls, question: Question) -> "Asked":
        """Its own words; where they say next to nothing, those of what came with it."""
        asked = cls.of(question.text)
        return asked if len(asked.words) >= FEWEST else cls.of(question.material[:READ])

    @property
    def all(self) -> frozenset[str]:
        return self.words | self.others.keys()

    def met(self, there: Set[str]) -> int:
        """How many words of the question, in its own or in other words, stand there."""
        return len(self.all & there)

    def shared(self, words: Mapping[Key, Set[str]]) -> dict[Key, float]:
        """What each thing has in common with the question; what few of them have counts more."""
        seen = Counter(word for there in words.values() for word in there & self.all)
        weight = {word: math.log(1 + len(words) / (1 + seen[word])) * self.others.get(word, 1.0) for word in seen}
        return {key: sum(weight[word] for word in there & weight.keys()) for key, there in words.items()}


@lru_cache(maxsize=1)
def _glossary() -> Glossary:
    return glossary(lambda text: [stem for word, _, _ in tokens(text) if (stem := term(word))])
