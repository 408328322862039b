"""How well the best passages fit the words of a question: what a question without a known code is refused by.

Measured with MiniLM on the sample shelf (40 questions on symptoms in other words than the documents', 15 on matters
that are absent) and, unseen while it was chosen, on two public manuals. At `THRESHOLD` 35 of the 40 are answered and
14 of the 15 refused; of the manuals' 26 questions 24 pass, and all 8 foreign ones are refused. Another embedder has
other cosines: measure again, with tests/bench/quality.py.
"""

import math

THRESHOLD = 0.5  # below it the question has no evidence here

COVERED = 0.25  # a cosine is worth four times a coverage
MIDDLE, STEEP = 0.46, 12.0
MIDDLE_WORDS, STEEP_WORDS = 0.4, 8.0  # when words alone speak they are believed less


def relevance(covered: float, cosine: float | None) -> float:
    """-> 0..1, from the coverage and the best cosine; without a dense lane the coverage alone speaks."""
    if cosine is None:
        return _logistic(STEEP_WORDS * (covered - MIDDLE_WORDS))
    return _logistic(STEEP * (cosine + COVERED * covered - MIDDLE))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))
