"""The Gemini backend against somebody else's server of that wire: a LiteLLM proxy, whose command is named outside.

`RAIL_DEBUG_TEST_LITELLM=/path/to/litellm pytest -m slow tests/drills/test_gemini_proxy.py`
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("langchain_google_genai")

from app.analyzers.backends.gemini import GeminiAnalyzer
from app.analyzers.closing import closing
from app.core import errors
from app.core.brief import Brief, Delta, End, Text
from app.core.question import Question
from app.core.settings.analyzers import AnalyzerSpec
from app.prompts.files import FilePrompts
from tests.bench.failover import KEY, litellm
from tests.drills.conftest import Model
from tests.receipts.passages import brake

COMMAND = os.environ.get("RAIL_DEBUG_TEST_LITELLM")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not COMMAND, reason="RAIL_DEBUG_TEST_LITELLM names no proxy")]
BRIEF = Brief(Question("What is E73-B?"), (brake(),), ("E73-B",), prompts=FilePrompts().load())


@pytest.fixture(scope="module")
def proxy(model: Model) -> Iterator[str]:
    with litellm(Path(str(COMMAND)), model) as url:
        yield url.removesuffix("/v1")


async def told(url: str, model: str, key: str = KEY) -> list[Delta]:
    row = {"kind": "gemini", "model": model, "base_url": url, "api_key": key, "structured": "none", "timeout_s": 90}
    analyzer = GeminiAnalyzer("google", AnalyzerSpec.model_validate(row))
    await analyzer.load()
    try:
        async with closing(analyzer.stream(BRIEF)) as deltas:
            return [delta async for delta in deltas]
    finally:
        await analyzer.unload()


async def test_its_stream_is_understood_to_the_end(proxy: str, model: Model) -> None:
    await model.plays()
    deltas = await told(proxy, "live")
    said = "".join(delta.text for delta in deltas if isinstance(delta, Text))
    assert json.loads(said)["statements"][0]["quote"] in brake().text
    end = deltas[-1]
    assert isinstance(end, End) and end.finish == "stop"


async def test_its_errors_are_errors_of_the_house(proxy: str, model: Model) -> None:
    with pytest.raises(errors.AnalyzerError):
        await told(proxy, "nobody")
    with pytest.raises(errors.AnalyzerError):
        await told(proxy, "live", key="sk-wrong")
