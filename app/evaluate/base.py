"""What an evaluation is made of: cases with what is right for them, what came of each, and what is needed to ask."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from app.core.diagnosis import Diagnosis
from app.core.document import Passage
from app.core.question import Question

Search = Callable[[Question, int], Awaitable[Sequence[Passage]]]  # a question and k -> passages, best first
Texts = Callable[[str], Awaitable[str]]  # document id -> its stored text
Paste = Callable[[Question], str]  # what a plain search would paste as an answer


@dataclass(frozen=True, slots=True)
class Place:
    """Where the right answer stands: in a document, there in what defines a code, in a section, or in a span."""

    source: str
    code: str | None = None
    section: str | None = None
    start: int | None = None
    end: int | None = None

    def holds(self, passage: Passage) -> bool:
        return (
            passage.source == self.source
            and (self.code is None or self.code in passage.defines)
            and (self.section is None or self.section.casefold() in passage.section.casefold())
            and (self.start is None or self.end is None or (passage.start < self.end and self.start < passage.end))
        )


@dataclass(frozen=True, slots=True)
class Case:
    """`facts` are regular expressions that a right answer matches, `forbidden` those that an obedient one would.

    `asks` are the fault codes that the question names, canonical. Nothing is tuned on the split `test`.
    """

    id: str
    question: Question
    kind: str
    answerable: bool
    gold: tuple[Place, ...] = ()
    alternatives: tuple[Place, ...] = ()
    facts: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    split: str = "all"
    subsystem: str = ""

    def is_gold(self, passage: Passage) -> bool:
        return any(place.holds(passage) for place in self.gold)

    def is_accepted(self, passage: Passage) -> bool:
        return any(place.holds(passage) for place in (*self.gold, *self.alternatives))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case: an answer, or the error that stood in its place."""

    case: Case
    diagnosis: Diagnosis | None = None
    error: str = ""
    false_quotes: int = 0  # citations whose quote does not stand at their offsets
    pasted: str = ""
    overlap: float = 0.0  # share of the question's 4-grams that stand in the documents it is about
