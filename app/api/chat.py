"""A run in OpenAI's shapes: one completion, or chunks that end with the answer or with an error object."""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from fastapi.sse import EventSourceResponse, format_sse_event

from app.api.chat_request import ChatRequest
from app.api.markdown import Page, markdown, spoken
from app.api.openai_error import error_object
from app.api.sse import HEADERS, HEARTBEAT_S, frames
from app.core.diagnosis import Diagnosis, FaultCode, Usage
from app.core.errors import AnswerWithdrawn, RailDebugError
from app.core.events import Event
from app.core.principal import Principal
from app.core.wire import to_json
from app.gate.base import problem
from app.services.hall import Services

RUN_ID = "x-run-id"
MOST = {"Summary": 3, "Next test": 1}  # lines that the whole answer takes of them
STANDING = frozenset({"answered", "awaiting_approval"})  # verdicts that take back nothing of what was said


def completion(body: ChatRequest, diagnosis: Diagnosis) -> dict[str, Any]:
    message = {"role": "assistant", "content": markdown(diagnosis), "refusal": None, "diagnosis": diagnosis}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    head = frame_of(body, diagnosis.run_id, "chat.completion")
    return {**head, "choices": [choice], "usage": usage(diagnosis.usage)}


def frame_of(body: ChatRequest, run_id: str, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{run_id}", "object": kind, "created": int(time.time()), "model": body.model}


def usage(used: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": used.tokens_in,
        "completion_tokens": used.tokens_out,
        "total_tokens": used.tokens_in + used.tokens_out,
    }


def stream(hall: Services, body: ChatRequest, run_id: str, caller: Principal) -> EventSourceResponse:
    frames_of = frames(chunks(hall, body, run_id, caller), HEARTBEAT_S, spelled)
    return EventSourceResponse(frames_of, headers={**HEADERS, RUN_ID: run_id})


def spelled(chunk: dict[str, Any]) -> bytes:
    return format_sse_event(data_str=to_json(chunk).decode() if chunk else "[DONE]")


async def chunks(hall: Services, body: ChatRequest, run_id: str, caller: Principal) -> AsyncIterator[dict[str, Any]]:
    """Whoever leaves cannot come back to this stream, so that ends the run; an empty chunk ends the stream."""
    teller = Teller(frame_of(body, run_id, "chat.completion.chunk"), body.with_usage)
    try:
        async with aclosing(hall.agent.events(run_id, caller)) as events:  # type: ignore[type-var]  # a generator
            async for event in events:
                for chunk in teller.tell(event):
                    yield chunk
                if teller.ended:
                    return
    finally:
        if not teller.ended:  # by then the run has ended too, or a better answer is under way, for the record
            await hall.agent.cancel(run_id, caller)


@dataclass(slots=True)
class Teller:
    """One voice: once a line is out, only the answer that holds it may follow, or an error object."""

    head: dict[str, Any]
    with_usage: bool
    page: Page = field(default_factory=Page)
    codes: dict[str, FaultCode] = field(default_factory=dict)  # known, and not yet spoken of
    ended: bool = False

    def tell(self, event: Event) -> list[dict[str, Any]]:
        data: Any = event.data
        match event.type:
            case "retrieved":
                self.codes = {code.code: code for code in data["fault_codes"] if code.known}
                return [{**self.chunk({"role": "assistant", "content": ""}), "passages": data["passages"]}]
            case "statement":
                return self.statement(data)
            case "restarted" if self.page.lines:
                return self.withdraw(event.run_id, data["reason"])
            case "answered":
                return self.answer(data["diagnosis"])
            case "failed":
                failed = problem(RailDebugError(f"The run failed: {data['error']}."))
                return self.end(error_object({**failed, "code": data["error"]}))
        return []

    def statement(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        line = spoken(data, self.codes)
        if line is None or (line[0] in MOST and self.page.count(line[0]) == MOST[line[0]]):
            return []
        self.codes.pop(data["code"], None)
        return [self.chunk({"content": self.page.write(line)})]

    def answer(self, diagnosis: Diagnosis) -> list[dict[str, Any]]:
        if self.page.lines and diagnosis.verdict not in STANDING:
            return self.withdraw(diagnosis.run_id, diagnosis.verdict)
        told = [self.chunk({"content": self.page.write(line)}) for line in self.page.rest(diagnosis)]
        last = [{**self.chunk({}, "stop"), "diagnosis": diagnosis}]
        used = [{**self.head, "choices": [], "usage": usage(diagnosis.usage)}] if self.with_usage else []
        return [*told, *last, *used, *self.end({})]

    def withdraw(self, run_id: str, reason: str) -> list[dict[str, Any]]:
        error = AnswerWithdrawn(
            f"What was said in this stream does not hold ({reason}); another answer takes its place.",
            hint=f"Follow nothing of it. Ask again, or read the whole answer at /api/v1/runs/{run_id}.",
        )
        return self.end(error_object(problem(error)))

    def end(self, last: dict[str, Any]) -> list[dict[str, Any]]:
        self.ended = True
        return [last]

    def chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self.head, "choices": [choice], **({"usage": None} if self.with_usage else {})}
