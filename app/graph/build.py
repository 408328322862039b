"""The graph: six nodes in a row, one step back, one place to wait for a person."""

from collections.abc import Callable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from app.graph import release
from app.graph.mend import Node, mended, mends
from app.graph.nodes import Nodes, early_verdict
from app.graph.run import Run
from app.graph.state import State

AHEAD = {"understand": "retrieve", "analyze": "verify", "approve": "record", "record": END}


def after_retrieve(state: State) -> str:
    return "analyze" if early_verdict(state["retrieved"], state["question"]) == "answered" else "verify"


def after_verify(state: State) -> str:
    if "diagnosis" not in state:
        return "analyze"
    return "approve" if release.held(state["diagnosis"]) else "record"


FORKS: dict[str, tuple[Callable[[State], str], tuple[str, ...]]] = {
    "retrieve": (after_retrieve, ("analyze", "verify")),
    "verify": (after_verify, ("analyze", "approve", "record")),
}


def build(nodes: Nodes, saver: BaseCheckpointSaver[str] | None = None) -> Any:
    """-> the compiled graph. Without a saver it cannot wait, and costs less."""
    graph = StateGraph(State, context_schema=Run)
    graph.add_edge(START, "understand")
    for name, mend in mends(nodes).items():
        node = mended(name, getattr(nodes, name), mend)
        if name in FORKS:
            choose, ways = FORKS[name]
            graph.add_node(name, forked(node, choose), destinations=ways)
        else:
            graph.add_node(name, node)
            graph.add_edge(name, AHEAD[name])
    return graph.compile(checkpointer=saver)


def forked(node: Node, choose: Callable[[State], str]) -> Any:
    """The node says itself where to go on; an edge that chooses would have to read the whole state again."""

    async def going(state: State, runtime: Runtime[Run]) -> Command[str]:
        update = await node(state, runtime)
        return Command(update=update, goto=choose({**state, **update}))

    return going
