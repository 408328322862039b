"""Without a known code: which thing in the evidence fits the words of the question best."""

from collections.abc import Sequence
from dataclasses import replace

from app.analyzers.quoting.asked import Asked
from app.analyzers.quoting.topic import Topic, gather
from app.core.document import Passage
from app.core.question import Question
from app.receipts.reading import Page

ENOUGH = 2  # words that a thing must share with the question, if the question has as many,
SHARE = 1 / 3  # and this share of them, lest two common words answer a long question about something else;
# one word will do for what the retriever put first: it knows words of like meaning
FOUND = 2.0  # times the share of the words: what the retriever's score counts for
ALSO = 0.9  # share of the best score from which on another thing is a further hypothesis
THIN = 0.25  # retriever's score below which the best thing may well be another one,
CLOSE = 0.95  # as it may where another one comes this near to it: then less is said of either
OTHERS = 2  # of them
Key = str | tuple[str, str]
Numbered = tuple[int, Passage]


def topics(question: Question, evidence: Sequence[Passage]) -> list[Topic]:
    """Best first; empty when nothing fits."""
    asked = Asked.by(question)
    groups = _groups(evidence)
    words = {key: _words(group) for key, group in groups.items()}
    needed = max(1, min(ENOUGH, len(asked.words)), SHARE * len(asked.words))
    fitting = [key for at, key in enumerate(groups) if asked.met(words[key]) >= (needed if at else 1)]
    if not fitting:
        return []
    shared = asked.shared(words)
    most = max(shared.values()) or 1.0
    found = {key: max(passage.score for _, passage in group) for key, group in groups.items()}
    best = max(found.values()) or 1.0
    scores = {key: shared[key] / most + FOUND * found[key] / best for key in fitting}
    ranked = sorted(fitting, key=lambda key: (-scores[key], groups[key][0][0]))
    first = ranked[0]
    close = [key for key in ranked if scores[key] >= ALSO * scores[first]]
    rival = max((scores[key] for key in ranked[1:]), default=0.0)
    sure = found[first] >= THIN and rival < CLOSE * scores[first]
    told = [gather(key if isinstance(key, str) else None, groups[key], asked.all) for key in close[: 1 + OTHERS]]
    return [replace(topic, sure=sure) for topic in told]


def _groups(evidence: Sequence[Passage]) -> dict[Key, list[Numbered]]:
    """Passages that define a code go by it, the others by their section."""
    groups: dict[Key, list[Numbered]] = {}
    for number, passage in enumerate(evidence, start=1):
        for key in passage.defines[:1] or ((passage.document_id, passage.section),):
            groups.setdefault(key, []).append((number, passage))
    return groups


def _words(group: Sequence[Numbered]) -> frozenset[str]:
    return frozenset[str]().union(*(Page(passage).stems for _, passage in group))
