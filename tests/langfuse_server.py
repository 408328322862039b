"""A server that speaks the part of Langfuse's public API that is used here, as its reference has it, with faults.

`python -m tests.langfuse_server --port 0` prints its address. Keys are `pk-test` and `sk-test`.
"""

import argparse
import asyncio
import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

ROOT = Path(__file__).parent.parent
PUBLIC, SECRET = "pk-test", "sk-test"
BASIC = "Basic " + base64.b64encode(f"{PUBLIC}:{SECRET}".encode()).decode()
STAMP = "2026-01-15T08:30:00.000Z"
FAULTS = ("none", "black hole", "500", "slow", "wrong JSON", "wrong shape")


@dataclass
class LangfuseServer:
    """Versions of prompts by name; a label belongs to one version, `latest` to the newest."""

    prompts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)
    fault: str = "none"
    slow_s: float = 10.0
    requests: int = 0

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/api/public/v2/prompts", self._list)
        app.router.add_post("/api/public/v2/prompts", self._create)
        app.router.add_get("/api/public/v2/prompts/{name}", self._get)
        app.router.add_delete("/api/public/v2/prompts/{name}", self._delete)
        app.router.add_patch("/api/public/v2/prompts/{name}/versions/{version}", self._relabel)
        app.router.add_post("/api/public/scores", self._score)
        app.router.add_post("/_ctl", self._control)
        app.router.add_get("/_stats", self._stats)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/_"):
            return await handler(request)  # type: ignore[no-any-return]
        self.requests += 1
        if self.fault == "black hole":
            await asyncio.sleep(3600)
        if self.fault == "slow":
            await asyncio.sleep(self.slow_s)
        if self.fault == "500":
            return web.json_response({"message": "scripted", "error": "InternalServerError"}, status=500)
        if self.fault == "wrong JSON":
            return web.Response(text='{"name": "rail-', content_type="application/json")
        if self.fault == "wrong shape":
            return web.json_response({"hello": ["world"]})
        if request.headers.get("authorization") != BASIC:
            return web.json_response({"message": "Invalid credentials", "error": "UnauthorizedError"}, status=401)
        return await handler(request)  # type: ignore[no-any-return]

    async def _get(self, request: web.Request) -> web.Response:
        versions = self.prompts.get(request.match_info["name"], [])
        version, label = request.query.get("version"), request.query.get("label", "production")
        for prompt in versions:
            if (str(prompt["version"]) == version) if version else (label in prompt["labels"]):
                return web.json_response(prompt)
        return missing("Prompt not found")

    async def _list(self, request: web.Request) -> web.Response:
        page, limit = int(request.query.get("page", 1)), int(request.query.get("limit", 50))
        metas = [meta(name, versions) for name, versions in sorted(self.prompts.items()) if versions]
        shown = metas[(page - 1) * limit : page * limit]
        pages = -(-len(metas) // limit)
        about = {"page": page, "limit": limit, "totalItems": len(metas), "totalPages": pages}
        return web.json_response({"data": shown, "meta": about})

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        versions = self.prompts.setdefault(body["name"], [])
        made = {
            "id": f"{body['name']}-{len(versions) + 1}",
            "name": body["name"],
            "type": body.get("type", "text"),
            "prompt": body["prompt"],
            "version": max((v["version"] for v in versions), default=0) + 1,
            "config": body.get("config") or {},
            "labels": [],
            "tags": body.get("tags") or [],
            "commitMessage": body.get("commitMessage"),
            "createdAt": STAMP,
            "updatedAt": STAMP,
            "projectId": "test",
            "createdBy": "API",
            "isActive": None,
        }
        versions.append(made)
        self._move(versions, made, [*(body.get("labels") or []), "latest"])
        return web.json_response(made, status=201)

    async def _relabel(self, request: web.Request) -> web.Response:
        versions = self.prompts.get(request.match_info["name"], [])
        wanted = int(request.match_info["version"])
        new = (await request.json())["newLabels"]
        if "latest" in new:
            return web.json_response({"message": "Label 'latest' is reserved", "error": "Bad Request"}, status=400)
        for prompt in versions:
            if prompt["version"] == wanted:
                self._move(versions, prompt, new)
                return web.json_response(prompt)
        return missing("Prompt not found")

    def _move(self, versions: list[dict[str, Any]], to: dict[str, Any], labels: list[str]) -> None:
        for prompt in versions:
            prompt["labels"] = [label for label in prompt["labels"] if label not in labels]
        to["labels"] = [*to["labels"], *labels]

    async def _delete(self, request: web.Request) -> web.Response:
        if self.prompts.pop(request.match_info["name"], None) is None:
            return missing("Prompt not found")
        return web.Response(status=204)

    async def _score(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not isinstance(body, list):
            return web.json_response({"message": "Expected a list", "error": "Bad Request"}, status=400)
        good = [score for score in body if score.get("name") and score.get("traceId") and "value" in score]
        self.scores |= {score["id"]: score for score in good}
        if len(good) == len(body):
            return web.json_response({"message": "Accepted"}, status=202)
        bad = [{"index": i, "message": "invalid"} for i, score in enumerate(body) if score not in good]
        told = {"accepted": len(good), "rejected": len(bad), "errors": bad}
        return web.json_response(told, status=207)

    async def _control(self, request: web.Request) -> web.Response:
        for name, value in (await request.json()).items():
            setattr(self, name, value)
        return web.json_response({"ok": True})

    async def _stats(self, request: web.Request) -> web.Response:
        told = {"requests": self.requests, "scores": self.scores, "prompts": self.prompts}
        return web.json_response(told)


def meta(name: str, versions: list[dict[str, Any]]) -> dict[str, Any]:
    newest = versions[-1]
    labels = sorted({label for version in versions for label in version["labels"]})
    told = {"name": name, "type": newest["type"], "versions": [v["version"] for v in versions], "labels": labels}
    return {**told, "tags": newest["tags"], "lastUpdatedAt": STAMP, "lastConfig": newest["config"]}


def missing(message: str) -> web.Response:
    return web.json_response({"message": message, "error": "LangfuseNotFoundError"}, status=404)


@dataclass
class Remote:
    """The server in a process of its own."""

    url: str
    process: "subprocess.Popen[str]" = field(repr=False)

    def set(self, **changes: object) -> None:
        httpx.post(f"{self.url}/_ctl", json=changes).raise_for_status()

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.url}/_stats").json()
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def langfuse_server() -> Iterator[Remote]:
    command = [sys.executable, "-m", "tests.langfuse_server", "--port", "0"]
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(command, cwd=ROOT, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, text=True)
    try:
        assert child.stdout is not None
        yield Remote(child.stdout.readline().strip(), child)
    finally:
        child.kill()
        child.wait()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    runner = web.AppRunner(LangfuseServer().app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", parser.parse_args().port).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
