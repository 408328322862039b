"""What is Gemini's own: blocked prompts and answers, its way to ask for time, its key."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("langchain_google_genai")

from app.analyzers.backends.gemini import GeminiAnalyzer
from app.analyzers.closing import closing
from app.core import errors
from app.core.brief import Brief, Delta, Text
from app.core.question import Question
from app.core.settings.analyzers import AnalyzerSpec
from app.prompts.files import FilePrompts
from tests.analyzers.rows import spec
from tests.gemini_stub import KEY, MODEL, GeminiStub, retry_info
from tests.llm_stub import Behaviour
from tests.receipts.passages import brake

PROMPTS = FilePrompts().load()


@pytest.fixture
async def server() -> AsyncIterator[GeminiStub]:
    made = GeminiStub()
    made.url = await made.start()  # type: ignore[attr-defined]
    yield made
    await made.stop()


async def told(server: GeminiStub, **options: Any) -> list[Delta]:
    analyzer = GeminiAnalyzer("google", spec("gemini", server.url, **options))  # type: ignore[attr-defined]
    await analyzer.load()
    asked = Brief(Question("What is E73-B?"), (brake(),), prompts=PROMPTS, deadline=time.monotonic() + 10)
    try:
        async with closing(analyzer.stream(asked)) as deltas:
            return [delta async for delta in deltas]
    finally:
        await analyzer.unload()


@pytest.mark.parametrize(
    "how",
    [
        Behaviour("refused"),
        Behaviour("filtered", at=0),
        Behaviour("filtered", at=4),
        Behaviour(finish="PROHIBITED_CONTENT"),
        Behaviour(finish="RECITATION"),
    ],
)
async def test_a_block_for_safety_is_content_policy(server: GeminiStub, how: Behaviour) -> None:
    server.behaviour = how
    with pytest.raises(errors.AnalyzerContentPolicy):
        await told(server)


async def test_an_answer_that_it_gave_up_is_bad_output(server: GeminiStub) -> None:
    server.behaviour = Behaviour(finish="OTHER")
    with pytest.raises(errors.AnalyzerBadOutput):
        await told(server)


async def test_it_is_waited_for_as_long_as_its_retry_info_asks(server: GeminiStub) -> None:
    server.next.append(Behaviour("status", status=429, error={"message": "quota", "details": retry_info(0.3)}))
    began = time.monotonic()
    assert any(isinstance(delta, Text) for delta in await told(server, retries=1))
    assert time.monotonic() - began >= 0.3
    server.next.append(Behaviour("status", status=429, error={"message": "quota", "details": retry_info(37)}))
    with pytest.raises(errors.AnalyzerRateLimited) as caught:
        await told(server, retries=1)
    assert caught.value.after == 37


async def test_a_wrong_key_is_refused_and_told_so(server: GeminiStub) -> None:
    with pytest.raises(errors.AnalyzerRefused) as caught:
        await told(server, api_key="wrong")
    assert "key" in caught.value.hint


async def test_without_a_key_it_does_not_load(server: GeminiStub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    bare = GeminiAnalyzer("google", AnalyzerSpec.model_validate({"kind": "gemini", "model": MODEL}))
    with pytest.raises(errors.InvalidSettings) as caught:
        await bare.load()
    assert "GOOGLE_API_KEY" in caught.value.hint


async def test_it_is_held_to_the_schema_as_the_row_says(server: GeminiStub) -> None:
    await told(server, thinking_budget=0, safety={"HARM_CATEGORY_DANGEROUS_CONTENT": "BLOCK_NONE"})
    sent = server.bodies[-1]
    assert sent["generationConfig"]["responseJsonSchema"]["required"] == ["statements"]
    assert "0" in str(sent["generationConfig"]["thinkingConfig"])
    assert sent["safetySettings"] == [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "threshold": "BLOCK_NONE"}]
    await told(server, structured="json_object")
    assert "responseJsonSchema" not in server.bodies[-1]["generationConfig"]
    await told(server, structured="none")
    assert "responseMimeType" not in server.bodies[-1]["generationConfig"]


async def test_googles_own_client_understands_this_server(server: GeminiStub) -> None:
    from google.genai import Client
    from google.genai.types import HttpOptions

    server.behaviour = Behaviour(text="It is the hose.")
    client = Client(api_key=KEY, http_options=HttpOptions(base_url=server.url))  # type: ignore[attr-defined]
    whole = await client.aio.models.generate_content(model=MODEL, contents="?")
    assert (whole.text, whole.candidates[0].finish_reason.name) == ("It is the hose.", "STOP")  # type: ignore[index,union-attr]
    stream = await client.aio.models.generate_content_stream(model=MODEL, contents="?")
    assert "".join([piece.text or "" async for piece in stream]) == "It is the hose."
    assert (await client.aio.models.count_tokens(model=MODEL, contents="four words are here")).total_tokens == 5
    await client.aio.aclose()
