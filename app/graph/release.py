"""Critical steps wait for a named person: what leaves meanwhile, and what their decision changes."""

from dataclasses import replace

from app.core.diagnosis import Citation, Diagnosis
from app.graph import words
from app.graph.state import Answer


def held(diagnosis: Diagnosis) -> bool:
    return any(step.held for step in diagnosis.steps)


def withheld(diagnosis: Diagnosis) -> Diagnosis:
    """The answer as it may leave: a held step shows its class and where it stands, not its text."""
    if not held(diagnosis):
        return diagnosis
    steps = tuple(replace(step, text=words.HELD, expected=None) if step.held else step for step in diagnosis.steps)
    said = shown(diagnosis)
    citations = tuple(c if c.id in said else sealed(c) for c in diagnosis.citations)
    return replace(diagnosis, steps=steps, citations=citations)


def sealed(citation: Citation) -> Citation:
    """Where a held step comes from, without the words it would be read from."""
    return replace(citation, quote="", end=citation.start)


def shown(diagnosis: Diagnosis) -> set[str]:
    """Ids of the receipts that something else than a held step rests on."""
    told = [diagnosis.summary, *diagnosis.warnings]
    groups = (
        *(code.citations for code in diagnosis.fault_codes),
        *(ids for h in diagnosis.hypotheses for ids in (h.evidence_for, h.evidence_against)),
        *(step.citations for step in diagnosis.steps if not step.held),
        *(limit.citations for limit in diagnosis.limits),
        *(part.citations for part in (diagnosis.next_test, diagnosis.code_fix) if part),
    )
    return {c.id for c in diagnosis.citations if any(f"[{c.id}]" in text for text in told)}.union(*groups)


def released(answer: Answer) -> Answer:
    """The statements once more, none of them held."""
    free = tuple(replace(c, mark="supported") if c.mark == "held" else c for c in answer.statements)
    return replace(answer, statements=free)


def refused(diagnosis: Diagnosis, who: str, reason: str) -> Diagnosis:
    steps = tuple(step for step in diagnosis.steps if not step.held)
    warning = words.REJECTED.format(who=who, reason=reason)
    return replace(diagnosis, steps=steps, verdict="rejected", warnings=(*diagnosis.warnings, warning))
