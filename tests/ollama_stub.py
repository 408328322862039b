"""A server that speaks Ollama's protocol as its reference has it, with the faults of `llm_stub` on demand."""

import asyncio
import hashlib
import json
from typing import Any

from aiohttp import web

from tests.llm_stub import Behaviour, Stub, answer, tokens

STAMP = "2026-01-15T08:30:00.000000Z"
COUNTS = {"prompt_eval_count": 700, "eval_count": 110}
NANOSECONDS = {"total_duration": 5_000_000, "load_duration": 1_000_000, "prompt_eval_duration": 1_000_000}


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


class OllamaStub(Stub):
    """`reads` is what its models were made to read, `gives` the most that the server gives one of them."""

    path = ""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        super().__init__(behaviour)
        self.installed = {"tiny:latest": 8192 * 2}
        self.gives = 10**6
        self.running: dict[str, int] = {}
        self.pulled: list[str] = []
        self.freed: list[str] = []

    def routes(self, app: web.Application) -> None:
        app.router.add_get("/api/version", self._version)
        app.router.add_get("/api/tags", self._tags)
        app.router.add_get("/api/ps", self._ps)
        app.router.add_post("/api/show", self._show)
        app.router.add_post("/api/pull", self._pull)
        app.router.add_post("/api/chat", self._answer)

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "0.13.1"})

    async def _tags(self, request: web.Request) -> web.Response:
        return web.json_response({"models": [described(name) | {"modified_at": STAMP} for name in self.installed]})

    async def _ps(self, request: web.Request) -> web.Response:
        told = [
            described(name) | {"expires_at": STAMP, "size_vram": 0, "context_length": context}
            for name, context in self.running.items()
        ]
        return web.json_response({"models": told})

    async def _show(self, request: web.Request) -> web.Response:
        name = tagged((await request.json())["model"])
        if name not in self.installed:
            return missing(name)
        info = {"general.architecture": "llama", "llama.context_length": self.installed[name]}
        told = {"modelfile": "FROM tiny", "template": "{{ .Prompt }}", "details": details(), "model_info": info}
        return web.json_response({**told, "capabilities": ["completion"], "modified_at": STAMP})

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        name = tagged((await request.json())["model"])
        layer = f"sha256:{digest(name)}"
        steps: list[dict[str, Any]] = [{"status": "pulling manifest"}]
        counted = {"status": f"pulling {layer[7:19]}", "digest": layer, "total": 1000}
        steps += [{**counted, "completed": done} for done in (250, 1000)]
        steps += [{"status": told} for told in ("verifying sha256 digest", "writing manifest", "success")]
        response = await streamed(request)
        for step in steps:
            await response.write(line(step))
        self.pulled.append(name)
        self.installed[name] = 8192 * 2
        await response.write_eof()
        return response

    async def _play(self, request: web.Request, body: dict[str, Any], how: Behaviour) -> web.StreamResponse:
        name = tagged(body["model"])
        if name not in self.installed:
            return missing(name)
        if body.get("keep_alive") == 0:
            self.running.pop(name, None)
            self.freed.append(name)
            return web.json_response(piece(name, "", done=True) | {"done_reason": "unload"})
        wanted = body.get("options", {}).get("num_ctx", 4096)
        self.running[name] = min(wanted, self.gives)
        if not body.get("messages"):
            self.bodies.pop()
            return web.json_response(piece(name, "", done=True) | {"done_reason": "load"})
        await asyncio.sleep(how.delay_s)
        if how.kind == "status":
            return web.json_response({"error": how.error["message"]}, status=how.status, headers=how.headers)
        text = how.text if how.text is not None else answer(body["messages"][-1]["content"])
        return await self._lines(request, body, text, how)

    async def _lines(self, request: web.Request, body: dict[str, Any], text: str, how: Behaviour) -> web.StreamResponse:
        name, limit = tagged(body["model"]), body.get("options", {}).get("num_predict", -1)
        said = tokens(text)
        cut = said[:limit] if limit >= 0 else said
        if not body.get("stream", True):
            return web.json_response(last(name, "".join(cut), "stop" if cut == said else "length"))
        response = await streamed(request)
        for number, token in enumerate(cut):
            if how.kind not in ("stream", "plain") and number == how.at:
                return await self._broken(request, response, how)
            await response.write(line(piece(name, token)))
            await asyncio.sleep(how.gap_s)
        if how.kind not in ("stream", "plain"):
            return await self._broken(request, response, how)
        if how.finish:
            await response.write(line(last(name, "", "stop" if cut == said else "length")))
        await response.write_eof()
        return response

    async def _broken(self, request: web.Request, response: web.StreamResponse, how: Behaviour) -> web.StreamResponse:
        if how.kind == "abort" and request.transport:
            request.transport.abort()
            return response
        if how.kind == "stall":
            await asyncio.sleep(3600)
        elif how.kind == "malformed":
            await response.write(b"{nonsense\n")
        elif how.kind == "error":
            await response.write(line({"error": how.error["message"]}))
        await response.write_eof()
        return response


def tagged(name: str) -> str:
    return name if ":" in name else f"{name}:latest"


def details() -> dict[str, Any]:
    told = {"parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"]}
    return {**told, "parameter_size": "20M", "quantization_level": "Q4_K_M"}


def described(name: str) -> dict[str, Any]:
    return {"name": name, "model": name, "size": 12_345_678, "digest": digest(name), "details": details()}


def piece(name: str, text: str, *, done: bool = False) -> dict[str, Any]:
    return {"model": name, "created_at": STAMP, "message": {"role": "assistant", "content": text}, "done": done}


def last(name: str, text: str, reason: str) -> dict[str, Any]:
    return {**piece(name, text, done=True), "done_reason": reason, **NANOSECONDS, **COUNTS}


def line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def missing(name: str) -> web.Response:
    return web.json_response({"error": f"model '{name}' not found"}, status=404)


async def streamed(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
    await response.prepare(request)
    return response
