"""How likely it is that the best passages answer the question: what a question without a known code is refused by.

A logistic curve over three signs, fitted on the sample's training split by tests/bench/calibrate.py, which also tells
how far it can be trusted. Its weights belong to an embedder, since each has cosines of its own; of one that was never
measured only the words are believed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signs:
    """`covered` and `absent` are shares of the question's words, the rare ones counting more.

    Covered by the best passage alone: words that are scattered over several speak of several things.
    """

    covered: float
    absent: float  # what no passage of the shelf speaks
    cosine: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    covered: float
    absent: float
    cosine: float
    bias: float

    def __call__(self, signs: Signs) -> float:
        cosine = self.cosine * (signs.cosine or 0.0)
        return 1 / (1 + math.exp(-(self.covered * signs.covered + self.absent * signs.absent + cosine + self.bias)))


WORDS = Curve(covered=8.04, absent=-3.68, cosine=0.0, bias=-0.22)
CURVES: Mapping[str, Curve] = {"all-MiniLM-L6-v2": Curve(covered=6.15, absent=-2.49, cosine=16.37, bias=-7.01)}


def relevance(signs: Signs, model: str) -> float:
    """-> 0..1, a probability. `model` is the embedder's, with or without the version behind its `@`."""
    curve = CURVES.get(model.partition("@")[0], WORDS)
    return (WORDS if signs.cosine is None else curve)(signs)
