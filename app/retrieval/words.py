"""The content words of a text: lower case, without stop words, cut to their stems."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tantivy

LONGEST_TEXT = 20_000  # characters of one question that are read
LONGEST_WORD = 40  # bytes; longer ones are dumps and hashes, nobody's search term

# Words that carry the sentence and not its subject. Missing on purpose: no, not, on, off, up, down, open, under, above,
# before, after; in this trade they are states and limits.
STOP = """
a about again all also am an and any are as at be because been being but by can could did do does doing each else etc
even ever for from get gets getting give gives go goes going got had has have having he hello help her here hi him his
how i if in into is it its itself just know let like make many may me might more most much must my need now of
often okay one or other our ours please said same say see she should so some still such tell than thank thanks that the
their them then there these they thing this those though through to too us very want was way we well were what when
where whether which while who whom whose why will with would yet you your yours
aren couldn d didn doesn don hadn hasn haven isn ll m re s shouldn t ve wasn weren won wouldn
"""


@lru_cache(maxsize=1)
def analyzer() -> "tantivy.TextAnalyzer":
    """The same for a passage and for a question, or they would not meet."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(LONGEST_WORD))
    builder = builder.filter(Filter.lowercase()).filter(Filter.ascii_fold())
    return builder.filter(Filter.custom_stopword(STOP.split())).filter(Filter.stemmer("english")).build()


def stems(text: str) -> list[str]:
    """The content words in the order of the text."""
    return list(analyzer().analyze(sound(text[:LONGEST_TEXT])))


def spoken(texts: Iterable[str]) -> frozenset[str]:
    """Every content word that stands in one of the texts."""
    return frozenset(word for text in texts for word in analyzer().analyze(sound(text)))


def sound(text: str) -> str:
    """Without the half characters that a log read byte by byte may hold, and that no library takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
