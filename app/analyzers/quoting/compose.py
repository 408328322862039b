"""Topics become statements: what it means, why, what to do, what to mind; every word is a quote."""

from collections.abc import Iterator, Sequence

from app.analyzers.quoting.expected import expected
from app.analyzers.quoting.pieces import Piece
from app.analyzers.quoting.topic import Topic
from app.core.statement import Kind, Statement
from app.faults.actions import classify

WORDS = 180  # a person reads this much in a minute, standing
LEADING = 0.6  # share of them that the first of several topics has for certain
CAUSES, WARNINGS, LIMITS = 4, 2, 3
FIRST = 3  # steps that limits have to wait for; nobody does more without looking again
TOLD = 3  # sentences of a summary
SHOWN: tuple[Kind, ...] = ("meaning", "summary", "cause", "warning", "step", "limit", "next_test")


def compose(topics: Sequence[Topic]) -> list[Statement]:
    """All topics in full, as far as the words last; the first one leads."""
    if not topics:
        return []
    leader, *others = topics
    share = round(WORDS * (1 - LEADING) / max(1, len(others)))
    rest = [statement for topic in others for statement in within(share, wishes(topic, leading=False))]
    left = WORDS - sum(len(statement.text.split()) for statement in rest)
    return [*within(left, wishes(leader, leading=True)), *rest]


def wishes(topic: Topic, *, leading: bool) -> Iterator[Statement]:
    """By what would be missed most."""
    causes = [_quote("cause", piece, topic) for piece in topic.of("cause")]
    if topic.meaning:
        yield _quote("meaning", topic.meaning, topic)
    summary = _summary(topic) if leading else None
    if summary:
        yield summary
    told = [_quote("summary", piece, topic) for piece in topic.told if summary is None or piece is not topic.meaning]
    if leading and not summary:  # prose: what it tells is all there is
        yield from told[:TOLD]
    yield from causes[:1]
    yield from (_quote("warning", piece, topic) for piece in topic.of("warning")[:WARNINGS])
    if leading and topic.next_test:
        yield _step("next_test", topic.next_test, topic)
    yield from (_step("step", piece, topic) for piece in topic.steps[:FIRST])
    yield from (_quote("limit", piece, topic) for piece in topic.of("limit")[:LIMITS])
    yield from (_step("step", piece, topic) for piece in topic.steps[FIRST:])
    yield from causes[1:CAUSES]
    if leading and summary:
        yield from told[: TOLD - 1]


def within(words: int, wished: Iterator[Statement]) -> list[Statement]:
    """What fits, as it is read; steps end at the first that does not fit, so that none between is missing."""
    kept: list[Statement] = []
    full: set[Kind] = set()
    left = words
    for statement in wished:
        size = 0 if repeats(statement) else len(statement.text.split())
        if (size <= left or not kept) and statement.kind not in full:
            kept.append(statement)
            left -= size
        else:
            full.add(statement.kind)
    return sorted(kept, key=lambda statement: SHOWN.index(statement.kind))


def repeats(statement: Statement) -> bool:
    """What it quotes is counted where it stands."""
    return statement.kind == "next_test" or (statement.kind == "summary" and not statement.quote)


def _summary(topic: Topic) -> Statement | None:
    """Meaning, first cause, first remedy. A step that has to be released is not told here."""
    cause = next(iter(topic.of("cause")), None)
    named = (("", topic.meaning), ("Probable cause: ", cause), ("First: ", topic.harmless))
    told = [(label, piece) for label, piece in named if piece]
    if len(told) < 2:
        return None
    text = " ".join(_sentence(label + piece.text) for label, piece in told)
    numbers = dict.fromkeys(piece.number for _, piece in told)
    return Statement("summary", text, tuple(numbers), code=topic.code)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", ":")) else f"{text.rstrip(',;')}."


def _quote(kind: Kind, piece: Piece, topic: Topic) -> Statement:
    return Statement(kind, piece.text, (piece.number,), piece.quote, code=topic.code)


def _step(kind: Kind, piece: Piece, topic: Topic) -> Statement:
    action = classify(piece.text)
    value = expected(piece, topic.of("limit")) if action in ("observe", "measure") else None
    return Statement(kind, piece.text, (piece.number,), piece.quote, action, value, topic.code)
