"""What a vLLM has beyond OpenAI's protocol: adapters by model name, and two generations of guided JSON."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.analyzers.backends.openai import OpenAIAnalyzer
from app.analyzers.closing import closing
from app.core import errors
from app.core.brief import Begin, Brief, Delta, Text
from app.core.question import Question
from app.prompts.files import FilePrompts
from tests.analyzers.rows import spec
from tests.llm_stub import Behaviour, Stub
from tests.receipts.passages import brake

BRIEF = Brief(Question("What is E73-B?"), (brake(),), prompts=FilePrompts().load())


@pytest.fixture
async def server() -> AsyncIterator[Stub]:
    made = Stub()
    made.url = await made.start()  # type: ignore[attr-defined]
    made.models = ["base", "brakes", "doors"]
    yield made
    await made.stop()


async def told(server: Stub, **options: Any) -> list[Delta]:
    analyzer = OpenAIAnalyzer("v", spec("openai", server.url, **options))  # type: ignore[attr-defined]
    await analyzer.load()
    try:
        async with closing(analyzer.stream(BRIEF)) as deltas:
            return [delta async for delta in deltas]
    finally:
        await analyzer.unload()


async def test_an_adapter_is_asked_for_by_its_name(server: Stub) -> None:
    begin = (await told(server, model="base", adapter="doors", seed=7))[0]
    assert isinstance(begin, Begin) and begin.identity.version == "doors" and begin.seed == 7
    assert server.bodies[-1]["model"] == "doors" and server.bodies[-1]["seed"] == 7


@pytest.mark.parametrize(
    ("options", "said"), [({"model": "base", "adapter": "bogies"}, "bogies"), ({"model": "bare"}, "bare")]
)
async def test_a_name_that_is_not_served_is_refused_with_those_that_are(
    server: Stub, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(errors.AnalyzerRefused, match=said) as caught:
        await told(server, **options)
    assert "base, brakes, doors" in caught.value.hint


async def test_a_server_that_lists_nothing_is_taken_at_the_rows_word(server: Stub) -> None:
    server.models = []
    assert any(isinstance(delta, Text) for delta in await told(server, model="anything"))


@pytest.mark.parametrize(
    ("version", "field"),
    [("0.10.2", "guided_json"), ("0.11.0", "structured_outputs"), ("0.14.1.dev3+g1", "structured_outputs")],
)
async def test_it_is_held_to_the_schema_in_the_way_of_its_version(server: Stub, version: str, field: str) -> None:
    server.version = version
    await told(server, model="base")
    sent = server.bodies[-1]
    assert "statements" in str(sent[field]) and "response_format" not in sent


@pytest.mark.parametrize("version", ["", "nightly"])
async def test_a_server_of_unknown_kind_is_asked_in_openais_way(server: Stub, version: str) -> None:
    server.version = version
    await told(server, model="base")
    assert server.bodies[-1]["response_format"]["type"] == "json_schema"


async def test_a_row_may_fix_the_way(server: Stub) -> None:
    server.version = "0.14.0"
    await told(server, model="base", structured="guided_json")
    assert "guided_json" in server.bodies[-1]


async def test_a_vllm_that_refuses_its_own_field_is_asked_in_openais_way(server: Stub) -> None:
    server.version = "0.14.0"
    server.next.append(Behaviour("status", status=400))
    assert any(isinstance(delta, Text) for delta in await told(server, model="base"))
    assert ["structured_outputs" in body for body in server.bodies] == [True, False]
