"""The floor: FastAPI and httpx doing the least that the work needs. Nothing checks the answer, nothing keeps it."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel

from tests.bench.service import shelf


class Asked(BaseModel):
    question: str


class Source(BaseModel):
    id: str
    source: str
    text: str
    score: float


class Answered(BaseModel):
    answer: str
    sources: list[Source]


def build(model_url: str, chunks: int) -> FastAPI:
    index = shelf.Index(chunks)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(
            base_url=model_url, timeout=30, limits=httpx.Limits(max_connections=128)
        ) as client:
            app.state.client = client
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/ask")
    async def ask(asked: Asked, request: Request) -> Answered:
        hits = index.search(asked.question)
        messages = [
            {"role": "system", "content": shelf.SYSTEM},
            {"role": "user", "content": shelf.prompt(asked.question, hits)},
        ]
        reply = await request.app.state.client.post("/chat/completions", json={"model": "bench", "messages": messages})
        answer = reply.json()["choices"][0]["message"]["content"]
        sources = [Source(id=p.id, source=p.source, text=p.text, score=score) for score, p in hits]
        return Answered(answer=answer, sources=sources)

    return app


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--model-url", required=True)
    options.add_argument("--chunks", type=int, required=True)
    chosen = options.parse_args()
    uvicorn.run(build(chosen.model_url, chosen.chunks), port=chosen.port, log_level="warning", access_log=False)
