"""What becomes of a run when a node fails: decided here, once, for every node."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime

from app.core.diagnosis import Diagnosis
from app.core.errors import Conflict
from app.graph import release, words
from app.graph.keep import spool
from app.graph.nodes import Nodes
from app.graph.run import Run
from app.graph.state import Answer, State
from app.retrieval.base import Retrieved
from app.telemetry import spans

Node = Callable[[State, Runtime[Run]], Awaitable[State]]
log = logging.getLogger(__name__)


def mended(name: str, node: Node, mend: Node) -> Any:  # LangGraph spells a node's type in its own protocols
    async def guarded(state: State, runtime: Runtime[Run]) -> State:
        run = runtime.context
        with run.timed(name), spans.node(name) as span:
            try:
                return await node(state, runtime)
            except (GraphBubbleUp, Conflict):  # an interrupt on its way out; a decision that came second
                raise
            except Exception as error:  # whatever broke, the caller still gets what can be proved
                log.exception("node %s failed in run %s", name, run.id)
                reason = f"{name}_failed:{getattr(error, 'code', 'internal')}"
                span.note(reason)
                run.degrade(reason)
                return await mend(state, runtime)

    return guarded


def mends(nodes: Nodes) -> dict[str, Node]:
    async def understand(state: State, runtime: Runtime[Run]) -> State:
        return {"mentions": ()}

    async def retrieve(state: State, runtime: Runtime[Run]) -> State:
        runtime.context.emit("retrieved", passages=(), fault_codes=())
        return {"retrieved": Retrieved()}

    async def analyze(state: State, runtime: Runtime[Run]) -> State:
        """What was said is void and `evidence` answers."""
        run = runtime.context
        if state.get("returned") or run.analyzer.name == "evidence":
            return await nothing(state, runtime)
        run.restart(f"{run.analyzer.name}: internal")
        again: State = await mended("evidence", evidence, nothing)(state, runtime)
        return {"returned": True, **again}

    async def evidence(state: State, runtime: Runtime[Run]) -> State:
        return await nodes.listen(nodes.analyzers.pick("evidence"), state, runtime.context)

    async def nothing(state: State, runtime: Runtime[Run]) -> State:
        """The last resort failed too: the passages alone are the answer."""
        runtime.context.void("no analyzer could answer")
        return {"answer": Answer()}

    async def verify(state: State, runtime: Runtime[Run]) -> State:
        """Nothing but quoted passages leaves."""
        run, retrieved = runtime.context, state["retrieved"]
        run.void("the check of the answer failed")
        diagnosis = Diagnosis(
            run_id=run.id,
            verdict="insufficient_evidence",
            summary=words.FAILED,
            trace_id=run.trace_id,
            fault_codes=retrieved.fault_codes,
            passages=retrieved.passages,
        )
        return {"answer": Answer(), "diagnosis": diagnosis}

    async def approve(state: State, runtime: Runtime[Run]) -> State:
        """Critical steps stay held."""
        return {"diagnosis": replace(state["diagnosis"], verdict="awaiting_approval")}

    async def record(state: State, runtime: Runtime[Run]) -> State:
        run = runtime.context
        diagnosis = await spool(nodes.runs, run, state["diagnosis"], state)
        run.emit("answered", diagnosis=release.withheld(diagnosis))
        return {"diagnosis": diagnosis}

    return {f.__name__: f for f in (understand, retrieve, analyze, verify, approve, record)}
