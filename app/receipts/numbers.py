"""Every number in a statement has a source: quantities in any unit, other figures as they are written."""

from collections.abc import Iterable, Sequence

from app.faults.units import same
from app.receipts.reading import Reading, figure


def unsupported(said: Reading, sources: Iterable[Reading]) -> list[str]:
    """What no source carries, as the statement spells it."""
    if not said.figures:
        return []
    read = list(sources)
    return [*_quantities(said, read), *_figures(said, read)]


def _quantities(said: Reading, sources: Sequence[Reading]) -> list[str]:
    return [
        said.text[quantity.start : quantity.end]
        for quantity in said.quantities
        if not any(same(quantity, other) for source in sources for other in source.quantities)
    ]


def _figures(said: Reading, sources: Sequence[Reading]) -> list[str]:
    """Numbers without a unit and names with digits; those within quantities and fault codes are checked elsewhere."""
    taken = [(quantity.start, quantity.end) for quantity in said.quantities]
    taken += [(mention.start, mention.end) for mention in said.mentions]
    return [
        said.text[start:end]
        for word, start, end in said.tokens
        if not word.isalpha()
        and not any(first <= start and end <= last for first, last in taken)
        and not any(figure(word) in source.figures for source in sources)
    ]
