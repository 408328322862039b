"""One statement held against its evidence: supported, marked or struck, with receipts and reasons in plain words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from app.core.diagnosis import CRITICAL, Action, Citation
from app.core.document import Passage
from app.core.statement import Checked, Statement
from app.faults.actions import classify
from app.receipts import codes, numbers
from app.receipts.commands import actions, commanded, more_critical
from app.receipts.ledger import Ledger
from app.receipts.reading import Page, Reading
from app.receipts.spans import best, find
from app.receipts.support import FLOOR, SUPPORTED, support
from app.receipts.words import stems

LABELS = re.compile(r"\b(?:Probable cause|First): ")  # said by the house, not by a document


class Evidence:
    """What one answer may rest on, made once and asked for every statement. `asked` are the codes of the question."""

    def __init__(self, passages: Sequence[Passage], question: str = "", asked: frozenset[str] = frozenset()) -> None:
        self.pages = tuple(Page(passage) for passage in passages)
        self.question = Reading(question)
        self.asked = asked

    @cached_property
    def numbers(self) -> dict[int, Page]:
        return dict(enumerate(self.pages, start=1))

    def nearest(self, said: Reading) -> Page | None:
        """The passage that bears the text out best, if one does."""
        shared = [(len(page.stems & said.stems), -number, page) for number, page in self.numbers.items()]
        top = max(shared, default=None, key=lambda item: item[:2])
        return top[2] if top and said.stems and top[0] / len(said.stems) >= SUPPORTED else None


@dataclass
class Findings:
    fatal: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def check(statement: Statement, evidence: Evidence, ledger: Ledger) -> Checked:
    """The citation ids of what is struck are never given out."""
    if statement.kind == "fix":
        return _fix(statement, evidence, ledger)
    said = Reading(LABELS.sub("", statement.text))
    found = Findings()
    cited = _cited(statement, said, evidence, found)
    action = _action(statement)
    if cited:
        quoted = _quoted(statement, cited, found)
        _codes(statement, said, cited, evidence, found)
        if not _verbatim(said, cited):
            _numbers(said, cited, evidence, found)
            _support(said, cited, quoted is not None, found)
        if statement.expected and statement.expected not in statement.text:
            _numbers(Reading(statement.expected), cited, evidence, found)
        _critical(action, said, cited, found)
        if not found.fatal:
            receipts = _receipts(said, cited, quoted, ledger)
            return Checked(statement, "marked" if found.doubts else "supported", receipts, action, tuple(found.doubts))
    return Checked(statement, "struck", (), action, (*found.fatal, *found.doubts))


def _cited(statement: Statement, said: Reading, evidence: Evidence, found: Findings) -> list[Page]:
    wrong = [number for number in statement.citations if number not in evidence.numbers]
    if wrong:
        found.fatal.append(f"it cites {wrong}, and there are {len(evidence.pages)} passages")
        return []
    cited = [evidence.numbers[number] for number in statement.citations]
    if not cited and (nearest := evidence.nearest(said)):
        return [nearest]
    if not cited:
        found.fatal.append("it cites nothing, and no passage says it")
    return cited


def _quoted(statement: Statement, cited: Sequence[Page], found: Findings) -> tuple[Page, int, int] | None:
    if not statement.quote:
        return None
    for page in cited:
        if place := find(statement.quote, page):
            return page, *place
    found.doubts.append("its quote does not stand in the passage")
    return None


def _codes(statement: Statement, said: Reading, cited: Sequence[Page], evidence: Evidence, found: Findings) -> None:
    named = codes.spoken(said, statement.code)
    if foreign := codes.foreign(named, evidence.asked, cited):
        found.fatal.append(f"{', '.join(foreign)} stands neither in the question nor in its passages")
    elif swapped := codes.swapped(named, cited):
        found.fatal.append(f"its passages are about other codes than {', '.join(swapped)}")
    elif neighbours := codes.neighbours(evidence.asked, cited):
        found.doubts.append(f"its passages are about {', '.join(neighbours)}, which was not asked for")


def _verbatim(said: Reading, cited: Sequence[Page]) -> bool:
    """Whole sentences of the passages, none shortened: nothing is left to be compared."""
    return bool(said.plain) and all(any(sentence in page.told for page in cited) for sentence in said.plain)


def _numbers(said: Reading, cited: Sequence[Page], evidence: Evidence, found: Findings) -> None:
    sources = [*(page.reading for page in cited), evidence.question]
    if missing := numbers.unsupported(said, sources):
        found.doubts.append(f"no cited passage carries {', '.join(missing)}")


def _support(said: Reading, cited: Sequence[Page], quoted: bool, found: Findings) -> None:
    """Words of two languages cannot be compared: there the quote has to bear the statement out, and it is marked."""
    languages = {page.reading.language for page in cited} - {None}
    if said.language and languages and said.language not in languages:
        where = found.doubts if quoted else found.fatal
        where.append("it is in another language than its passage")
        return
    result = support(said, cited)
    if result.flipped:
        found.fatal.append(f"its passage says the contrary about “{result.flipped}”")
    if result.swapped:
        found.fatal.append(f"in its passage {result.swapped} belongs to something else")
    if result.share < FLOOR:
        found.fatal.append(f"its passages hold {result.share:.0%} of its words")
    elif result.share < SUPPORTED:
        found.doubts.append(f"its passages hold only {result.share:.0%} of its words")


def _action(statement: Statement) -> Action | None:
    """The more critical of what the words say and what the analyzer claims.

    Other kinds than steps have an action only where they tell somebody to do something critical, so that no summary
    carries what a step would have to wait with.
    """
    if statement.kind in ("step", "next_test"):
        return more_critical(classify(statement.text), statement.action)
    claimed = statement.action if statement.action in CRITICAL else None
    return more_critical(commanded(statement.text), claimed)


def _critical(action: Action | None, said: Reading, cited: Sequence[Page], found: Findings) -> None:
    """What isolates or operates must be told by the passage itself, about the same thing, without any doubt."""
    if action not in CRITICAL:
        return
    if action and not any(_tells(page, action, said.stems) for page in cited):
        found.fatal.append(f"no cited passage says to {action} this")
    elif found.doubts:
        found.fatal.append("a critical step may leave no doubt")


def _tells(page: Page, action: Action, words: frozenset[str]) -> bool:
    near = (span for span in page.spans if 3 * len(span.stems & words) >= len(words))
    return any(action in actions(page.passage.text[span.start : span.end]) for span in near)


def _receipts(
    said: Reading, cited: Sequence[Page], quoted: tuple[Page, int, int] | None, ledger: Ledger
) -> tuple[Citation, ...]:
    """The quote as it stands; then each sentence's best place, and of a passage that is nobody's best its own."""
    receipts = [ledger.cite(quoted[0].passage, quoted[1], quoted[2])] if quoted else []
    others = [page for page in cited if not (quoted and page is quoted[0])]
    if not others:
        return tuple(receipts)
    places = [_best_place(text, others) for text in said.plain]
    served = {id(place[0]) for place in places if place}
    places += [_best_place(said.text, [page]) for page in others if id(page) not in served]
    for page, start, end in filter(None, places):
        receipts.append(ledger.cite(page.passage, page.passage.start + start, page.passage.start + end))
    return tuple(dict.fromkeys(receipts))


def _best_place(text: str, pages: Sequence[Page]) -> tuple[Page, int, int] | None:
    for page in pages:
        if place := page.told.get(text):
            return page, *place
    words = stems(text)
    found = [(page, span) for page in pages if (span := best(words, page))]
    top = max(found, default=None, key=lambda place: len(place[1].stems & words))
    return (top[0], top[1].start, top[1].end) if top else None


def _fix(statement: Statement, evidence: Evidence, ledger: Ledger) -> Checked:
    """A snippet is supported only by a passage that holds it as it is."""
    cited = [evidence.numbers[n] for n in statement.citations if n in evidence.numbers]
    for page in (*cited, *evidence.pages):
        if place := find(statement.text, page):
            return Checked(statement, "supported", (ledger.cite(page.passage, *place),))
    return Checked(statement, "marked", (), None, ("no document holds this snippet",))
