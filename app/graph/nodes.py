"""The six nodes a question passes. Each is small; what happens when one fails is decided in `mend.py`."""

import asyncio
from dataclasses import dataclass, replace

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from app.analyzers.base import Analyzer, Analyzers
from app.core.brief import Brief
from app.core.diagnosis import Verdict
from app.core.principal import EVALUATION
from app.core.question import Question
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
from app.records.base import Runs
from app.retrieval.base import Query, Retrieved, Retriever

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
        query = Query(
            text=search_text(question),
            kb=question.kb,
            mentions=state["mentions"][:MOST_CODES],
            asset=question.asset,
            at=question.at,
            k=self.k,
        )
        retrieved = await self.retriever.retrieve(query)
        run.degrade(*retrieved.degraded)
        shown = tuple(map(release.veiled, retrieved.passages)) if run.approval else retrieved.passages
        run.emit("retrieved", passages=shown, fault_codes=retrieved.fault_codes)
        return {"retrieved": retrieved}

    async def analyze(self, state: State, runtime: Runtime[Run]) -> State:
        """The analyzer of the run; `evidence` when verify has sent it back."""
        analyzer = self.analyzers.pick("evidence") if state.get("returned") else runtime.context.analyzer
        return await self.listen(analyzer, state, runtime.context)

    async def listen(self, analyzer: Analyzer, state: State, run: Run) -> State:
        asked = frozenset(mention.code for mention in state["mentions"])
        answer = await Listener(run, self.brief(state, run), asked).listen(analyzer)
        return {"answer": answer}

    def brief(self, state: State, run: Run) -> Brief:
        question, retrieved = state["question"], state["retrieved"]
        return Brief(
            question=question,
            evidence=fitting(retrieved.passages),
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
        if verdict != "answered":
            answer = replace(answer, statements=())
        return {"answer": answer, "diagnosis": compose(run, state["question"], retrieved, answer, verdict)}

    async def approve(self, state: State, runtime: Runtime[Run]) -> State:
        """LangGraph reruns this node from its first line on resume: nothing before `interrupt` is seen outside."""
        diagnosis, run = state["diagnosis"], runtime.context
        ruling = interrupt({"run_id": diagnosis.run_id, "held": sum(step.held for step in diagnosis.steps)})
        if ruling["decision"] == "reject":
            return {"diagnosis": release.refused(diagnosis, ruling["who"], ruling["reason"])}
        answer = release.released(state["answer"])
        return {"diagnosis": compose(run, state["question"], state["retrieved"], answer, "answered")}

    async def record(self, state: State, runtime: Runtime[Run]) -> State:
        run = runtime.context
        diagnosis = await keep(self.runs, run, state["diagnosis"], state["retrieved"].index_version)
        run.emit("answered", diagnosis=release.withheld(diagnosis))
        return {"diagnosis": diagnosis}


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
