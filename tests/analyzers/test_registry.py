import subprocess
import sys

import pytest

from app.analyzers.registry import Registry
from app.core import errors
from app.core.brief import Begin, Brief, Delta, End, Text
from app.core.question import Question
from app.core.settings.analyzers import EVIDENCE, AnalyzerSpec
from app.prompts.files import FilePrompts
from tests.receipts.passages import brake

BRIEF = Brief(Question("E73-B?"), (brake(),), ("E73-B",), prompts=FilePrompts().load())
DEAD = AnalyzerSpec.model_validate({"kind": "openai", "model": "m", "base_url": "http://127.0.0.1:9", "retries": 0})


async def told(registry: Registry, name: str | None) -> list[Delta]:
    return [delta async for delta in registry.pick(name).stream(BRIEF)]


async def test_a_dead_server_is_answered_for_by_evidence_with_the_reason() -> None:
    registry = Registry({"gpt": DEAD}, "gpt")
    await registry.load()
    deltas = await told(registry, None)
    begin = deltas[0]
    assert isinstance(begin, Begin) and begin.identity.name == "evidence"
    assert begin.reason == "gpt: analyzer_unreachable"
    assert any(isinstance(delta, Text) for delta in deltas) and isinstance(deltas[-1], End)
    await registry.unload()


async def test_an_analyzer_that_was_never_loaded_is_answered_for_too() -> None:
    begin = (await told(Registry({"gpt": DEAD}, "gpt"), "gpt"))[0]
    assert isinstance(begin, Begin) and begin.reason == "gpt: analyzer_unreachable"


async def test_states_tell_what_is_ready_and_why_another_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry({"gpt": DEAD, "evidence": EVIDENCE}, "evidence")
    assert registry.states() == {"evidence": "not loaded", "gpt": "not loaded"}

    async def broken() -> None:
        raise errors.AnalyzerUnavailable("the weights are gone")

    registry._backends["gpt"].load = broken  # type: ignore[method-assign]
    await registry.load()
    assert registry.states() == {"evidence": "ready", "gpt": "analyzer_unavailable: the weights are gone"}
    await registry.unload()
    assert set(registry.states().values()) == {"not loaded"}


def test_an_analyzer_that_is_not_configured_is_refused_with_the_names_there_are() -> None:
    registry = Registry({"gpt": DEAD}, "evidence")
    with pytest.raises(errors.UnknownAnalyzer) as caught:
        registry.pick("claude")
    assert "evidence, gpt" in caught.value.hint
    with pytest.raises(errors.UnknownAnalyzer):
        Registry({}, "gpt")


def test_a_wrong_row_is_refused_by_name() -> None:
    with pytest.raises(errors.InvalidSettings, match=r"analyzers\.x\.kind: 'gguf'"):
        Registry({"x": AnalyzerSpec(kind="gguf")}, "evidence")
    with pytest.raises(errors.InvalidSettings, match=r"analyzers\.evidence\.kind"):
        Registry({"evidence": DEAD}, "evidence")
    with pytest.raises(errors.InvalidSettings, match=r"analyzers\.x\.base_url"):
        Registry(
            {"x": AnalyzerSpec.model_validate({"kind": "openai", "model": "m", "base_url": "ftp://x"})}, "evidence"
        )


def test_building_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; from app.analyzers.registry import Registry; from app.prompts.files import FilePrompts;"
        "from app.core.settings.analyzers import AnalyzerSpec;"
        "Registry({'g': AnalyzerSpec.model_validate({'kind': 'openai', 'model': 'm'})}, 'g').pick(None);"
        "print(sorted({'openai', 'httpx', 'aiohttp', 'jinja2', 'yaml', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
