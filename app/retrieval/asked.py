"""What a question asks for: its own words, and beside them the words that the trade has for the same things."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from app.faults.glossary import Glossary, Meant, glossary
from app.retrieval.words import stems

READ = 2_000  # characters that are looked up in the glossary; a pasted log speaks the trade's words already
KEPT = 256  # questions; each is asked for twice or three times on its way


@dataclass(frozen=True, slots=True)
class Asked:
    """`words` are the distinct content words of the question; `told` is the text for an embedder."""

    words: tuple[str, ...]
    meant: tuple[Meant, ...]
    told: str

    def also(self, weigh: Callable[[str], float]) -> Mapping[str, float]:
        """Words of the glossary that the question does not have -> their share of a question's own word.

        The other word says no more than the word that was asked: where it is the rarer one, it counts for less.
        """
        shares: dict[str, float] = {}
        for meant in self.meant:
            most = max(map(weigh, meant.said), default=0.0)
            for word in meant.other:
                if word not in self.words:
                    share = 1.0 if meant.foreign else min(1.0, most / weigh(word))
                    shares[word] = max(shares.get(word, 0.0), share)
        return shares

    def covered(self, weights: Mapping[str, float], spoken: Set[str]) -> float:
        """The share of the question's words that are spoken, in the trade's words too; the rare ones count more."""
        met = {word for meant in self.meant if spoken >= set(meant.other) for word in meant.said}
        return share(weights, spoken | met)


def share(weights: Mapping[str, float], words: Set[str]) -> float:
    """How much of all the weight these words have."""
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in words) / total if total else 0.0


@lru_cache(maxsize=KEPT)
def asked(text: str) -> Asked:
    reading = trade().read(text[:READ])
    words = tuple(word for word in dict.fromkeys(stems(text)) if word not in reading.silent)
    return Asked(words, reading.meant, _told(text, reading.meant))


@lru_cache(maxsize=1)
def trade() -> Glossary:
    """A tenth of a second at the first call."""
    return glossary(stems)


def _told(text: str, meant: Sequence[Meant]) -> str:
    names = ", ".join(dict.fromkeys(one.name for one in meant if one.name))
    return f"{text} ({names})" if names else text
