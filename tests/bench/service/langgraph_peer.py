"""The usual way: FastAPI, a LangGraph graph of two nodes, and LangChain's chat model."""

import argparse
from typing import Any, TypedDict

import uvicorn
from fastapi import FastAPI
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph

from tests.bench.service import shelf
from tests.bench.service.floor import Answered, Asked, Source


class State(TypedDict, total=False):
    question: str
    hits: list[tuple[float, shelf.Piece]]
    answer: str


def graph(model_url: str, chunks: int) -> Any:
    index = shelf.Index(chunks)
    model = ChatOpenAI(model="bench", base_url=model_url, api_key="none", max_retries=0)  # type: ignore[arg-type]

    async def retrieve(state: State) -> State:
        return {"hits": index.search(state["question"])}

    async def generate(state: State) -> State:
        prompt = shelf.prompt(state["question"], state["hits"])
        reply = await model.ainvoke([SystemMessage(shelf.SYSTEM), HumanMessage(prompt)])
        return {"answer": str(reply.content)}

    nodes = StateGraph(State)
    nodes.add_node("retrieve", retrieve)
    nodes.add_node("generate", generate)
    nodes.add_edge(START, "retrieve")
    nodes.add_edge("retrieve", "generate")
    nodes.add_edge("generate", END)
    return nodes.compile()


def build(model_url: str, chunks: int) -> FastAPI:
    app, compiled = FastAPI(), graph(model_url, chunks)

    @app.post("/ask")
    async def ask(asked: Asked) -> Answered:
        out = await compiled.ainvoke({"question": asked.question})
        sources = [Source(id=p.id, source=p.source, text=p.text, score=score) for score, p in out["hits"]]
        return Answered(answer=out["answer"], sources=sources)

    return app


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--model-url", required=True)
    options.add_argument("--chunks", type=int, required=True)
    chosen = options.parse_args()
    uvicorn.run(build(chosen.model_url, chosen.chunks), port=chosen.port, log_level="warning", access_log=False)
