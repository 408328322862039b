"""Cases, passages and answers made by hand, and an agent that gives what it was told to."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.diagnosis import Citation, Diagnosis, FaultCode, Finding, Hypothesis, Step
from app.core.document import Passage
from app.core.events import Event
from app.core.principal import Principal
from app.core.question import Question
from app.evaluate.base import Case, Outcome, Place

TEXT = "E73-B: the valve is stuck. Measure 4.8 bar at C2."


def passage(
    name: str = "p1", source: str = "brakes.md", defines: tuple[str, ...] = ("E73-B",), start: int = 0
) -> Passage:
    return Passage(
        id=name,
        document_id=f"main/{source}",
        source=source,
        title="Brakes",
        section="Brakes > E73-B",
        revision="1",
        superseded_by=None,
        start=start,
        end=start + len(TEXT),
        line=1,
        text=TEXT,
        role="cause",
        defines=defines,
    )


def citation(number: int, given: Passage, quote: str = "the valve is stuck") -> Citation:
    start = given.start + given.text.find(quote)
    place = (given.id, given.document_id, given.source, given.section, "1", 1)
    return Citation(f"c{number}", *place, quote, start, start + len(quote))


def diagnosis(*passages: Passage, **changes: Any) -> Diagnosis:
    """Every sentence cites the first passage."""
    given = passages or (passage(),)
    made = Diagnosis(
        "run",
        "answered",
        "The valve is stuck.",
        fault_codes=(FaultCode("E73-B", "e73b", known=True, meaning="Brake not released"),),
        hypotheses=(Hypothesis("the valve is stuck", 1, ("c1",)),),
        steps=(Step("Measure the pressure at C2", "measure", ("c1",), "4.8 bar"),),
        limits=(Finding("below 0.3 bar", ("c1",)),),
        passages=given,
        citations=(citation(1, given[0]),),
        analyzer="fake@1#0",
    )
    return replace(made, **changes)


def nothing(verdict: Any = "insufficient_evidence") -> Diagnosis:
    return Diagnosis("run", verdict, "The documents found do not answer this.")


def case(name: str = "one", **changes: Any) -> Case:
    made = Case(
        name,
        Question(f"Question {name}: E73-B, what now?"),
        "code",
        answerable=True,
        gold=(Place("brakes.md", code="E73-B"),),
        facts=("valve", r"4\.8 bar"),
        asks=("E73-B",),
        split="train",
        subsystem="brakes",
    )
    return replace(made, **changes)


def unanswerable(name: str = "none", **changes: Any) -> Case:
    return replace(case(name), kind="unanswerable", answerable=False, gold=(), facts=(), asks=(), **changes)


def outcome(given: Case | None = None, answer: Diagnosis | None = None, **changes: Any) -> Outcome:
    return replace(Outcome(given or case(), answer or diagnosis()), **changes)


@dataclass
class FakeAgent:
    """Answers by the text of the question; an exception in place of an answer is raised."""

    answers: Mapping[str, Diagnosis | Exception] = field(default_factory=dict)
    most: int = 0  # questions that were under way at once
    under_way: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, question: Question, principal: Principal) -> Diagnosis:
        import asyncio

        self.asked.append((principal.name, question.text))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        answer = self.answers.get(question.text, diagnosis())
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def start(self, question: Question, principal: Principal) -> str:
        raise NotImplementedError

    def events(self, run_id: str, principal: Principal, after: int = 0) -> AsyncIterator[Event]:
        raise NotImplementedError

    async def cancel(self, run_id: str, principal: Principal) -> None:
        raise NotImplementedError

    async def decide(self, run_id: str, decision: Any, reason: str, principal: Principal) -> Diagnosis:
        raise NotImplementedError
