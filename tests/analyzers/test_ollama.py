"""What is Ollama's own; its server here is checked with the official client and with LangChain's."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

pytest.importorskip("ollama")

from app.analyzers.backends.ollama import OllamaAnalyzer
from app.analyzers.closing import closing
from app.analyzers.ollama.server import Progress, installed, pull, same
from app.core import errors
from app.core.brief import Brief, Delta, End
from app.core.question import Question
from app.prompts.files import FilePrompts
from tests.analyzers.rows import spec
from tests.llm_stub import Behaviour
from tests.ollama_stub import OllamaStub, digest
from tests.receipts.passages import brake

BRIEF = Brief(Question("What is E73-B?"), (brake(),), ("E73-B",), prompts=FilePrompts().load())


@pytest.fixture
async def server() -> AsyncIterator[OllamaStub]:
    made = OllamaStub()
    made.url = await made.start()  # type: ignore[attr-defined]
    yield made
    await made.stop()


def row(server: OllamaStub, **options: Any) -> OllamaAnalyzer:
    return OllamaAnalyzer("llama", spec("ollama", server.url, **options))  # type: ignore[attr-defined]


async def told(analyzer: OllamaAnalyzer) -> list[Delta]:
    async with closing(analyzer.stream(BRIEF)) as deltas:
        return [delta async for delta in deltas]


async def test_its_weights_are_known_by_their_digest(server: OllamaStub) -> None:
    analyzer = row(server)
    await analyzer.load()
    assert analyzer.identity.digest == digest("tiny:latest")
    await analyzer.unload()
    assert analyzer.identity.digest != digest("tiny:latest")


async def test_the_context_is_set_when_loading_and_with_every_question(server: OllamaStub) -> None:
    analyzer = row(server, context=5000, keep_alive="9m", extra={"num_gpu": 0})
    await analyzer.load()
    assert server.running == {"tiny:latest": 5000}
    await told(analyzer)
    sent = server.bodies[-1]
    assert sent["options"]["num_ctx"] == 5000 and sent["options"]["num_gpu"] == 0 and sent["keep_alive"] == "9m"
    await analyzer.unload()
    assert server.freed == ["tiny:latest"] and not server.running


@pytest.mark.parametrize(("reads", "gives"), [(2048, 10**6), (8192, 4096)])
async def test_a_context_that_is_not_given_is_refused_with_numbers(server: OllamaStub, reads: int, gives: int) -> None:
    server.installed["tiny:latest"], server.gives = reads, gives
    analyzer = row(server, context=8192)
    with pytest.raises(errors.AnalyzerRefused, match=rf"8192 tokens, and .* {min(reads, gives)}\."):
        await analyzer.load()
    await analyzer.unload()


async def test_a_model_that_is_not_there_is_refused_with_a_hint_or_pulled_with_progress(
    server: OllamaStub, caplog: pytest.LogCaptureFixture
) -> None:
    analyzer = row(server, model="other")
    with pytest.raises(errors.AnalyzerRefused) as caught:
        await analyzer.load()
    assert "ollama pull other" in caught.value.hint
    await analyzer.unload()
    pulling = row(server, model="other", pull=True)
    with caplog.at_level(logging.INFO):
        await pulling.load()
    assert server.pulled == ["other:latest"] and "250/1000" in caplog.text
    assert isinstance((await told(pulling))[-1], End)
    await pulling.unload()


async def test_a_server_that_comes_later_is_verified_when_it_is_first_asked(server: OllamaStub) -> None:
    analyzer = OllamaAnalyzer("llama", spec("ollama", "http://127.0.0.1:9"))
    await analyzer.load()
    late = row(server)
    analyzer._client = (await _loaded(late))._client
    server.running.clear()
    assert isinstance((await told(analyzer))[-1], End) and server.running
    await late.unload()


async def _loaded(analyzer: OllamaAnalyzer) -> OllamaAnalyzer:
    await analyzer.load()
    return analyzer


async def test_an_answer_that_met_its_limit_says_so(server: OllamaStub) -> None:
    analyzer = await _loaded(row(server, max_tokens=5))
    end = (await told(analyzer))[-1]
    assert isinstance(end, End) and end.finish == "length"
    await analyzer.unload()


async def test_an_error_within_the_stream_is_unavailable(server: OllamaStub) -> None:
    analyzer = await _loaded(row(server))
    server.behaviour = Behaviour("error", at=3)
    with pytest.raises(errors.AnalyzerUnavailable):
        await told(analyzer)
    await analyzer.unload()


def test_a_name_without_a_tag_is_the_latest() -> None:
    assert same("tiny", "tiny:latest") and same("host:5000/lib/tiny", "host:5000/lib/tiny:latest")
    assert not same("tiny:7b", "tiny")


async def test_the_official_client_and_langchains_understand_this_server(server: OllamaStub) -> None:
    from ollama import AsyncClient

    client = AsyncClient(host=server.url)  # type: ignore[attr-defined]
    assert [(model.name, model.digest) for model in await installed(client)] == [("tiny:latest", digest("tiny:latest"))]
    assert (await client.show("tiny")).modelinfo["llama.context_length"] == 16384  # type: ignore[index]
    steps = [step async for step in pull(client, "new")]
    assert steps[0] == Progress("pulling manifest") and steps[-1].status == "success"
    assert Progress(steps[1].status, 250, 1000) in steps
    server.behaviour = Behaviour(text="It is the hose.")
    reply = await client.chat("tiny", [{"role": "user", "content": "?"}])
    assert (reply.message.content, reply.done_reason, reply.eval_count) == ("It is the hose.", "stop", 110)
    assert (await client.ps()).models[0].context_length == 4096
    await client.close()

    chat = pytest.importorskip("langchain_ollama").ChatOllama(model="tiny", base_url=server.url)  # type: ignore[attr-defined]
    chunks = [chunk async for chunk in chat.astream("?")]
    assert "".join(str(chunk.text) for chunk in chunks) == "It is the hose."
    assert chunks[-1].response_metadata.get("done_reason") == "stop" or chunks[-2].response_metadata["done_reason"]
