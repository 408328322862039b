"""Where a quote stands, and which piece of a passage bears a sentence out; offsets are those of the stored document."""

from app.core.document import Passage
from app.receipts.reading import TYPOGRAPHY, Page, Reading, Span
from app.receipts.words import stems

EDGES = " .…\"'“”‘’"  # what is put around a quote and is not part of it


def locate(quote: str, passage: Passage) -> tuple[int, int] | None:
    """The quote as it stands there, else the same words with other white space, typography or case."""
    return find(quote, Page(passage))


def best_span(text: str, passage: Passage) -> tuple[int, int] | None:
    """The part or sentence that shares most words with the text; None when none shares any."""
    page = Page(passage)
    span = best(stems(text), page)
    return (passage.start + span.start, passage.start + span.end) if span else None


def find(quote: str, page: Page) -> tuple[int, int] | None:
    passage = page.passage
    if not quote.strip(EDGES):
        return None
    at = passage.text.find(quote)
    if at >= 0:
        return passage.start + at, passage.start + at + len(quote)
    found = _folded(quote, page.reading) or _folded(quote.strip(EDGES), page.reading)
    return (passage.start + found[0], passage.start + found[1]) if found else None


def _folded(quote: str, reading: Reading) -> tuple[int, int] | None:
    text, origin = reading.folded
    wanted = " ".join(quote.translate(TYPOGRAPHY).split())
    at = text.find(wanted)
    if at < 0 and len(text.lower()) == len(text):  # a few characters change their length with their case
        at = text.lower().find(wanted.lower())
    return (origin[at], origin[at + len(wanted) - 1] + 1) if at >= 0 and wanted else None


def best(words: frozenset[str], page: Page) -> Span | None:
    """Most words in common; among equals the span that says least besides, then the first."""
    scored = ((len(span.stems & words), -len(span.stems), -span.start, span) for span in page.spans)
    top = max(scored, default=None, key=lambda score: score[:3])
    return top[3] if top and top[0] else None
