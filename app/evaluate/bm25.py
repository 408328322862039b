"""The yardstick: Okapi BM25 over the same passages, its best three pasted as they are."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from app.receipts.words import IGNORED, stem, tokens

K1, B = 1.2, 0.75
PASTED = 3


class BM25:
    """Texts by number; made once, asked for every question."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts = [Counter(words(text)) for text in texts]
        self._lengths = [sum(count.values()) for count in counts]
        self._mean = sum(self._lengths) / len(counts) if counts else 1.0
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, count in enumerate(counts):
            for word, times in count.items():
                self._postings[word].append((number, times))

    def best(self, question: str, k: int = PASTED) -> list[int]:
        scores: dict[int, float] = defaultdict(float)
        for word in dict.fromkeys(words(question)):
            found = self._postings.get(word, [])
            rarity = math.log(1 + (len(self._lengths) - len(found) + 0.5) / (len(found) + 0.5))
            for number, times in found:
                norm = K1 * (1 - B + B * self._lengths[number] / self._mean)
                scores[number] += rarity * times * (K1 + 1) / (times + norm)
        return sorted(scores, key=lambda number: (-scores[number], number))[:k]


def words(text: str) -> Sequence[str]:
    return [stem(word) for word, _, _ in tokens(text) if word not in IGNORED]
