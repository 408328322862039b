"""How far a measured share may be off: Wilson's interval, and a paired bootstrap of differences."""

import math
import random
from collections.abc import Sequence

Z = 1.959964  # 95 % of a normal distribution lie within
ROUNDS = 2_000
SEED = 20_260_101  # the same answers give the same interval


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share; of nothing, anything may be."""
    if n == 0:
        return 0.0, 1.0
    share, spread = hits / n, Z * Z / n
    middle = share + spread / 2
    half = Z * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def paired_bootstrap(differences: Sequence[float], rounds: int = ROUNDS) -> tuple[float, float]:
    """The 95 % interval of the mean of differences that were measured on the same cases."""
    if not differences:
        return 0.0, 0.0
    dice, size = random.Random(SEED), len(differences)  # noqa: S311  no secret
    means = sorted(sum(dice.choices(differences, k=size)) / size for _ in range(rounds))
    return means[int(0.025 * (rounds - 1))], means[math.ceil(0.975 * (rounds - 1))]
