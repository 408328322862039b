"""A body that is too large is refused before it is in memory, whether or not it told its length."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import respond
from app.core.errors import TooLarge


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
            return await refuse(scope, send, limit)
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
                await refuse(scope, send, limit)

        await self.app(scope, counted, answer)


def told_length(scope: Scope) -> int:
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(told) if told.isdigit() else 0


async def refuse(scope: Scope, send: Send, limit: int) -> None:
    answer = respond(Request(scope), TooLarge(f"The body is larger than {limit} bytes."))
    await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": answer.body})
