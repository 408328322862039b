"""The whole service in process, with a model stub, watched by settings of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from app.api.app import build_app
from app.core.settings import Settings
from app.core.settings.analyzers import AnalyzerSpec
from app.core.settings.telemetry import TelemetrySettings
from app.services.hall import Services
from tests.llm_stub import Stub
from tests.retrieval.fakes import HashEmbedder

ASKED = "E73-B after the brake test, what do I check first?"


@dataclass
class House:
    client: httpx.AsyncClient
    services: Services
    model: Stub

    async def ask(self, question: str = ASKED, **more: Any) -> dict[str, Any]:
        headers = more.pop("headers", {})
        reply = await self.client.post("/api/v1/debug", json={"question": question, **more}, headers=headers)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())


@asynccontextmanager
async def house(
    settings: Settings, telemetry: TelemetrySettings | None = None, *, remote: bool = False, **changes: Any
) -> AsyncIterator[House]:
    """`remote`: the stub counts as one that is not on this machine."""
    stub = Stub()
    url = await stub.start()
    price = {"input": 0.5, "output": 1.5}
    row = {"kind": "openai", "base_url": url, "model": "tiny", "retries": 0, "price": price, "remote": remote or None}
    spec = AnalyzerSpec.model_validate({name: value for name, value in row.items() if value is not None})
    update = {"analyzers": {"stub": spec}, "telemetry": telemetry or TelemetrySettings(), **changes}
    app = build_app(settings.model_copy(update=update), embedder=HashEmbedder())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5000))
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", timeout=60) as client,
        ):
            yield House(client, app.state.services, stub)
    finally:
        await stub.stop()
