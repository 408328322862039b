"""A run once more, from its pack: the same question and passages, one analyzer by itself, and nobody waits."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from langgraph.runtime import Runtime

from app.analyzers.base import Analyzer
from app.core.diagnosis import Diagnosis
from app.core.errors import Conflict
from app.core.principal import Principal
from app.core.statement import Checked
from app.core.wire import to_data
from app.graph import release, words
from app.graph.compose import compose
from app.graph.keep import source
from app.graph.nodes import Nodes, early_verdict
from app.graph.run import Run
from app.graph.state import Answer, State
from app.records.base import Pack, RunRow, Voided
from app.retrieval.base import Retrieved

TOLD_APART = ("run_id", "trace_id", "degraded", "usage", "passages")  # of one run, not of its answer


@dataclass(frozen=True, slots=True)
class Again:
    diagnosis: Diagnosis
    answer: Answer


def found(pack: Pack) -> Retrieved:
    """What was retrieved then. Raises `Conflict` for a pack that does not have it."""
    if not pack.code:
        raise Conflict(
            f"Run {pack.run_id} was kept by an earlier release, without what a replay needs.",
            hint="It can be read; ask its question again to have it answered by today's release.",
        )
    by_id = {passage.id: passage for passage in (*pack.diagnosis.passages, *pack.unshown)}
    return Retrieved(
        passages=tuple(by_id[each.passage_id] for each in pack.sources),
        fault_codes=tuple(replace(code, meaning="", citations=()) for code in pack.diagnosis.fault_codes),
        relevance=pack.relevance,
        index_version=pack.index_version,
        differs=pack.differs,
    )


def damaged(pack: Pack) -> list[str]:
    """Ids of the passages in the pack whose text is not the one that was found."""
    by_id = {passage.id: passage for passage in (*pack.diagnosis.passages, *pack.unshown)}
    return [each.passage_id for each in pack.sources if source(by_id[each.passage_id]).digest != each.digest]


def day_of(row: RunRow) -> date:
    return row.question.at or datetime.fromtimestamp(row.created_at, UTC).astimezone().date()


async def again(nodes: Nodes, row: RunRow, pack: Pack, retrieved: Retrieved, analyzer: Analyzer) -> Again:
    """Raises the `AnalyzerError` of an analyzer that cannot answer: nobody takes its place."""
    question = replace(pack.question, at=day_of(row))
    run = Run(row.id, Principal(row.owner), question, analyzer, approval=pack.approval)
    run.deadline = float("inf")
    runtime: Runtime[Run] = Runtime(context=run)
    state = State(question=question, retrieved=retrieved)
    state.update(await nodes.understand(state, runtime))
    if early_verdict(retrieved, question) == "answered":
        state.update(await nodes.listen(analyzer, state, run))
    state.update(await nodes.verify(state, runtime))
    if "diagnosis" not in state:  # nothing of it could be proved, and then `evidence` speaks
        state.update(await nodes.analyze(state, runtime))
        state.update(await nodes.verify(state, runtime))
    answer = state.get("answer", Answer())
    return _decided(run, pack, state, answer)


def _decided(run: Run, pack: Pack, state: State, answer: Answer) -> Again:
    """With the rulings of then: a person is not asked twice."""
    diagnosis = state["diagnosis"]
    if not release.held(diagnosis):
        return Again(diagnosis, answer)
    if not pack.decisions:
        return Again(replace(diagnosis, verdict="awaiting_approval"), answer)
    ruling = pack.decisions[-1]
    if ruling["decision"] == "reject":
        return Again(release.refused(diagnosis, str(ruling["who"]), str(ruling["reason"])), answer)
    free = release.released(answer)
    return Again(compose(run, state["question"], state["retrieved"], free, "answered"), free)


def told(diagnosis: Diagnosis, statements: tuple[Checked, ...], voided: Voided | None) -> dict[str, Any]:
    """What must be the same in a replay; the warning of the spool is no part of the answer."""
    plain = replace(diagnosis, warnings=tuple(text for text in diagnosis.warnings if text != words.SPOOLED))
    data: dict[str, Any] = to_data(plain)
    kept = {name: value for name, value in data.items() if name not in TOLD_APART}
    void = voided.statements if voided else ()
    return {"voided": [to_data(each) for each in void], "statements": [to_data(each) for each in statements], **kept}
