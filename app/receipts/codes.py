"""A fault code is never invented and never swapped: where the codes of a statement come from."""

from collections.abc import Iterable, Sequence

from app.faults.codes import find
from app.receipts.reading import Page, Reading


def spoken(said: Reading, stated: str | None) -> frozenset[str]:
    """Every code that the statement names or says it speaks of."""
    named = {mention.code for mention in said.mentions}
    if stated:
        named |= {mention.code for mention in find(stated)} or {stated}
    return frozenset(named)


def foreign(named: Iterable[str], asked: frozenset[str], cited: Sequence[Page]) -> list[str]:
    """Codes that stand neither in the question nor in a cited passage."""
    return sorted(code for code in named if code not in asked and not any(page.holds(code) for page in cited))


def swapped(named: Iterable[str], cited: Sequence[Page]) -> list[str]:
    """Codes for which only passages are cited that define others and do not mention them."""
    if not cited or not all(page.passage.defines for page in cited):
        return []
    return sorted(code for code in named if not any(page.holds(code) for page in cited))


def neighbours(asked: frozenset[str], cited: Sequence[Page]) -> list[str]:
    """The codes that the cited passages define, when none of those passages mentions a code that was asked."""
    if not asked or any(not page.passage.defines or any(map(page.holds, asked)) for page in cited):
        return []
    return sorted({code for page in cited for code in page.passage.defines})
