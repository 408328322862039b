"""Each request is a span that is named by its route, whatever the caller typed."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.api.watched import Watched, route_of
from app.core.settings.telemetry import TelemetrySettings
from app.telemetry.setup import configure


class Route:
    def __init__(self, path: str) -> None:
        self.path = path


async def silence() -> Message:
    return {"type": "http.request"}


async def into_nothing(message: Message) -> None: ...


async def watched(app: Any, method: str = "GET", path: str = "/api/v1/runs/secret-id") -> Any:
    tracing = configure(TelemetrySettings())
    scope: Scope = {"type": "http", "method": method, "path": path, "headers": []}
    try:
        await Watched(app)(scope, silence, into_nothing)
    except (RuntimeError, asyncio.CancelledError):
        pass
    finally:
        tracing.close()
    return tracing.ring.newest(1)[0] if len(tracing.ring) else None


def answering(status: int | None = None, error: BaseException | None = None) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"], scope["path_params"] = Route("/runs/{run_id}"), {"run_id": "secret-id"}
        if status:
            await send({"type": "http.response.start", "status": status})
        if error:
            raise error

    return app


@pytest.mark.parametrize(
    ("app", "status", "error"),
    [
        (answering(200), 200, ""),
        (answering(503), 503, "503"),
        (answering(None, RuntimeError("sk-123")), 500, "RuntimeError"),
        (answering(None, asyncio.CancelledError()), 499, ""),
        (answering(200, RuntimeError("in the middle")), 200, "RuntimeError"),
    ],
    ids=["well", "told badly", "broken", "left", "broken in the middle"],
)
async def test_it_tells_how_a_request_ended(app: Any, status: int, error: str) -> None:
    span = await watched(app)
    assert span.name == "GET /api/v1/runs/{run_id}"
    assert span.attributes["http.response.status_code"] == status
    assert span.error == error
    assert "secret-id" not in repr(span)


async def test_a_method_of_the_caller_s_own_is_no_new_name() -> None:
    span = await watched(answering(405), method="ANNA")
    assert (span.name, span.attributes["http.request.method"]) == ("_OTHER /api/v1/runs/{run_id}", "_OTHER")


async def test_what_machines_ask_every_few_seconds_is_no_span() -> None:
    assert await watched(answering(200), path="/healthz") is None


def test_what_no_route_takes_has_none() -> None:
    assert route_of({"path": "/anna@example.org"}) == "none"
