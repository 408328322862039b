"""A small server that speaks OpenAI's chat protocol, with faults on demand: `python -m tests.llm_stub --port 9100`.

Its answer is made from the prompt's numbered passages, so that it can be verified: it quotes the first sentence of
the first passage. `POST /_ctl {"kind": "status", "status": 429, "times": 2}` scripts what comes next.
"""

import argparse
import asyncio
import contextlib
import json
import re
from collections import deque
from dataclasses import dataclass, field, fields
from typing import Any

from aiohttp import web

from app.receipts.sentences import cut

PASSAGE = re.compile(r"<<< Passage (\d+): [^\n]* #(\w+)\n(.*?)\n#\2 >>>", re.DOTALL)
USAGE = {"prompt_tokens": 700, "completion_tokens": 110, "total_tokens": 810}


@dataclass(frozen=True)
class Behaviour:
    """What one request meets. `at` counts tokens of the answer that are sent before the fault."""

    kind: str = "stream"  # stream, plain, cut, abort, stall, status, malformed, refused, filtered, error
    at: int = 0
    gap_s: float = 0.0
    delay_s: float = 0.0
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=lambda: {"message": "scripted"})
    text: str | None = None
    finish: str | None = "stop"
    done: bool = True
    refuses: dict[str, int] = field(default_factory=dict)  # response_format type -> status


class Stub:
    path = "/v1"

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.next: deque[Behaviour] = deque()
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[Any] = set()
        self.left = asyncio.Event()  # a client went away in the middle
        self.departures = 0  # how often
        self.models: list[str] = []  # what /v1/models lists; nothing: it does not know that path
        self.version = ""  # of the vLLM that it plays
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> str:
        """-> base_url"""
        app = web.Application(client_max_size=2**26)
        self.routes(app)
        app.router.add_post("/_ctl", self._control)
        app.router.add_get("/_stats", self._stats)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}{self.path}"

    def routes(self, app: web.Application) -> None:
        app.router.add_post("/v1/chat/completions", self._answer)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/version", self._version)

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _control(self, request: web.Request) -> web.Response:
        asked = await request.json()
        times = asked.pop("times", 0)
        known = {f.name for f in fields(Behaviour)}
        behaviour = Behaviour(**{key: value for key, value in asked.items() if key in known})
        if times:
            self.next.extend([behaviour] * times)
        else:
            self.behaviour = behaviour
        return web.json_response({"ok": True})

    async def _stats(self, request: web.Request) -> web.Response:
        told = {"requests": len(self.bodies), "connections": len(self.connections), "departures": self.departures}
        return web.json_response(told)

    async def _models(self, request: web.Request) -> web.Response:
        if not self.models:
            raise web.HTTPNotFound
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})

    async def _version(self, request: web.Request) -> web.Response:
        if not self.version:
            raise web.HTTPNotFound
        return web.json_response({"version": self.version})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        self.connections.add(id(request.transport))
        behaviour = self.next.popleft() if self.next else self.behaviour
        try:
            return await self._play(request, body, behaviour)
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
            self.departures += 1
            raise

    async def _play(self, request: web.Request, body: dict[str, Any], how: Behaviour) -> web.StreamResponse:
        await asyncio.sleep(how.delay_s)
        form = body.get("response_format", {}).get("type", "none")
        if form in how.refuses:
            said = {"message": f"response_format {form} is not supported"}
            return web.json_response({"error": said}, status=how.refuses[form])
        if how.kind == "status":
            return web.json_response({"error": how.error}, status=how.status, headers=how.headers)
        text = how.text if how.text is not None else answer(body["messages"][-1]["content"])
        if how.kind == "plain":
            said = {"message": {"role": "assistant", "content": text}, "finish_reason": how.finish, "index": 0}
            return web.json_response({"choices": [said], "usage": USAGE})
        return await self._stream(request, text, how)

    async def _stream(self, request: web.Request, text: str, how: Behaviour) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        pieces = tokens(text)
        for number, piece in enumerate(pieces):
            if how.kind != "stream" and number == how.at:
                return await self._fault(request, response, how)
            await response.write(event({"content": piece}))
            await asyncio.sleep(how.gap_s)
        if how.kind != "stream" and how.at >= len(pieces):
            return await self._fault(request, response, how)
        if how.finish:
            await response.write(event({}, how.finish))
        await response.write(data({"choices": [], "usage": USAGE}) + (b"data: [DONE]\n\n" if how.done else b""))
        await response.write_eof()
        return response

    async def _fault(self, request: web.Request, response: web.StreamResponse, how: Behaviour) -> web.StreamResponse:
        if how.kind == "abort" and request.transport:
            request.transport.abort()
        elif how.kind == "stall":
            await asyncio.sleep(3600)
        elif how.kind == "malformed":
            await response.write(b"data: {nonsense\n\n")
        elif how.kind == "refused":
            await response.write(event({"refusal": "I cannot help with that."}))
        elif how.kind == "filtered":
            await response.write(event({}, "content_filter"))
        elif how.kind == "error":
            await response.write(data({"error": how.error}))
        await response.write_eof()
        return response


def data(payload: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(payload, ensure_ascii=False).encode() + b"\n\n"


def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    return data({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def tokens(text: str, size: int = 4) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def answer(prompt: str) -> str:
    """In the house's schema; nothing at all where the prompt holds no passage."""
    found = PASSAGE.search(prompt)
    told = [found[3][start:end] for start, end in cut(found[3])] if found else []
    sentence = next((s for s in told if not s.startswith("#") and len(s.split()) >= 3), None)
    if sentence is None:
        return '{"statements": []}'
    said = {"citations": [1], "quote": sentence, "action": None, "expected": None, "code": None, "language": None}
    kinds = ("summary", "cause")
    return json.dumps({"statements": [{"kind": kind, "text": " ".join(sentence.split()), **said} for kind in kinds]})


async def serve(port: int, behaviour: Behaviour) -> None:
    stub = Stub(behaviour)
    print(await stub.start(port), flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await stub.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--kind", default="stream")
    parser.add_argument("--at", type=int, default=0)
    parser.add_argument("--gap-ms", type=float, default=0)
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--status", type=int, default=500)
    asked = parser.parse_args()
    script = Behaviour(asked.kind, asked.at, asked.gap_ms / 1000, asked.delay_ms / 1000, asked.status)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(asked.port, script))
