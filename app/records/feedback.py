"""What people say of answers: one row for each run and person, who may say it only of runs that they may see."""

from collections.abc import Sequence
from typing import Any

from app.core.errors import NotFound
from app.core.feedback import Credit, Feedback, FeedbackRow
from app.core.ids import now
from app.core.principal import Principal
from app.records.grants import granted, must_read
from app.records.runs import visible
from app.records.sql import Connection, Database

# Whoever thinks again replaces what they said.
ADD = """INSERT INTO feedback (run_id, kb, owner, given_by, thumbs, corrected_cause, text, closed_case, prompt,
    analyzer, trace_id, given_at) SELECT r.id, r.kb, r.owner, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM runs r
    WHERE r.id = ? AND {visible}
    ON CONFLICT (run_id, given_by) DO UPDATE SET thumbs = excluded.thumbs, corrected_cause = excluded.corrected_cause,
    text = excluded.text, closed_case = excluded.closed_case, given_at = excluded.given_at"""
LIST = """SELECT f.run_id, f.kb, f.given_by, f.thumbs, f.corrected_cause, f.text, f.closed_case, f.prompt, f.analyzer,
    f.trace_id, f.given_at FROM feedback f WHERE f.kb = ? AND {mine} AND {granted} ORDER BY f.given_at, f.run_id"""


class SqlFeedback:
    """Implements `prompts.base.Feedbacks` by its shape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, principal: Principal, feedback: Feedback, credit: Credit) -> None:
        where, values = visible(principal)
        said = (feedback.thumbs, feedback.corrected_cause, feedback.text, int(feedback.closed_case))
        owed = (credit.prompt, credit.analyzer, credit.trace_id)
        row = (principal.name, *said, *owed, now(), feedback.run_id, *values)

        def job(connection: Connection) -> None:
            if connection.execute(ADD.format(visible=where), row).rowcount == 0:
                raise NotFound(f"There is no run {feedback.run_id!r}.")

        await self._database.write(job)

    async def list(self, principal: Principal, kb: str) -> Sequence[FeedbackRow]:
        must_read(principal, kb)
        where, kbs = granted(principal, "f.kb")
        mine, owner = ("1 = 1", ()) if principal.may("admin") else ("f.given_by = ?", (principal.name,))
        sql = LIST.format(mine=mine, granted=where)

        def job(connection: Connection) -> list[FeedbackRow]:
            return [_row(row) for row in connection.execute(sql, (kb, *owner, *kbs))]

        return await self._database.read(job)


def _row(row: tuple[Any, ...]) -> FeedbackRow:
    run_id, kb, given_by, thumbs, cause, text, closed, prompt, analyzer, trace_id, given_at = row
    said = Feedback(run_id, thumbs, cause, text, bool(closed))
    return FeedbackRow(said, Credit(prompt, analyzer, trace_id), kb, given_by, given_at)
