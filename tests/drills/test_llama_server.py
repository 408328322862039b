"""The OpenAI backend, and LangChain's, against llama.cpp's own server with a tiny model's real weights."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

pytest.importorskip("llama_cpp")
pytest.importorskip("sse_starlette")
pytest.importorskip("starlette_context")
pytest.importorskip("transformers")
pytest.importorskip("gguf")

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.analyzers.table import BACKENDS
from app.core import errors
from app.core.brief import Begin, Delta, End, Text
from app.core.settings.analyzers import AnalyzerSpec
from tests.analyzers.realest import BRIEF, LEARNT, pairs
from tests.drills.conftest import PATIENCE, free_port
from tests.tiny_models import made

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(made(pairs()).gguf), "--model_alias", "tiny"]
    command += ["--interrupt_requests", "false", "--n_ctx", "4096", "--n_threads", "1", "--port", str(port)]
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        address = f"http://127.0.0.1:{port}/v1"
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert child.poll() is None, "the server ended by itself"
            try:
                if httpx.get(f"{address}/models").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        yield address
    finally:
        child.kill()
        child.wait()


async def row(url: str, kind: str = "openai", **options: Any) -> Analyzer:
    asked = {"model": "tiny", "base_url": url, "context": 4096, "max_tokens": 256, "timeout_s": 60, "retries": 0}
    if kind == "openai":
        asked["extra"] = {"repeat_penalty": 1.0}  # the server's own 1.1 spoils quotes
    if kind == "chat":
        asked["provider"] = "openai"
    made_ = BACKENDS[kind]("real", AnalyzerSpec.model_validate({"kind": kind, **asked, **options}))
    await made_.load()
    return made_


async def told(analyzer: Analyzer) -> list[Delta]:
    try:
        async with closing(analyzer.stream(BRIEF)) as deltas:
            return [delta async for delta in deltas]
    finally:
        await analyzer.unload()


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Text))


async def test_it_says_what_its_weights_have_learnt(url: str) -> None:
    deltas = await told(await row(url, seed=4))
    begin, end = deltas[0], deltas[-1]
    assert text(deltas) == LEARNT and len(deltas) > 10
    assert isinstance(begin, Begin) and begin.seed == 4 and isinstance(end, End) and end.finish == "stop"


@pytest.mark.parametrize("kind", ["openai", "chat"])
async def test_the_limit_of_tokens_is_heeded_by_whichever_client_asks(url: str, kind: str) -> None:
    options: dict[str, Any] = {"structured": False} if kind == "chat" else {"structured": "none"}
    deltas = await told(await row(url, kind, max_tokens=7, **options))
    end = deltas[-1]
    assert isinstance(end, End) and end.finish == "length" and 0 < len(text(deltas)) < len(LEARNT) // 2


async def test_a_model_that_it_does_not_serve_is_told_with_those_it_does(url: str) -> None:
    with pytest.raises(errors.AnalyzerRefused) as caught:
        await row(url, model="huge")
    assert "tiny" in caught.value.hint


async def test_one_that_is_left_in_the_middle_is_free_for_the_next(url: str) -> None:
    analyzer = await row(url, structured="none")
    async with closing(analyzer.stream(BRIEF)) as deltas:
        while not isinstance(await anext(deltas), Text):
            pass
    async with asyncio.timeout(30):
        assert text(await told(analyzer)) == LEARNT


async def test_a_prompt_longer_than_its_window_is_no_answer(url: str) -> None:
    """The server begins its stream, says nothing and ends it: only a row that knows the context can say why."""
    analyzer = await row(url, context=0, structured="none", max_tokens=4096)
    long = [brake for _ in range(60) for brake in BRIEF.evidence]
    try:
        with pytest.raises(errors.AnalyzerError):
            async with closing(analyzer.stream(replace(BRIEF, evidence=tuple(long)))) as deltas:
                _ = [delta async for delta in deltas]
    finally:
        await analyzer.unload()
