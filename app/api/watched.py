"""Each request is a span, below the caller's own where it tells one, named by its route and never by its path."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.telemetry import spans

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds, by machines

GONE = 499  # the caller left before it had an answer


class Watched:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            return await self.app(scope, receive, send)
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with spans.request(scope["method"], told(scope)) as span:
            try:
                await self.app(scope, receive, answer)
            except Exception:  # whatever it was, the span tells that it failed; it rises on
                status = status or 500
                raise
            finally:
                span.led(route_of(scope), status or GONE)


def route_of(scope: Scope) -> str:
    """As it is written in the house, `/api/v1/runs/{run_id}`: few values, and nothing that a caller has typed."""
    own: str = getattr(scope.get("route"), "path", "")
    if not own:
        return "none"
    tail = own
    for name, value in scope.get("path_params", {}).items():
        tail = tail.replace(f"{{{name}}}", str(value))
    path: str = scope["path"]
    return path.removesuffix(tail) + own if path.endswith(tail) else own  # a router's route does not tell its prefix


def told(scope: Scope) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
