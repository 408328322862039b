"""One question through each door, judged by what that door promises."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from openai import APIError, AsyncOpenAI

from tests.drills.conftest import listen, read_events
from tests.drills.judge import Diagnosis, check_one_voice, check_text, check_withdrawn

ASKED = "E73-B after the brake test, what do I check first?"


@dataclass(frozen=True)
class Told:
    diagnosis: Diagnosis
    withdrawn: bool = False  # the stream ended with an error object, after text


Door = Callable[[httpx.AsyncClient, str], Awaitable[Told]]


async def by_json(client: httpx.AsyncClient, analyzer: str) -> Told:
    reply = await client.post("/api/v1/debug", json={"question": ASKED, "analyzer": analyzer})
    reply.raise_for_status()
    return Told(reply.json())


async def by_events(client: httpx.AsyncClient, analyzer: str) -> Told:
    """Also checks that no statement of one attempt stands in the answer of another."""
    events = [event async for event in listen(client, {"question": ASKED, "analyzer": analyzer})]
    return Told(check_one_voice(events))


async def by_openai(client: httpx.AsyncClient, analyzer: str) -> Told:
    """By the official client. What was streamed stands in the answer, or is of one attempt and ends with an error."""
    openai = AsyncOpenAI(api_key="none", base_url=f"{client.base_url}/v1", http_client=client, max_retries=0)
    message: Any = {"role": "user", "content": ASKED}
    chunks = await openai.chat.completions.create(model=analyzer, messages=[message], stream=True)
    text, diagnosis = "", None
    try:
        async for chunk in chunks:
            text += chunk.choices[0].delta.content or ""
            diagnosis = (chunk.model_extra or {}).get("diagnosis", diagnosis)
    except APIError as error:
        assert error.code == "answer_withdrawn", error
        assert diagnosis is None
        return Told(await recorded(client, chunks.response.headers["x-run-id"], text), withdrawn=True)
    assert diagnosis is not None, "the stream ended without an answer"
    check_text(text, diagnosis)
    return Told(diagnosis)


async def recorded(client: httpx.AsyncClient, run_id: str, text: str) -> Diagnosis:
    async with client.stream("GET", f"/api/v1/runs/{run_id}/events") as response:
        events = [event async for event in read_events(response)]
    check_withdrawn(text, events)
    return check_one_voice(events)


DOORS: Mapping[str, Door] = {"JSON": by_json, "SSE": by_events, "OpenAI": by_openai}
