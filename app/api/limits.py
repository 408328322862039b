"""A body that is too large is refused before it is in memory, whether or not it told its length."""

import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import TooLarge
from app.gate.base import problem


class BodyLimit:
    """Counts what arrives; the settings' limit for uploads holds on the documents' path, the other one elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        service = scope["app"].state.services.settings.service
        limit = service.upload_limit if scope["path"].startswith("/api/v1/documents") else service.body_limit
        if told_length(scope) > limit:
            return await refuse(send, limit)
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise TooLarge(f"The body is larger than {limit} bytes.")
            return message

        async def answer(message: Message) -> None:
            """Whatever the app made of the body that broke off, the caller is told why."""
            if seen <= limit:
                await send(message)
            elif message["type"] == "http.response.start":
                await refuse(send, limit)

        await self.app(scope, counted, answer)


def told_length(scope: Scope) -> int:
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(told) if told.isdigit() else 0


async def refuse(send: Send, limit: int) -> None:
    body = json.dumps(problem(TooLarge(f"The body is larger than {limit} bytes."))).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
