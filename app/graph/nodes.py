"""The six nodes a question passes. Each is small; what happens when one fails is decided in `mend.py`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from app.analyzers.base import Analyzer, Analyzers
from app.core.brief import Brief
from app.core.diagnosis import Verdict
from app.core.principal import EVALUATION
from app.core.question import Question, Turn
from app.faults.codes import Mention
from app.graph import release, words
from app.graph.clarify import classes_meant, fitting
from app.graph.compose import compose
from app.graph.keep import keep
from app.graph.listen import Listener
from app.graph.run import Run
from app.graph.state import Answer, State
from app.graph.understand import MOST_CODES, mentions, search_text
from app.prompts.base import Prompts, Subject
from app.receipts.draft import SCHEMA
from app.records.base import Runs, Voided
from app.retrieval.base import Query, Retrieved, Retriever

HISTORY = 2_000  # tokens of earlier turns, as the analyzer counts; what it can read decides further
LONG = 50_000  # characters; a scan of more than this leaves the event loop


@dataclass(frozen=True, slots=True)
class Nodes:
    retriever: Retriever
    analyzers: Analyzers
    prompts: Prompts
    runs: Runs
    k: int = 8

    async def understand(self, state: State, runtime: Runtime[Run]) -> State:
        question = state["question"]
        if len(question.material) > LONG:
            found = await asyncio.to_thread(mentions, question)
        else:
            found = mentions(question)
        return {"mentions": found}

    async def retrieve(self, state: State, runtime: Runtime[Run]) -> State:
        question, run = state["question"], runtime.context
        retrieved = await self.retriever.retrieve(self.query(question, state["mentions"]))
        run.degrade(*retrieved.degraded)
        shown = tuple(map(release.veiled, retrieved.passages)) if run.approval else retrieved.passages
        run.emit("retrieved", passages=shown, fault_codes=retrieved.fault_codes)
        return {"retrieved": retrieved}

    def query(self, question: Question, named: Sequence[Mention]) -> Query:
        return Query(
            text=search_text(question),
            kb=question.kb,
            mentions=tuple(named[:MOST_CODES]),
            asset=question.asset,
            at=question.at,
            k=self.k,
        )

    async def analyze(self, state: State, runtime: Runtime[Run]) -> State:
        """The analyzer of the run; `evidence` when verify has sent it back."""
        analyzer = self.analyzers.pick("evidence") if state.get("returned") else runtime.context.analyzer
        return await self.listen(analyzer, state, runtime.context)

    async def listen(self, analyzer: Analyzer, state: State, run: Run) -> State:
        asked = frozenset(mention.code for mention in state["mentions"])
        answer = await Listener(run, self.brief(state, run), asked).listen(analyzer)
        if state.get("returned") and (before := state.get("answer")):
            answer = replace(answer, voided=Voided(before.statements, before.identity, before.seed))
        return {"answer": answer}

    def brief(self, state: State, run: Run) -> Brief:
        question, retrieved = state["question"], state["retrieved"]
        turns = recent(question.history, run.analyzer.count)
        if left_out := len(question.history) - len(turns):
            run.degrade(f"history_dropped:{left_out}")
        return Brief(
            question=question,
            evidence=fitting(retrieved.passages),
            history=turns,
            codes=tuple(code.code for code in retrieved.fault_codes if code.known),
            prompts=self.prompts.current(subject(run)),
            schema=SCHEMA,
            options=question.options,
            deadline=run.deadline,
            scope=run.principal.name,
        )

    async def verify(self, state: State, runtime: Runtime[Run]) -> State:
        """The whole: an answer of which nothing could be proved goes back once, to be said by `evidence`."""
        run, retrieved = runtime.context, state["retrieved"]
        answer = state.get("answer", Answer())
        if answer.statements and not answer.usable and not state.get("returned"):
            run.restart(f"{run.analyzer.name}: unsupported")
            return {"returned": True}
        verdict = verdict_of(retrieved, state["question"], answer)
        if verdict == "needs_clarification":
            run.emit("clarification_needed", choices=classes_meant(retrieved, state["question"].asset))
        if len(state["mentions"]) > MOST_CODES:
            more = words.MANY_CODES.format(count=len(state["mentions"]) - MOST_CODES)
            answer = replace(answer, warnings=(*answer.warnings, more))
        told = answer if verdict == "answered" else replace(answer, statements=())
        return {"answer": answer, "diagnosis": compose(run, state["question"], retrieved, told, verdict)}

    async def approve(self, state: State, runtime: Runtime[Run]) -> State:
        """LangGraph reruns this node from its first line on resume: nothing before `interrupt` is seen outside."""
        diagnosis, run = state["diagnosis"], runtime.context
        ruling = interrupt({"run_id": diagnosis.run_id, "held": sum(step.held for step in diagnosis.steps)})
        if ruling["decision"] == "reject":
            return {"diagnosis": release.refused(diagnosis, ruling["who"], ruling["reason"])}
        answer = release.released(state["answer"])
        diagnosis = compose(run, state["question"], state["retrieved"], answer, "answered")
        return {"answer": answer, "diagnosis": diagnosis}

    async def record(self, state: State, runtime: Runtime[Run]) -> State:
        run = runtime.context
        diagnosis = await keep(self.runs, run, state["diagnosis"], state)
        run.emit("answered", diagnosis=release.withheld(diagnosis))
        return {"diagnosis": diagnosis}


def recent(history: Sequence[Turn], count: Callable[[str], int], room: int = HISTORY) -> tuple[Turn, ...]:
    """From the newest back, as many whole turns as the room holds."""
    turns: list[Turn] = []
    for turn in reversed(history):
        if len(turn.text) > LONG or (room := room - count(turn.text)) < 0:
            break
        turns.append(turn)
    return tuple(reversed(turns))


def subject(run: Run) -> Subject:
    """An evaluation asks what is known beforehand: nothing is tried on it."""
    asked, tried = run.question, run.principal.name != EVALUATION.name
    return Subject(run.id if tried else "", asked.kb, asked.conversation_id, run.principal.name, asked.asset.id)


def verdict_of(retrieved: Retrieved, question: Question, answer: Answer) -> Verdict:
    """Before an analyzer was asked, `answer` is empty and only what was found decides."""
    early = early_verdict(retrieved, question)
    if early != "answered":
        return early
    return "answered" if answer.usable else "insufficient_evidence"


def early_verdict(retrieved: Retrieved, question: Question) -> Verdict:
    codes = retrieved.fault_codes
    if codes and not any(code.known for code in codes):
        return "unknown_code"
    if not retrieved.passages or (not codes and not retrieved.relevant):
        return "insufficient_evidence"
    return "needs_clarification" if classes_meant(retrieved, question.asset) else "answered"
