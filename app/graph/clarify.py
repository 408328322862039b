"""A code that means different things on different vehicles: which one is meant, or the question back."""

from collections.abc import Sequence

from app.core.document import Passage
from app.core.question import Asset
from app.retrieval.base import Retrieved

OTHER = "other_asset"  # the retriever's mark on a passage of another vehicle


def classes_meant(retrieved: Retrieved, asset: Asset) -> tuple[str, ...]:
    """The vehicle classes to choose from; empty when the asset tells, or when they all share one meaning."""
    if asset.vehicle_class:
        return ()
    for code in (code.code for code in retrieved.fault_codes if code.known):
        defining = [p for p in retrieved.passages if code in p.defines and p.current]
        owners = {p.applicability.vehicle_classes for p in defining}
        if len(owners) > 1 and all(owners) and apart(tuple(owners)):
            return tuple(sorted({name for names in owners for name in names}))
    return ()


def apart(owners: Sequence[tuple[str, ...]]) -> bool:
    """Whether no vehicle class is named by two of them."""
    named = [name for names in owners for name in names]
    return len(named) == len(set(named))


def fitting(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Without those of other vehicles, unless nothing else defines what they define."""
    defined = {code for passage in passages if OTHER not in passage.why for code in passage.defines}
    return tuple(p for p in passages if OTHER not in p.why or set(p.defines) - defined)
