"""What a ranking is worth, and how much of a text is taken over from another; pure."""

import math
from collections.abc import Collection, Mapping, Sequence

from app.receipts.words import tokens


def recall_at(ranked: Sequence[str], right: Collection[str], k: int) -> float:
    """The share of what is right that stands among the first k."""
    return len(set(ranked[:k]) & set(right)) / len(right) if right else 0.0


def reciprocal_rank(ranked: Sequence[str], right: Collection[str]) -> float:
    return next((1 / place for place, name in enumerate(ranked, start=1) if name in right), 0.0)


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """Normalised discounted cumulative gain, with gains of 2^grade - 1."""
    best = _gain(sorted(grades.values(), reverse=True)[:k])
    return _gain([grades.get(name, 0) for name in ranked[:k]]) / best if best else 0.0


def _gain(grades: Sequence[int]) -> float:
    return float(sum((2 ** max(grade, 0) - 1) / math.log2(place + 2) for place, grade in enumerate(grades)))


def ngrams(text: str, n: int) -> set[tuple[str, ...]]:
    words = [word for word, _, _ in tokens(text)]
    return {tuple(words[at : at + n]) for at in range(len(words) - n + 1)}


def overlap(text: str, source: str, n: int = 4) -> float:
    """The share of the text's n-grams of words that stand in the source as well."""
    own = ngrams(text, n)
    return len(own & ngrams(source, n)) / len(own) if own else 0.0
