"""What is common to LangChain's chat models: options checked by the model's own fields, a client of one's own."""

import asyncio
from typing import Any

import pytest

pytest.importorskip("langchain_openai")

from app.analyzers.backends.chat import ChatAnalyzer
from app.analyzers.closing import closing
from app.analyzers.langchain.chunks import finish
from app.core import errors
from app.core.brief import Brief, Delta, End, Text
from app.core.question import Question
from app.core.settings.analyzers import AnalyzerSpec
from app.prompts.files import FilePrompts
from tests.analyzers.rows import OPTIONS, SERVERS, spec
from tests.llm_stub import Stub
from tests.receipts.passages import brake

BRIEF = Brief(Question("What is E73-B?"), (brake(),), prompts=FilePrompts().load())


async def told(analyzer: ChatAnalyzer) -> list[Delta]:
    async with closing(analyzer.stream(BRIEF)) as deltas:
        return [delta async for delta in deltas]


async def test_an_option_that_the_model_does_not_have_is_refused_with_those_it_has() -> None:
    row = ChatAnalyzer("c", spec("chat", "http://127.0.0.1:9", options={"colour": "blue", "top_p": 0.5}))
    with pytest.raises(errors.InvalidSettings, match=r"ChatOpenAI has no colour") as caught:
        await row.load()
    assert "frequency_penalty" in caught.value.hint


@pytest.mark.parametrize(
    "options", [{"provider": "nobody"}, {"options": {"temperature": "warm"}}, {"options": {"n": "many"}}]
)
async def test_what_langchain_refuses_names_the_row_and_keeps_values_to_itself(options: dict[str, Any]) -> None:
    row = ChatAnalyzer("c", spec("chat", "http://127.0.0.1:9", api_key="sk-secret", **options))
    with pytest.raises(errors.InvalidSettings, match="'c'") as caught:
        await row.load()
    assert "sk-secret" not in caught.value.message + caught.value.hint


async def test_a_provider_that_is_not_installed_is_a_missing_part() -> None:
    row = ChatAnalyzer("c", AnalyzerSpec.model_validate({"kind": "chat", "model": "m", "provider": "upstage"}))
    with pytest.raises(errors.MissingExtra) as caught:
        await row.load()
    assert "langchain" in caught.value.hint


def test_one_event_loop_after_another_can_use_rows_of_one_address() -> None:
    """LangChain's own client is shared by address in a process, and lives in the loop that first used it."""

    async def ask() -> bool:
        server = Stub()
        url = await server.start(port)
        row = ChatAnalyzer("c", spec("chat", url))
        await row.load()
        try:
            return any(isinstance(delta, Text) for delta in await told(row))
        finally:
            await row.unload()
            await server.stop()

    from tests.drills.conftest import free_port

    port = free_port()
    assert [asyncio.run(ask()) for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("provider", ["ollama", "google_genai"])
async def test_another_provider_answers_through_the_same_backend(provider: str) -> None:
    kind = {"ollama": "ollama", "google_genai": "gemini"}[provider]
    pytest.importorskip({"ollama": "langchain_ollama", "google_genai": "langchain_google_genai"}[provider])
    server = SERVERS[kind]()
    row = ChatAnalyzer("c", spec("chat", await server.start(), provider=provider, **OPTIONS[kind]))
    await row.load()
    deltas = await told(row)
    end = deltas[-1]
    assert isinstance(end, End) and end.tokens_in == 700 and end.finish == "stop"
    assert '"next_test"' in str(server.bodies[-1]).replace("'", '"')
    await row.unload()
    await server.stop()


async def test_the_limit_goes_out_by_both_names_to_a_server_that_is_not_openais() -> None:
    server = Stub()
    row = ChatAnalyzer("c", spec("chat", await server.start(), max_tokens=77))
    await row.load()
    await told(row)
    assert server.bodies[-1]["max_tokens"] == server.bodies[-1]["max_completion_tokens"] == 77
    await row.unload()
    await server.stop()


@pytest.mark.parametrize(
    ("told_", "meant"),
    [
        ({"finish_reason": "STOP"}, "stop"),
        ({"stop_reason": "end_turn"}, "stop"),
        ({"done_reason": "length"}, "length"),
        ({"finish_reason": "MAX_TOKENS"}, "length"),
        ({"finish_reason": "FinishReason.SAFETY"}, "safety"),
        ({"finish_reason": None}, None),
        ({}, None),
    ],
)
def test_every_providers_reason_is_spelled_alike(told_: dict[str, Any], meant: str | None) -> None:
    assert finish(told_) == meant
