"""From checked statements to the one answer."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from app.core.diagnosis import (
    Citation,
    CodeFix,
    Diagnosis,
    FaultCode,
    Finding,
    Hypothesis,
    Step,
    Usage,
    Verdict,
)
from app.core.document import Passage
from app.core.question import Question
from app.core.statement import Checked, Kind
from app.graph import abstain, words
from app.graph.clarify import OTHER, classes_meant
from app.graph.confidence import confidence
from app.graph.run import Run
from app.graph.state import Answer
from app.retrieval.base import Retrieved


def compose(run: Run, question: Question, retrieved: Retrieved, answer: Answer, verdict: Verdict) -> Diagnosis:
    said = [c for c in answer.statements if c.mark != "struck"]
    known = [code.code for code in retrieved.fault_codes if code.known]
    passages = shown(retrieved, verdict)
    return Diagnosis(
        run_id=run.id,
        verdict=verdict,
        summary=summary(said, question, retrieved, verdict),
        trace_id=run.trace_id,
        parent_run_id=question.parent_run_id,
        conversation_id=question.conversation_id,
        degraded=tuple(run.degraded),
        fault_codes=tuple(with_meaning(code, said) for code in retrieved.fault_codes),
        hypotheses=tuple(
            Hypothesis(c.statement.text, rank, ids(c)) for rank, c in enumerate(of(said, "cause"), start=1)
        ),
        steps=tuple(step(c) for c in of(said, "step")),
        limits=tuple(finding(c) for c in of(said, "limit")),
        next_test=next((finding(c) for c in of(said, "next_test") if c.mark != "held"), None),
        code_fix=next((fix(c) for c in of(said, "fix")), None),
        passages=passages,
        citations=receipts(said),
        confidence=confidence(retrieved, answer.statements, verdict),
        warnings=tuple(dict.fromkeys(warnings(said, answer, retrieved, passages, question.day))),
        absent=tuple(absent(known, passages)) if verdict == "answered" else abstain.absent(question, retrieved),
        choices=classes_meant(retrieved, question.asset) if verdict == "needs_clarification" else (),
        analyzer=answer.analyzer,
        prompt=answer.prompt,
        usage=Usage(
            answer.tokens_in,
            answer.tokens_out,
            answer.cost,
            answer.currency,
            dict(run.milliseconds),
            cached=answer.cached,
        ),
    )


def of(said: Iterable[Checked], kind: Kind) -> Iterator[Checked]:
    return (checked for checked in said if checked.statement.kind == kind)


def ids(checked: Checked) -> tuple[str, ...]:
    return tuple(receipt.id for receipt in checked.receipts)


def finding(checked: Checked) -> Finding:
    return Finding(checked.statement.text, ids(checked))


def step(checked: Checked) -> Step:
    action = checked.action or "observe"
    return Step(checked.statement.text, action, ids(checked), checked.statement.expected, checked.mark == "held")


def fix(checked: Checked) -> CodeFix:
    return CodeFix(checked.statement.language or "", checked.statement.text, "As the document has it.", ids(checked))


def with_meaning(code: FaultCode, said: Iterable[Checked]) -> FaultCode:
    for checked in of(said, "meaning"):
        if code.known and checked.statement.code == code.code:
            return replace(code, meaning=checked.statement.text, citations=ids(checked))
    return code


def receipts(said: Iterable[Checked]) -> tuple[Citation, ...]:
    found = {receipt.id: receipt for checked in said for receipt in checked.receipts}
    return tuple(sorted(found.values(), key=lambda receipt: int(receipt.id[1:])))


def shown(retrieved: Retrieved, verdict: Verdict) -> tuple[Passage, ...]:
    """For an unknown code, passages that define other codes are left out: they would read as its own."""
    if verdict != "unknown_code":
        return retrieved.passages
    return tuple(passage for passage in retrieved.passages if not passage.defines)


def summary(said: list[Checked], question: Question, retrieved: Retrieved, verdict: Verdict) -> str:
    if verdict == "unknown_code":
        return words.UNKNOWN.format(codes=", ".join(code.code for code in retrieved.fault_codes))
    if verdict == "needs_clarification":
        return words.WHICH_CLASS.format(codes=", ".join(code.code for code in retrieved.fault_codes if code.known))
    if verdict == "insufficient_evidence":
        return abstain.nothing(question, retrieved)
    open_ones = [c for c in of(said, "summary") if c.mark != "held"]
    if not open_ones:
        open_ones = [*list(of(said, "meaning"))[:1], *list(of(said, "cause"))[:1]]
    told = " ".join(cited(c) for c in open_ones[:3])
    return told or words.HELD_SUMMARY


def cited(checked: Checked) -> str:
    return " ".join([checked.statement.text, *(f"[{receipt}]" for receipt in ids(checked))])


def warnings(
    said: list[Checked], answer: Answer, retrieved: Retrieved, passages: tuple[Passage, ...], day: date
) -> Iterator[str]:
    yield from answer.warnings
    yield from (cited(checked) for checked in of(said, "warning"))
    struck = [c for c in answer.statements if c.mark == "struck"]
    if struck:
        reasons = "; ".join(dict.fromkeys(reason for c in struck for reason in c.reasons))
        yield words.STRUCK.format(count=len(struck), reasons=reasons)
    yield from (f"{reason}: “{c.statement.text}”" for c in said if c.mark == "marked" for reason in c.reasons)
    if any(code.known for code in retrieved.fault_codes):
        yield from (words.OTHER_UNKNOWN.format(code=code.code) for code in retrieved.fault_codes if not code.known)
    cited_documents = {receipt.document_id for c in said for receipt in c.receipts}
    cited_passages = {receipt.passage_id for c in said for receipt in c.receipts}
    for passage in passages:
        if passage.document_id in cited_documents:
            yield from revision(passage, day)
        if passage.id in cited_passages:
            yield from differing(passage, retrieved)
        if OTHER in passage.why and passage.document_id in cited_documents:
            classes = ", ".join(passage.applicability.vehicle_classes)
            yield words.OTHER_ASSET.format(source=passage.source, classes=classes or "another baseline")


def revision(passage: Passage, day: date) -> Iterator[str]:
    """Whether the answer rests on a revision that was not in force on the day, or no longer is."""
    told = {"source": passage.source, "revision": passage.revision, "by": passage.superseded_by}
    if passage.superseded_on and passage.superseded_on > day:
        yield words.SUPERSEDED_ON.format(**told, day=passage.superseded_on)
    elif passage.superseded_by:
        yield words.SUPERSEDED.format(**told)
    if passage.valid_from and passage.valid_from > day:
        yield words.NOT_YET_VALID.format(**told, day=passage.valid_from)


def differing(passage: Passage, retrieved: Retrieved) -> Iterator[str]:
    """Numbers that whoever knows the older revision remembers otherwise."""
    changes = [one for one in retrieved.differs if one.passage_id == passage.id]
    moved = [f"{was} → {now}" for one in changes for was, now in one.change.numbers if was and now]
    if moved:
        told = {"source": passage.source, "revision": passage.revision, "older": changes[0].revision}
        yield words.DIFFERS.format(**told, numbers=", ".join(dict.fromkeys(moved)))


def absent(known: Iterable[str], passages: Iterable[Passage]) -> Iterator[str]:
    """What the passages that define a code do not say of it."""
    found = list(passages)
    for code in known:
        roles = {part.role for passage in found if code in passage.defines for part in passage.parts}
        yield from (text.format(code=code) for role, text in words.ABSENT.items() if role not in roles)
