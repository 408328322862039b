"""What an answer says that says nothing: what was looked for, what came nearest, and which document would help."""

from collections.abc import Iterator, Sequence

from app.core.document import Passage
from app.core.question import Question
from app.graph import words
from app.receipts.reading import Page
from app.receipts.words import term, tokens
from app.retrieval.base import Retrieved

SHOWN = 8  # words of a long question
TITLES = 2
READ = 2_000  # characters of the question


def nothing(question: Question, retrieved: Retrieved) -> str:
    codes = [code.code for code in retrieved.fault_codes]
    looked = codes or list(subjects(question)) or [f"“{question.text[:120]}”"]
    missing = codes or nowhere(question, retrieved.passages)
    titles = list(dict.fromkeys(passage.title for passage in retrieved.passages))[:TITLES]
    return words.NOTHING.format(
        looked=", ".join(looked[:SHOWN]),
        nearest=words.NEAREST.format(titles="; ".join(titles)) if titles else "",
        what=words.SPEAKING.format(words=", ".join(missing[:SHOWN])) if missing else words.COVERING,
    )


def absent(question: Question, retrieved: Retrieved) -> tuple[str, ...]:
    """The same for a program: what stands nowhere in what was found."""
    unknown = [words.NO_CODE.format(code=code.code) for code in retrieved.fault_codes if not code.known]
    if retrieved.fault_codes:
        return tuple(unknown)
    return tuple(words.NOWHERE.format(word=word) for word in nowhere(question, retrieved.passages)[:SHOWN])


def nowhere(question: Question, passages: Sequence[Passage]) -> list[str]:
    there = frozenset[str]().union(*(Page(passage).stems for passage in passages))
    return [word for word in subjects(question) if term(word) not in there]


def subjects(question: Question) -> Iterator[str]:
    """The words that carry the question, as they were written, each once."""
    seen: set[str] = set()
    for word, start, end in tokens(question.text[:READ]):
        if (stem := term(word)) and stem not in seen:
            seen.add(stem)
            yield question.text[start:end]
