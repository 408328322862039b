"""Topics become statements: what it means, why, what to do, what to mind; every word is a quote."""

from collections.abc import Iterator, Sequence

from app.analyzers.quoting.expected import expected
from app.analyzers.quoting.pieces import Piece
from app.analyzers.quoting.topic import Topic
from app.core.statement import Kind, Statement
from app.faults.actions import classify

WORDS = 180  # a person reads this much in a minute, standing
LEADING = 0.6  # share of them that the first of several topics has for certain
CAUSES, WARNINGS, LIMITS = 4, 2, 4
FIRST = 3  # steps that limits have to wait for; nobody does more without looking again
TOLD = 3  # sentences of a summary
SHOWN: tuple[Kind, ...] = ("meaning", "summary", "cause", "warning", "step", "limit", "next_test")


def compose(topics: Sequence[Topic]) -> list[Statement]:
    """Of each code that was asked for all there is, as far as the words last; the first one leads."""
    if not topics:
        return []
    leader, *others = topics
    share = round(WORDS * (1 - LEADING) / max(1, len(others)))
    rest = [statement for topic in others for statement in within(share, _body(topic))]
    return [*within(WORDS - sum(map(size, rest)), _led(leader, meant=True)), *rest]


def suppose(topics: Sequence[Topic]) -> list[Statement]:
    """All of what fits best; of each other thing what it is, for it may be meant as well."""
    if not topics:
        return []
    leader, *others = topics
    rest = [_quote("cause", piece, topic) for topic in others if (piece := _instead(topic, leader))]
    return [*within(WORDS - sum(map(size, rest)), _led(leader, meant=False)), *rest]


def _instead(topic: Topic, leader: Topic) -> Piece | None:
    """What the other thing is; where it is called the same, what causes it."""
    told = [topic.meaning, *topic.of("cause")]
    same = leader.meaning.text if leader.meaning else ""
    return next((piece for piece in told if piece and piece.text != same), None)


def _led(topic: Topic, *, meant: bool) -> Iterator[Statement]:
    """With a summary. Beside a code that was meant stands its meaning; else the summary has to tell it."""
    summary = _summary(topic, None if meant else topic.meaning)
    if topic.meaning and (meant or not summary):
        yield _quote("meaning", topic.meaning, topic)
    told = [_quote("summary", piece, topic) for piece in topic.told if summary is None or piece is not topic.meaning]
    yield from [summary] if summary else told[:TOLD]  # prose: what it tells is all there is
    yield from _body(topic, test=True)
    if summary:
        yield from told[: TOLD - 1]


def _body(topic: Topic, *, test: bool = False) -> Iterator[Statement]:
    """By what would be missed most; limits that the question asks for come before what to do in general.

    Of what may not be meant at all: what tells whether it is, and one step.
    """
    causes = [_quote("cause", piece, topic) for piece in topic.of("cause")]
    limits = [_quote("limit", piece, topic) for piece in topic.limits[:LIMITS]]
    asked = sum(topic.meant(piece) > 0 for piece in topic.limits[:LIMITS])
    if not test and topic.meaning:
        yield _quote("meaning", topic.meaning, topic)
    yield from causes[:1]
    if topic.sure:
        yield from (_quote("warning", piece, topic) for piece in topic.of("warning")[:WARNINGS])
    yield from limits[:asked]
    if test and topic.next_test:
        yield _step("next_test", topic.next_test, topic)
    yield from (_step("step", piece, topic) for piece in topic.steps[: FIRST if topic.sure else 1])
    if topic.sure:
        yield from limits[asked:]
        yield from (_step("step", piece, topic) for piece in topic.steps[FIRST:])
        yield from causes[1:CAUSES]


def within(words: int, wished: Iterator[Statement]) -> list[Statement]:
    """What fits, as it is read; steps end at the first that does not fit, so that none between is missing."""
    kept: list[Statement] = []
    full: set[Kind] = set()
    left = words
    for statement in wished:
        if (size(statement) <= left or not kept) and statement.kind not in full:
            kept.append(statement)
            left -= size(statement)
        else:
            full.add(statement.kind)
    return sorted(kept, key=lambda statement: SHOWN.index(statement.kind))


def size(statement: Statement) -> int:
    """Words to be read, those too that the answer says a second time."""
    return len(statement.text.split()) + len((statement.expected or "").split())


def _summary(topic: Topic, meaning: Piece | None) -> Statement | None:
    """Meaning, first cause, first remedy. A step that has to be released is not told here."""
    cause = next(iter(topic.of("cause")), None)
    named = (("", meaning), ("Probable cause: ", cause), ("First: ", topic.harmless))
    told = [(label, piece) for label, piece in named if piece]
    if len(told) < 1 + (meaning is not None) or not (cause or topic.harmless):
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
