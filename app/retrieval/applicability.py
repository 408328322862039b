"""Which assets a passage speaks of, and whether the one that failed is among them."""

import re
from collections.abc import Sequence

from app.core.document import Passage
from app.core.question import Asset


def applies(passage: Passage, asset: Asset) -> bool:
    """False only when the passage names classes or baselines and the asset is known to be of none of them."""
    limits = passage.applicability
    return _named(asset.vehicle_class, limits.vehicle_classes) and _named(asset.baseline, limits.baselines)


def _named(name: str | None, allowed: Sequence[str]) -> bool:
    return not name or not allowed or _plain(name) in {_plain(other) for other in allowed}


def _plain(name: str) -> str:
    """`Class 442`, `class-442` and `442` are one."""
    return re.sub(r"[\W_]+", "", name.casefold()).removeprefix("class").removeprefix("baseline")
