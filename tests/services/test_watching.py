"""A changed `.env` or `rail-debug.yaml` takes effect while the service answers; a wrong one changes nothing."""

import asyncio
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.principal import LOCAL
from app.core.settings import Settings, load
from app.services.build import build
from app.services.hall import Services
from tests.retrieval.fakes import HashEmbedder

ROW = """\
analyzers:
  small:
    kind: openai
    model: tiny
    base_url: http://127.0.0.1:9/v1
"""


async def within(seconds: float, true: Callable[[], bool]) -> float:
    begun = time.monotonic()
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)
    return time.monotonic() - begun


def report(services: Services) -> str:
    return services.analyzers.table_error


async def test_rows_come_and_a_wrong_file_is_told_with_its_line(settings: Settings, tmp_path: Path) -> None:
    async with build(settings, embedder=HashEmbedder(), serve=True) as services:
        manager = services.analyzers
        await asyncio.sleep(0.3)  # until the folder is watched
        (tmp_path / "rail-debug.yaml").write_text(ROW)
        await within(10, lambda: "small" in manager.seats)
        (tmp_path / "rail-debug.yaml").write_text(ROW + "    colour: blue\n")
        await within(10, lambda: bool(report(services)))
        assert "analyzers.small.colour" in report(services) and "(rail-debug.yaml, line 6)" in report(services)
        assert set(manager.seats) == {"evidence", "small"}
        readiness = await services.readiness()
        assert readiness.ready and readiness.parts["analyzers"].state == "degraded"
        (tmp_path / "rail-debug.yaml").write_text("analyzers: [\n")
        await within(10, lambda: "rail-debug.yaml" in report(services))
        (tmp_path / "rail-debug.yaml").write_text(ROW)
        await within(10, lambda: not report(services))


async def test_copying_another_env_in_mid_stream_switches(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "rail-debug.yaml").write_text("analyzers:\n  quoting: {kind: evidence}\n")
    (tmp_path / ".env.quoting").write_text("LLM_MODEL_VERSION=quoting\n")
    (tmp_path / ".env.evidence").write_text("LLM_MODEL_VERSION=evidence\n")
    (tmp_path / ".env.wrong").write_text("LLM_MODEL_VERSION=nobody\n")
    own = load(home=settings.home)
    async with build(own, embedder=HashEmbedder(), serve=True) as services:
        manager = services.analyzers
        await asyncio.sleep(0.3)
        for name in ("quoting", "evidence", "quoting"):
            shutil.copy(tmp_path / f".env.{name}", tmp_path / ".env")
            await within(10, lambda name=name: manager.active == name)  # type: ignore[misc]
        shutil.copy(tmp_path / ".env.wrong", tmp_path / ".env")
        await within(10, lambda: bool(report(services)))
        assert "'nobody' (.env, line 1)" in report(services) and manager.active == "quoting"
        lines = await services.audit.list(LOCAL)
        assert [line.details["to"] for line in lines] == ["quoting", "evidence", "quoting"]
        assert {line.details["reason"] for line in lines} == {"the settings say so"}


@pytest.mark.slow
async def test_a_right_change_takes_effect_within_two_seconds(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "rail-debug.yaml").write_text("analyzers:\n  quoting: {kind: evidence}\n")
    async with build(load(home=settings.home), embedder=HashEmbedder(), serve=True) as services:
        await asyncio.sleep(0.5)
        took = []
        for number in range(10):
            name = ("quoting", "evidence")[number % 2]
            (tmp_path / ".env").write_text(f"LLM_MODEL_VERSION={name}\n")
            took.append(await within(5, lambda name=name: services.analyzers.active == name))  # type: ignore[misc]
        print(f"\na change took effect after {min(took):.2f} to {max(took):.2f} s")
        assert statistics.median(took) < 2.0


def test_a_place_is_the_variable_the_file_or_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.core.settings.lines import place

    (tmp_path / "rail-debug.yaml").write_text("kb: main\n\n# rows\n" + ROW + "routes:\n  - to: small\n  - to: gone\n")
    assert place(("analyzers", "small", "model")) == " (rail-debug.yaml, line 7)"
    assert place(("analyzers", "small", "missing")) == " (rail-debug.yaml, line 5)"
    assert place(("routes", 1, "to")) == " (rail-debug.yaml, line 11)"
    assert place(("service", "port")) == ""
    (tmp_path / ".env").write_text("A=1\nexport RAIL_DEBUG_ANALYZERS__SMALL__MODEL=x\nLLM_MODEL_VERSION=small\n")
    assert place(("analyzers", "small", "model")) == " (.env, line 2)"
    assert place(("analyzer",)) == " (.env, line 3)"
    monkeypatch.setenv("RAIL_DEBUG_ANALYZERS", "{}")
    assert place(("analyzers", "small", "kind")) == " (environment variable RAIL_DEBUG_ANALYZERS)"
