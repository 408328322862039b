"""The agent: accepts a question, sends it through the graph, and lets any number of readers follow."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from app.analyzers.base import Analyzers
from app.core import ids
from app.core.diagnosis import Diagnosis
from app.core.errors import Conflict, InvalidInput, NotFound, RailDebugError, RecordsUnavailable
from app.core.events import Event
from app.core.principal import Principal
from app.core.question import Question
from app.graph import release
from app.graph.base import ApprovalOn, Decision, Route
from app.graph.graphs import Graphs
from app.graph.keep import keep, spool
from app.graph.memory import Memory
from app.graph.run import Run
from app.graph.state import State
from app.records.base import RunRow, Runs, Status
from app.telemetry import spans

log = logging.getLogger(__name__)


@dataclass(eq=False)
class DebugAgent:
    graphs: Graphs
    analyzers: Analyzers
    runs: Runs
    approval: ApprovalOn
    linger_s: float = 15.0
    kept: int = 1024
    route: Route = lambda run_id, question, principal: None
    asking: Callable[[], AbstractContextManager[None]] = nullcontext  # around each run: others stand back meanwhile
    _deciding: set[str] = field(default_factory=set)
    _background: set[asyncio.Task[Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._memory = Memory(self.kept)

    async def ask(self, question: Question, principal: Principal) -> Diagnosis:
        run = await self._accept(question, principal)
        return release.withheld(await self._execute(run))

    async def start(self, question: Question, principal: Principal) -> str:
        run = await self._accept(question, principal)
        run.task = self._spawn(self._execute(run))
        self._linger(run)  # for its first reader, who may have left already
        return run.id

    async def events(self, run_id: str, principal: Principal, after: int = 0) -> AsyncIterator[Event]:
        run = self._memory.get(run_id)
        if run is None or not may_see(run, principal):
            yield await self._told(run_id, principal, after)
            return
        run.readers += 1
        run.visits += 1
        try:
            async for event in run.log.follow(after):
                yield event
        finally:
            run.readers -= 1
            if not run.readers and not run.log.ended:
                self._linger(run)

    async def cancel(self, run_id: str, principal: Principal) -> None:
        run = self._memory.get(run_id)
        if run is None or not may_see(run, principal):
            await self.runs.get(principal, run_id)
        elif run.task is not None and not run.task.done():
            run.task.cancel()
            await asyncio.wait([run.task])

    async def decide(self, run_id: str, decision: Decision, reason: str, principal: Principal) -> Diagnosis:
        if run_id in self._deciding:
            raise Conflict(f"Run {run_id} is being decided by somebody else.")
        self._deciding.add(run_id)
        try:
            return await self._decide(run_id, decision, reason, principal)
        finally:
            self._deciding.discard(run_id)

    async def _decide(self, run_id: str, decision: Decision, reason: str, principal: Principal) -> Diagnosis:
        row = await self.runs.get(principal, run_id)
        principal.must("approve", row.kb)
        if row.status != "awaiting_approval" or row.pack is None:
            raise Conflict(f"Run {run_id} is {row.status}: there is nothing to decide.")
        if not await (await self.graphs.compiled()).saver.holds(run_id):
            raise Conflict(f"The held steps of run {run_id} are no longer kept.", hint="Ask the question again.")
        ruling = {"decision": decision, "who": principal.name, "reason": reason, "at": ids.now()}
        held = self._memory.get(run_id) or self._recall(row)
        decisions = (*row.pack.decisions, ruling)
        run = replace(held, question=row.question, decider=principal, decisions=decisions)  # on the same log
        return await self._execute(run, ruling=ruling)

    def forget(self, run_id: str) -> None:
        self._memory.forget(run_id)

    async def close(self) -> None:
        """Runs under way are cancelled, and recorded as such."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.graphs.close()

    async def _accept(self, question: Question, principal: Principal) -> Run:
        principal.must("ask", question.kb)
        if not question.material.strip():
            raise InvalidInput("The question is empty.", hint="Send an error message, a fault code or a log.")
        run_id = ids.run_id()
        routed = replace(question, analyzer=question.analyzer or self.route(run_id, question, principal))
        run = Run(run_id, principal, question, self.analyzers.choose(routed))
        run.approval = await self.approval()
        try:
            await self.runs.accept(principal, run.id, question)
        except RecordsUnavailable:
            log.exception("run %s could not be recorded as accepted; it is answered all the same", run.id)
        self._memory.begin(run)
        run.emit("started", analyzer=run.analyzer.name)
        return run

    def _recall(self, row: RunRow) -> Run:
        """A held run of an earlier process, as far as its record tells."""
        owner = Principal(row.owner, kbs=frozenset({row.kb}))
        run = Run(row.id, owner, row.question, self.analyzers.pick("evidence"), approval=True)
        if row.pack:
            run.degraded, run.trace_id = list(row.pack.diagnosis.degraded), row.pack.diagnosis.trace_id
        return run

    async def _execute(self, run: Run, ruling: Mapping[str, object] | None = None) -> Diagnosis:
        """Through the graph, from the start or, with a ruling, from where it waits."""
        from langgraph.types import Command

        entry: Any = {"question": run.question} if ruling is None else Command(resume=ruling)
        config: dict[str, Any] = {"recursion_limit": 20}
        saving: dict[str, Any] = {}
        if run.approval:  # LangGraph copies `configurable` for every node, so a run that cannot wait has none
            config["configurable"] = {"thread_id": run.id, "fresh": ruling is None}
            saving["durability"] = "exit"
        status: Status = "failed"
        error = "internal"
        with self.asking(), spans.agent(run.id, run.question.kb, run.trace_id) as span:
            run.trace_id = span.trace_id
            try:
                compiled = await self.graphs.compiled()
                graph = compiled.waiting if run.approval else compiled.plain
                out = await graph.ainvoke(entry, config, context=run, version="v2", **saving)
                if out.interrupts:
                    if compiled.saver.lost(run.id):
                        run.degrade("approve_failed:checkpoint")
                    diagnosis = await self._hold(run, out.value)
                else:
                    await compiled.saver.drop(run.id, written=ruling is not None)
                    diagnosis = out.value["diagnosis"]
                span.decided(diagnosis.verdict, diagnosis.analyzer, diagnosis.usage.cached, run.degraded)
                return diagnosis
            except asyncio.CancelledError:
                status = error = "cancelled"
                raise
            except RailDebugError as failure:
                error = failure.code
                raise
            finally:
                try:
                    if not run.log.ended:
                        await asyncio.shield(self._end(run, status, error))
                finally:
                    self._memory.end(run)

    async def _hold(self, run: Run, state: State) -> Diagnosis:
        """The rest of the answer goes out at once; the held steps wait in the checkpoint."""
        diagnosis = replace(state["diagnosis"], verdict="awaiting_approval")
        try:
            diagnosis = await keep(self.runs, run, diagnosis, state)
        except (RecordsUnavailable, NotFound):
            diagnosis = await spool(self.runs, run, diagnosis, state)
        waiting = [step.action for step in diagnosis.steps if step.held]
        run.emit("approval_needed", held=len(waiting), actions=waiting)
        run.emit("answered", diagnosis=release.withheld(diagnosis))
        return diagnosis

    async def _end(self, run: Run, status: Status, error: str) -> None:
        try:
            await (await self.graphs.compiled()).saver.drop(run.id, written=False)
            await self.runs.commit(run.principal, run.id, status, None, error)
        except (RecordsUnavailable, Conflict, NotFound):
            log.exception("the end of run %s could not be recorded", run.id)
        run.emit("failed", error=error, status=status)

    async def _told(self, run_id: str, principal: Principal, after: int) -> Event:
        """The last event of a run whose log is no longer in memory, from its record."""
        row = await self.runs.get(principal, run_id)
        if row.pack is not None:
            return Event("answered", run_id, after + 1, data={"diagnosis": release.withheld(row.pack.diagnosis)})
        return Event("failed", run_id, after + 1, data={"error": row.error or row.status, "status": row.status})

    def _linger(self, run: Run) -> None:
        asyncio.get_running_loop().call_later(self.linger_s, self._give_up, run, run.visits)

    def _give_up(self, run: Run, visits: int) -> None:
        """Unless a reader is there, or was there meanwhile and has a time of its own to come back in."""
        if not run.readers and run.visits == visits and run.task is not None and not run.log.ended:
            run.task.cancel()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._settled)
        return task

    def _settled(self, task: asyncio.Task[Any]) -> None:
        """A failure has been told to the readers as an event; here it is only taken note of."""
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.info("a run ended with %r", task.exception())


def may_see(run: Run, principal: Principal) -> bool:
    mine = run.principal.name == principal.name or principal.may("admin")
    return mine and principal.may("ask", run.question.kb)
