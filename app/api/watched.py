"""Each request is a span, below the caller's own where it tells one, named by its route and never by its path."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.telemetry import spans

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds, by machines


class Watched:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            return await self.app(scope, receive, send)
        status = 500  # of a request that ends before it was answered

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with spans.request(scope["method"], told(scope)) as span:
            try:
                await self.app(scope, receive, answer)
            finally:
                span.led(getattr(scope.get("route"), "path", "none"), status)


def told(scope: Scope) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
