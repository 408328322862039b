"""A server that speaks the Gemini API's wire as Google's REST reference has it, with faults on demand."""

import asyncio
import json
from typing import Any

from aiohttp import web

from tests.llm_stub import Behaviour, Stub, answer, tokens

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
KEY = "AIza-test"
MODEL = "gemini-tiny"


class GeminiStub(Stub):
    path = ""

    def routes(self, app: web.Application) -> None:
        for version in ("v1beta", "v1"):
            app.router.add_post(f"/{version}/models/{{model}}:{{method}}", self._answer)

    async def _play(self, request: web.Request, body: dict[str, Any], how: Behaviour) -> web.StreamResponse:
        await asyncio.sleep(how.delay_s)
        if wrong := self._wrong(request, body):
            return wrong
        prompt = "\n".join(part.get("text", "") for turn in body["contents"] for part in turn["parts"])
        if request.match_info["method"] == "countTokens":
            return web.json_response({"totalTokens": len(prompt) // 4 + 1})
        if how.kind == "status":
            return failed(how.status, how.error["message"], how.error.get("details"), how.headers)
        text = how.text if how.text is not None else answer(prompt)
        if request.match_info["method"] == "generateContent":
            return web.json_response(candidate(text, "STOP", len(tokens(text))))
        return await self._stream(request, text, how)

    def _wrong(self, request: web.Request, body: dict[str, Any]) -> web.Response | None:
        key = request.headers.get("x-goog-api-key") or request.query.get("key")
        if key != KEY:
            return failed(400, "API key not valid. Please pass a valid API key.")
        if (model := request.match_info["model"]) != MODEL:
            return failed(404, f"models/{model} is not found for API version v1beta")
        if not body.get("contents"):
            return failed(400, "* GenerateContentRequest.contents: contents is not specified")
        form = body.get("generationConfig", {})
        if "responseJsonSchema" in form and form.get("responseMimeType") != "application/json":
            return failed(400, "responseJsonSchema requires responseMimeType application/json")
        return None

    async def _stream(self, request: web.Request, text: str, how: Behaviour) -> web.StreamResponse:
        if request.query.get("alt") != "sse":
            return failed(400, "this server streams with alt=sse only")
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        pieces = tokens(text, 12)
        for number, token in enumerate(pieces):
            if how.kind not in ("stream", "plain") and number == how.at:
                return await self._fault(request, response, how)
            await response.write(event(candidate(token, None, number + 1)))
            await asyncio.sleep(how.gap_s)
        if how.kind not in ("stream", "plain"):
            return await self._fault(request, response, how)
        if how.finish:
            reason = "STOP" if how.finish == "stop" else how.finish
            await response.write(event(candidate("", reason, len(pieces))))
        await response.write_eof()
        return response

    async def _fault(self, request: web.Request, response: web.StreamResponse, how: Behaviour) -> web.StreamResponse:
        if how.kind == "abort" and request.transport:
            request.transport.abort()
            return response
        if how.kind == "stall":
            await asyncio.sleep(3600)
        elif how.kind == "malformed":
            await response.write(b"data: {nonsense\r\n\r\n")
        elif how.kind == "filtered":
            await response.write(event(candidate("", "SAFETY", how.at)))
        elif how.kind == "refused":
            await response.write(event(blocked()))
        elif how.kind == "error":
            code = int(how.error.get("code", 500))
            said = {"code": code, "message": how.error["message"], "status": STATUS[code]}
            await response.write(event({"error": said}))
        await response.write_eof()
        return response


def candidate(text: str, finish: str | None, said: int) -> dict[str, Any]:
    told: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if finish:
        told["finishReason"] = finish
    usage = {"promptTokenCount": 700, "candidatesTokenCount": said, "totalTokenCount": 700 + said}
    return {"candidates": [told], "usageMetadata": usage, "modelVersion": MODEL, "responseId": "r1"}


def blocked() -> dict[str, Any]:
    rating = {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}
    usage = {"promptTokenCount": 700, "totalTokenCount": 700}
    feedback = {"blockReason": "SAFETY", "safetyRatings": [rating]}
    return {"promptFeedback": feedback, "usageMetadata": usage, "modelVersion": MODEL}


def retry_info(seconds: float) -> list[dict[str, Any]]:
    return [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"}]


def failed(
    status: int, message: str, details: list[dict[str, Any]] | None = None, headers: dict[str, str] | None = None
) -> web.Response:
    said: dict[str, Any] = {"code": status, "message": message, "status": STATUS.get(status, "UNKNOWN")}
    if details:
        said["details"] = details
    return web.json_response({"error": said}, status=status, headers=headers)


def event(told: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(told, ensure_ascii=False).encode() + b"\r\n\r\n"
