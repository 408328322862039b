"""What a quantity is the measure of: the words of its own clause."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from app.faults.units import Quantity
from app.receipts.words import stems

CLAUSE = re.compile(r"[;.,!?](?=\s)|\n|\b(?:and|but|while|whereas|und|aber|et|mais)\b")
GENERIC = stems("pressure voltage current time speed temperature resistance value limit level nominal measure check")


def labelled(text: str, found: Sequence[Quantity]) -> tuple[tuple[Quantity, frozenset[str]], ...]:
    """Each quantity with the words that stand nearer to it than to another one."""
    stops = [match.start() for match in CLAUSE.finditer(text)] if found else []
    pairs: list[tuple[Quantity, frozenset[str]]] = []
    for at, quantity in enumerate(found):
        behind, ahead = bisect_left(stops, quantity.start), bisect_left(stops, quantity.end)
        before = stops[max(0, behind - 1) : behind] + [q.end for q in found[max(0, at - 1) : at]]
        after = stops[ahead : ahead + 1] + [q.start for q in found[at + 1 : at + 2]]
        first, last = max(before, default=0), min(after, default=len(text))
        pairs.append((quantity, stems(f"{text[first : quantity.start]} {text[quantity.end : last]}") - GENERIC))
    return tuple(pairs)
