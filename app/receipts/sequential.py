"""Comparisons that stay valid however often somebody looks: a mixture sequential test and its confidence sequence.

The test is Robbins' normal mixture as Johari, Koomen, Pekelis and Walsh use it for A/B tests ("Peeking at A/B Tests",
KDD 2017; "Always Valid Inference", Operations Research 2022); the interval is its dual (Howard, Ramdas, McAuliffe and
Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 2021, for the general
theory). Means are taken as normal, which is why a minimum of outcomes stands before any decision. The test of the split
is the Dirichlet mixture of Lindon and Malek ("Anytime-valid inference for multinomial count data", NeurIPS 2022).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

EFFECT = 0.2  # where the mixture looks most closely: a difference of so many standard deviations
ROUNDING = 1e-9  # less than this share of the squares is what adding numbers up leaves behind
CONCENTRATION = 100.0  # of the split's mixture: it looks for shifts of about a tenth of a share


@dataclass(frozen=True, slots=True)
class Sample:
    """What is kept of the outcomes of one arm."""

    n: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def scatter(self) -> float:
        """Sum of squared distances from the mean."""
        found = self.squares - self.total * self.mean
        return found if found > ROUNDING * self.squares else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The other arm less the control. `low` and `high` hold at every look together, `p` at any time one stops."""

    difference: float
    low: float
    high: float
    p: float


UNKNOWN = Comparison(0.0, -math.inf, math.inf, 1.0)


def compare(control: Sample, other: Sample, alpha: float = 0.05) -> Comparison:
    if control.n < 2 or other.n < 2:
        return UNKNOWN
    deviation = _deviation(control, other)
    difference = other.mean - control.mean
    if deviation == 0.0:  # every outcome was the same: nothing is known of how they scatter
        return Comparison(difference, -math.inf, math.inf, 1.0)
    error, prior = 1 / control.n + 1 / other.n, EFFECT**2  # variances, in units of that of one outcome
    shift = difference / deviation
    log_ratio = 0.5 * math.log(error / (error + prior)) + shift * shift * prior / (2 * error * (error + prior))
    half = math.sqrt(error * (error + prior) / prior * (2 * math.log(1 / alpha) + math.log((error + prior) / error)))
    half *= deviation
    return Comparison(difference, difference - half, difference + half, min(1.0, math.exp(-log_ratio)))


def split_p(counts: Sequence[int], weights: Sequence[float]) -> float:
    """How believable it is, at any time, that so many came to each arm by these weights."""
    shares = [weight / sum(weights) for weight in weights]
    alphas = [CONCENTRATION * share for share in shares]
    log_ratio = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + sum(counts))
    for count, share, start in zip(counts, shares, alphas, strict=True):
        log_ratio += math.lgamma(start + count) - math.lgamma(start) - count * math.log(share)
    return min(1.0, math.exp(-log_ratio))


def _deviation(control: Sample, other: Sample) -> float:
    """Of one outcome from its own arm's mean, both arms together."""
    return math.sqrt((control.scatter + other.scatter) / (control.n + other.n - 2))
