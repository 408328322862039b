"""Does the passage say this: words in common, denials that flip the sense, quantities that changed places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.faults.units import same
from app.receipts.reading import Page, Reading, Span
from app.receipts.words import stem

# Share of a sentence's content words that its passages must hold. A paraphrase keeps the names of things and loses
# some verbs; a sentence about another thing keeps little beyond "check" and "pressure". Between the two it is marked.
SUPPORTED = 0.6
FLOOR = 0.35
ALIKE = 0.5  # share of words from which on two sentences are taken to speak of one thing

PAIRS = (
    "open close, above below, high low, higher lower, increase decrease, rise fall, before after, left right, "
    "connect disconnect, enable disable, energised de-energised, maximum minimum, more less, up down, raise lower, "
    "locked unlocked, engaged disengaged, applied released, apply release, upstream downstream, inside outside"
)
OPPOSITES: dict[str, str] = {}
for one, other in (pair.split() for pair in PAIRS.split(", ")):
    OPPOSITES[stem(one)], OPPOSITES[stem(other)] = stem(other), stem(one)


@dataclass(frozen=True, slots=True)
class Support:
    """`share` is that of the sentence that is supported least."""

    share: float
    flipped: str = ""
    swapped: str = ""


def support(said: Reading, pages: Sequence[Page]) -> Support:
    there = frozenset[str]().union(*(page.stems for page in pages))
    spans = [span for page in pages for span in page.reading.sentences]
    sentences = [sentence for sentence in said.sentences if sentence.stems]
    shares = [len(sentence.stems & there) / len(sentence.stems) for sentence in sentences]
    flips = (flip for sentence in sentences if (flip := flipped(sentence, spans, there)))
    return Support(min(shares, default=0.0), next(flips, ""), swapped(said, pages))


def flipped(sentence: Span, spans: Iterable[Span], there: frozenset[str]) -> str:
    """The word whose sense is turned round in every sentence of the passages that speaks most nearly of the same."""
    nearest: list[Span] = []
    most = max(1.0, ALIKE * len(sentence.stems))
    for span in spans:
        common = len(sentence.stems & span.stems)
        if common > most:
            nearest, most = [span], common
        elif common == most:
            nearest.append(span)
    words = [_turned(sentence, span, there) for span in nearest]
    return words[0] if words and all(words) else ""


def _turned(sentence: Span, span: Span, there: frozenset[str]) -> str:
    if not span.denies and (denied := sentence.denied & span.stems):
        return min(denied)
    if not sentence.denies and (denied := span.denied & sentence.stems):
        return min(denied)
    return next(
        (word for word in sorted(sentence.stems - there) if OPPOSITES.get(word, "") in span.stems - sentence.stems), ""
    )


def swapped(said: Reading, pages: Sequence[Page]) -> str:
    """A quantity that stands in the passages, but beside other things, while its own things stand beside another."""
    if not said.quantities or len([q for page in pages for q in page.reading.quantities]) < 2:
        return ""
    sources = [pair for page in pages for pair in page.reading.labels]
    for quantity, label in said.labels:
        rivals = [(other, len(label & words)) for other, words in sources if other.dimension == quantity.dimension]
        own = [common for other, common in rivals if same(quantity, other)]
        if own and max(own) == 0 and any(common for other, common in rivals if not same(quantity, other)):
            return said.text[quantity.start : quantity.end]
    return ""
