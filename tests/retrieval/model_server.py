"""A small server with `/v1/embeddings` and `/rerank`, in a thread of its own; what it answers can be bent."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.retrieval.fakes import HashEmbedder


@dataclass
class ModelServer:
    """`status` other than 200 is answered bare; `bend` changes an answer before it is sent."""

    url: str = ""
    status: int = 200
    wait_s: float = 0.0
    bend: Any = None
    asked: list[tuple[dict[str, Any], str]] = field(default_factory=list)  # body, authorization

    async def embeddings(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        vectors = 3.0 * HashEmbedder().encode(body["input"])  # not normalised: that is the client's work
        data = [{"object": "embedding", "index": n, "embedding": row.tolist()} for n, row in enumerate(vectors)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return self._answer({"object": "list", "data": data[::-1], "model": body["model"], "usage": usage})

    async def rerank(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        texts = body.get("documents") or body["texts"]
        scores = [len(set(body["query"].split()) & set(text.split())) for text in texts]
        order = sorted(range(len(texts)), key=lambda n: -scores[n])
        if "texts" in body:
            return self._answer([{"index": n, "score": scores[n]} for n in order])
        return self._answer({"results": [{"index": n, "relevance_score": scores[n]} for n in order]})

    async def _read(self, request: web.Request) -> dict[str, Any]:
        body: dict[str, Any] = await request.json()
        self.asked.append((body, request.headers.get("Authorization", "")))
        await asyncio.sleep(self.wait_s)
        return body

    def _answer(self, answer: Any) -> web.Response:
        if self.status != 200:
            return web.Response(status=self.status, text="no")
        return web.json_response(self.bend(answer) if self.bend else answer)


@contextmanager
def serving() -> Iterator[ModelServer]:
    server, ready, loop = ModelServer(), threading.Event(), asyncio.new_event_loop()
    app = web.Application(client_max_size=16 * 2**20)
    app.add_routes([web.post("/v1/embeddings", server.embeddings), web.post("/rerank", server.rerank)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()

    def run() -> None:
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
