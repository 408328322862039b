"""Critical steps wait for a named person: what leaves meanwhile, and what their decision changes."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from app.core.diagnosis import CRITICAL, Citation, Diagnosis
from app.core.document import Part, Passage
from app.core.statement import Checked
from app.faults.actions import classify
from app.graph import words
from app.graph.state import Answer
from app.receipts.sentences import cut
from app.records.base import Pack

VEIL = "▒"  # one for each character that is withheld, so that offsets stay


def held(diagnosis: Diagnosis) -> bool:
    return any(step.held for step in diagnosis.steps)


def withheld(diagnosis: Diagnosis) -> Diagnosis:
    """The answer as it may leave: a held step shows its class and where it stands, not its text.

    Nor do the passages show what else they tell somebody to isolate or operate.
    """
    if not held(diagnosis):
        return diagnosis
    steps = tuple(replace(step, text=words.HELD, expected=None) if step.held else step for step in diagnosis.steps)
    said = shown(diagnosis)
    citations = tuple(c if c.id in said else sealed(c) for c in diagnosis.citations)
    told = [c for c in diagnosis.citations if c.id in said]
    kept = [c for c in diagnosis.citations if c.id not in said]
    passages = tuple(veiled(passage, told, kept) for passage in diagnosis.passages)
    return replace(diagnosis, steps=steps, citations=citations, passages=passages)


def withheld_pack(pack: Pack) -> Pack:
    """The pack as it may leave: what is withheld of its answer is not to be read in its statements either."""
    diagnosis = withheld(pack.diagnosis)
    waits = held(pack.diagnosis)
    unshown = tuple(map(veiled, pack.unshown)) if waits else pack.unshown
    statements = tuple(hushed(c, waits=waits) for c in pack.statements)
    void = pack.voided
    if void:
        void = replace(void, statements=tuple(hushed(c, waits=waits) for c in void.statements))
    return replace(pack, diagnosis=diagnosis, unshown=unshown, statements=statements, voided=void)


def hushed(checked: Checked, *, waits: bool) -> Checked:
    """While anything waits for a person, also what was struck may tell somebody to do it."""
    if checked.mark != "held" and not (waits and critical(checked)):
        return checked
    statement = replace(checked.statement, text=words.HELD, quote="", expected=None)
    return replace(checked, statement=statement, receipts=tuple(map(sealed, checked.receipts)), reasons=())


def critical(checked: Checked) -> bool:
    if checked.mark != "struck":
        return False
    told = checked.statement
    return checked.action in CRITICAL or any(classify(text) in CRITICAL for text in (told.text, told.quote))


def veiled(passage: Passage, told: Collection[Citation] = (), kept: Collection[Citation] = ()) -> Passage:
    """The passage with its critical sentences, and what is cited from it for held steps, made unreadable."""
    free = [(c.start, c.end) for c in told if c.passage_id == passage.id]
    spans = [span for span in _critical(passage) if not any(start < span[1] and span[0] < end for start, end in free)]
    spans += [(c.start, c.end) for c in kept if c.passage_id == passage.id]
    text = passage.text
    for start, end in spans:
        first, last = max(0, start - passage.start), min(len(text), end - passage.start)
        text = text[:first] + VEIL * (last - first) + text[last:]
    return replace(passage, text=text) if spans else passage


def _critical(passage: Passage) -> Iterator[tuple[int, int]]:
    for part in passage.parts or (Part(passage.role, passage.start, passage.end),):
        text = passage.slice(part)
        for start, end in cut(text, lines=not passage.parts):
            if classify(text[start:end]) in CRITICAL:
                yield part.start + start, part.start + end


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
