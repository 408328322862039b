"""Without a known code: which thing in the evidence fits the words of the question best."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from app.analyzers.quoting.topic import Topic, gather
from app.core.document import Passage
from app.core.question import Question
from app.receipts.reading import Page
from app.receipts.words import stems

ENOUGH = 2  # words that a thing must share with the question, if the question has as many,
SHARE = 1 / 3  # and this share of them, lest two common words answer a long question about something else;
# one word will do for what the retriever put first: it knows words of like meaning
FOUND = 2.0  # times the share of the words: what the retriever's score counts for
ALSO = 0.9  # share of the best score from which on another thing is a further hypothesis
Key = str | tuple[str, str]
Numbered = tuple[int, Passage]


def topics(question: Question, evidence: Sequence[Passage]) -> list[Topic]:
    """Best first; empty when nothing fits."""
    asked = stems(question.text)
    if len(asked) < ENOUGH:
        asked = stems(question.material)
    groups = _groups(evidence)
    words = {key: _words(group) for key, group in groups.items()}
    rare = _rareness(words.values(), asked)
    shared = {key: sum(rare[word] for word in own & asked) for key, own in words.items()}
    needed = max(1, min(ENOUGH, len(asked)), SHARE * len(asked))
    fitting = [key for at, key in enumerate(groups) if len(words[key] & asked) >= (needed if at else 1)]
    if not fitting:
        return []
    scores = _together(shared, groups)
    ranked = sorted(fitting, key=lambda key: (-scores[key], groups[key][0][0]))
    close = [key for key in ranked if scores[key] >= ALSO * scores[ranked[0]]]
    return [gather(key if isinstance(key, str) else None, groups[key], asked) for key in close]


def _groups(evidence: Sequence[Passage]) -> dict[Key, list[Numbered]]:
    """Passages that define a code go by it, the others by their section."""
    groups: dict[Key, list[Numbered]] = {}
    for number, passage in enumerate(evidence, start=1):
        for key in passage.defines[:1] or ((passage.document_id, passage.section),):
            groups.setdefault(key, []).append((number, passage))
    return groups


def _together(shared: Mapping[Key, float], groups: Mapping[Key, Sequence[Numbered]]) -> dict[Key, float]:
    """The words in common and the retriever's score, each as a share of the best."""
    found = {key: max(passage.score for _, passage in group) for key, group in groups.items()}
    most, best = max(shared.values()) or 1.0, max(found.values()) or 1.0
    return {key: shared[key] / most + FOUND * found[key] / best for key in groups}


def _words(group: Sequence[Numbered]) -> frozenset[str]:
    return frozenset[str]().union(*(Page(passage).stems for _, passage in group))


def _rareness(groups: Iterable[frozenset[str]], asked: frozenset[str]) -> dict[str, float]:
    listed = list(groups)
    seen = Counter(word for words in listed for word in words & asked)
    return {word: math.log(1 + len(listed) / (1 + seen[word])) for word in asked}
