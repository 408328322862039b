"""What people say of answers: taken in, credited to the prompt and analyzer, told to who learns from it, exported."""

import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from app.core.errors import Conflict, InvalidInput
from app.core.feedback import Credit, Feedback, FeedbackRow
from app.core.principal import Principal
from app.core.wire import to_data
from app.prompts.base import Feedbacks
from app.records.base import Pack, RunRow, Runs

Listener = Callable[[RunRow, FeedbackRow], None]  # cheap, never waits


@dataclass(frozen=True, slots=True)
class FeedbackDesk:
    rows: Feedbacks
    runs: Runs
    listeners: tuple[Listener, ...] = ()

    async def give(self, feedback: Feedback, principal: Principal) -> Credit:
        """Raises `NotFound` for a run of somebody else, `InvalidInput` when nothing is said, `Conflict` when it is

        too early."""
        if feedback.empty:
            raise InvalidInput("The feedback says nothing.", hint="Send thumbs, corrected_cause, text or closed_case.")
        run = await self.runs.get(principal, feedback.run_id)
        if run.pack is None:
            raise Conflict(f"Run {run.id!r} is {run.status}: it has no answer to speak of.")
        diagnosis = run.pack.diagnosis
        credit = Credit(diagnosis.prompt, diagnosis.analyzer, diagnosis.trace_id)
        await self.rows.add(principal, feedback, credit)
        row = FeedbackRow(feedback, credit, run.kb, principal.name, 0.0)
        for listener in self.listeners:
            listener(run, row)
        return credit

    async def export(self, principal: Principal, kb: str) -> AsyncIterator[str]:
        """-> JSON lines that `rail-debug eval` reads as cases; what it does not know is for training and for people."""
        for row in await self.rows.list(principal, kb):
            run = await self.runs.get(principal, row.feedback.run_id)
            if run.pack is not None:
                yield json.dumps(record(run.pack, row), ensure_ascii=False)


def record(pack: Pack, row: FeedbackRow) -> dict[str, Any]:
    """A corrected cause is a fact that an answer must hold; an answer that was liked shows where the gold lies."""
    diagnosis, said = pack.diagnosis, row.feedback
    cause = said.corrected_cause.strip()
    liked = said.thumbs == "up" and not cause
    return {
        "id": f"feedback-{pack.run_id}-{row.given_by}",
        "question": pack.question.text,
        "log": pack.question.log,
        "code": to_data(pack.question.code) if pack.question.code else None,
        "asset": to_data(pack.question.asset),
        "kind": "feedback",
        "answerable": bool(cause) or diagnosis.verdict == "answered",
        "gold": [
            {"source": cited.source, "start": cited.start, "end": cited.end} for cited in diagnosis.citations if liked
        ],
        "facts": [loosely(cause)] if cause else [],
        "split": "feedback" if liked or cause else "unlabelled",  # disliked alone does not say what is right
        "feedback": to_data(said),
        "given_by": row.given_by,
        "prompt": row.credit.prompt,
        "analyzer": row.credit.analyzer,
        "answer": {"verdict": diagnosis.verdict, "summary": diagnosis.summary, "steps": to_data(diagnosis)["steps"]},
        "passages": [
            {"id": p.id, "source": p.source, "section": p.section, "text": p.text} for p in diagnosis.passages
        ],
    }


def loosely(words: str) -> str:
    """-> a pattern for these words, whatever stands between them and however they are written."""
    return r"(?i)" + r"\W+".join(map(re.escape, re.findall(r"\w+", words)))
