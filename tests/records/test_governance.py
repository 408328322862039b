"""Feedback, labels of prompts and experiments in the records: whose they are, and what counts once."""

from typing import get_args

import pytest

from app.core.errors import Forbidden, NotFound
from app.core.experiment import Arm, Experiment, Exposure, Metric, Outcome, Tally
from app.core.feedback import Credit, Feedback
from app.core.principal import LOCAL
from app.core.promptlog import Pointer, PromptChange
from app.records.home import Records
from tests.records.samples import ADMIN, ANNA, BORIS, CARLA, STRANGER, question

CREDIT = Credit("analyze@1/default", "m@1#0", "t")
TRIAL = Experiment("short", "main", "local", "analyze", (Arm("a", "file"), Arm("b", "2")))


def change(**changes: object) -> PromptChange:
    told: dict[str, object] = {"action": "promote", "name": "analyze", "label": "production", "before": "1"}
    told |= {"after": "2", "digest": "d", "who": "somebody", "note": "", "at": 1.0}
    return PromptChange(**(told | changes))  # type: ignore[arg-type]


async def test_feedback_is_given_by_who_may_see_the_run(records: Records) -> None:
    await records.runs.accept(ANNA, "r", question())
    for who in (BORIS, STRANGER, CARLA):
        with pytest.raises(NotFound):
            await records.feedback.add(who, Feedback("r", "up"), CREDIT)
    await records.feedback.add(ANNA, Feedback("r", "up", "moisture", "well", True), CREDIT)
    await records.feedback.add(ADMIN, Feedback("r", "down"), CREDIT)
    (row,) = await records.feedback.list(ANNA, "main")
    assert (row.feedback, row.credit, row.given_by) == (
        Feedback("r", "up", "moisture", "well", True),
        CREDIT,
        "anna",
    )
    assert [r.given_by for r in await records.feedback.list(ADMIN, "main")] == ["anna", "root"]
    with pytest.raises(Forbidden):
        await records.feedback.list(STRANGER, "main")


async def test_a_label_moves_with_its_line_and_only_for_who_may(records: Records) -> None:
    with pytest.raises(Forbidden):
        await records.prompts.point(ANNA, Pointer("analyze", "production", 2), change())
    assert await records.prompts.labels(ANNA) == []
    await records.prompts.point(LOCAL, Pointer("analyze", "production", 2), change())
    await records.prompts.point(LOCAL, Pointer("analyze", "production", 3), change(before="2", after="3", at=2.0))
    await records.prompts.note(LOCAL, change(name="judge", action="push"))
    assert await records.prompts.labels(ANNA) == [Pointer("analyze", "production", 3)]
    newest, oldest = await records.prompts.changes(LOCAL, "analyze")
    assert (newest.after, oldest.after, newest.who) == ("3", "2", "local")
    assert len(await records.prompts.changes(LOCAL)) == 3
    assert len(await records.prompts.changes(LOCAL, limit=1)) == 1


async def test_an_exposure_and_an_outcome_count_once(records: Records) -> None:
    met = [Exposure("short", unit, arm, f"r-{unit}", 1.0) for unit, arm in (("u", "a"), ("v", "b"), ("w", "b"))]
    came = [Outcome("short", "u", "thumbs", 1.0, 1.0), Outcome("short", "v", "thumbs", 0.5, 1.0)]
    await records.experiments.note(ANNA, "main", met, [*came, Outcome("short", "nobody", "thumbs", 1.0, 1.0)])
    again = [Exposure("short", "u", "b", "r2", 2.0)]
    await records.experiments.note(ANNA, "main", again, [Outcome("short", "u", "thumbs", 0.0, 2.0)])
    counts = await records.experiments.counts(ANNA, "main", "short")
    assert counts.exposed == {"a": 1, "b": 2}
    assert counts.tallies == {("a", "thumbs"): Tally(1, 1.0, 1.0), ("b", "thumbs"): Tally(1, 0.5, 0.25)}
    with pytest.raises(Forbidden):
        await records.experiments.counts(STRANGER, "main", "short")


async def test_experiments_are_kept_by_knowledge_base(records: Records) -> None:
    with pytest.raises(Forbidden):
        await records.experiments.keep(ANNA, TRIAL)
    await records.experiments.keep(LOCAL, TRIAL)
    assert await records.experiments.all(ANNA) == [TRIAL]
    assert await records.experiments.all(STRANGER) == []


def test_all_metrics_are_known() -> None:
    assert set(get_args(Metric)) == {"thumbs", "verified", "latency", "cost"}
