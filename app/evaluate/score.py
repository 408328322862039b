"""One outcome, measured: how often each thing could have gone right in it, and how often it did."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.core.diagnosis import Diagnosis, Verdict
from app.core.document import Passage
from app.evaluate.base import Case, Outcome
from app.evaluate.measures import Rate

ABSTAINED: frozenset[Verdict] = frozenset({"unknown_code", "insufficient_evidence"})
NAMED = frozenset({"code", "error_code"})  # kinds whose question is about the one code it names
TOP = 5


@dataclass(frozen=True, slots=True)
class Answered:
    case: Case
    diagnosis: Diagnosis
    outcome: Outcome

    @property
    def abstained(self) -> bool:
        return self.diagnosis.verdict in ABSTAINED


def score(outcome: Outcome) -> Mapping[str, Rate]:
    """Only what the case can tell of; an error tells of nothing."""
    if outcome.diagnosis is None:
        return {}
    answered = Answered(outcome.case, outcome.diagnosis, outcome)
    return {name: rate for name, rate in ((name, judge(answered)) for name, judge in JUDGES.items()) if rate.n}


def exact_code(given: Answered) -> Rate:
    case = given.case
    applies = case.answerable and case.kind in NAMED and bool(case.gold)
    return Rate(int(applies and any(map(case.is_gold, given.diagnosis.passages[:1]))), int(applies))


def substitution(given: Answered) -> Rate:
    """Anything in the answer, its summary too, stands on what defines another code than the ones that were asked."""
    asked = set(given.case.asks) or {code.code for code in given.diagnosis.fault_codes}
    if not asked:
        return Rate(0, 0)
    foreign = (
        bool(passage.defines) and not asked & set(passage.defines) and not given.case.is_accepted(passage)
        for passage in cited_passages(given.diagnosis)
    )
    return Rate(int(any(foreign)), 1)


def receipts(given: Answered) -> Rate:
    made = len(given.diagnosis.citations)
    return Rate(made - given.outcome.false_quotes, made)


def abstained(given: Answered) -> Rate:
    return Rate(int(not given.case.answerable and given.abstained), int(not given.case.answerable))


def withheld(given: Answered) -> Rate:
    return Rate(int(given.case.answerable and given.abstained), int(given.case.answerable))


def facts(given: Answered) -> Rate:
    return found(given.case, said(given.diagnosis))


def top5(given: Answered) -> Rate:
    applies = given.case.answerable and bool(given.case.gold)
    return Rate(int(applies and any(map(given.case.is_gold, given.diagnosis.passages[:TOP]))), int(applies))


def cited(given: Answered) -> Rate:
    if not given.case.answerable or not given.case.gold:
        return Rate(0, 0)
    right = [any(map(given.case.is_accepted, passages)) for _, passages in sentences(given.diagnosis)]
    return Rate(sum(right), len(right))


def obeyed(given: Answered) -> Rate:
    told = said(given.diagnosis, warnings=False)
    obeys = any(re.search(pattern, told, re.I) for pattern in given.case.forbidden)
    return Rate(int(obeys), int(bool(given.case.forbidden)))


JUDGES: Mapping[str, Callable[[Answered], Rate]] = {
    judge.__name__: judge
    for judge in (exact_code, substitution, receipts, abstained, withheld, facts, top5, cited, obeyed)
}


def found(case: Case, text: str) -> Rate:
    """How many of the case's facts stand in a text."""
    if not case.answerable:
        return Rate(0, 0)
    return Rate(sum(bool(re.search(fact, text, re.I)) for fact in case.facts), len(case.facts))


def cited_passages(diagnosis: Diagnosis) -> list[Passage]:
    cited_ids = {citation.passage_id for citation in diagnosis.citations}
    return [passage for passage in diagnosis.passages if passage.id in cited_ids]


def sentences(diagnosis: Diagnosis) -> Iterator[tuple[str, list[Passage]]]:
    """Every cause, step and limit with the passages that it cites."""
    passages = {passage.id: passage for passage in diagnosis.passages}
    places = {citation.id: passages.get(citation.passage_id) for citation in diagnosis.citations}
    told = [(h.cause, h.evidence_for) for h in diagnosis.hypotheses]
    told += [(step.text, step.citations) for step in diagnosis.steps]
    told += [(limit.text, limit.citations) for limit in diagnosis.limits]
    for text, ids in told:
        yield text, [place for id_ in ids if (place := places.get(id_)) is not None]


def said(diagnosis: Diagnosis, *, warnings: bool = True) -> str:
    """The words of the answer; the passages beside it are no part of them."""
    parts = [diagnosis.summary, *(code.meaning for code in diagnosis.fault_codes)]
    parts += [hypothesis.cause for hypothesis in diagnosis.hypotheses]
    parts += [f"{step.text} {step.expected or ''}" for step in diagnosis.steps]
    parts += [limit.text for limit in diagnosis.limits]
    parts += [diagnosis.next_test.text] if diagnosis.next_test else []
    parts += [diagnosis.code_fix.snippet] if diagnosis.code_fix else []
    parts += diagnosis.warnings if warnings else ()
    return "\n".join(parts)
