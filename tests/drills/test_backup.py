"""The drill: back up a home under load, restore it elsewhere, ask the same questions, get the same answers."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.diagnosis import Diagnosis, Usage
from app.core.principal import LOCAL
from app.core.question import Question
from app.core.settings import Settings
from app.services.build import build
from app.services.hall import Services
from tests.retrieval.fakes import HashEmbedder

pytestmark = pytest.mark.slow

ASKED = (
    "What does E73-B mean and what do I check first?",
    "PNT-2501: which limit has the accumulator?",
    "the brake pipe loses pressure after coupling",
    "What does ZZ-999 mean?",
)
ROOT = Path(__file__).parents[2]


def said(diagnosis: Diagnosis) -> Diagnosis:
    """Without what belongs to one run alone; scores of passages move when other documents come in."""
    passages = tuple(replace(passage, score=0.0, why={}) for passage in diagnosis.passages)
    return replace(diagnosis, run_id="", trace_id="", usage=Usage(), passages=passages)


async def answers(services: Services) -> list[Diagnosis]:
    return [said(await services.agent.ask(Question(text), LOCAL)) for text in ASKED]


def shell(*words: str) -> None:
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-m", "app.cli.main", *words]
    subprocess.run(command, cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet, check=True, timeout=120)


async def test_a_home_backed_up_under_load_answers_elsewhere_as_it_did(settings: Settings, tmp_path: Path) -> None:
    saved, other = tmp_path / "saved.tgz", tmp_path / "other"
    going = True
    taken = asked = 0

    async def ingest(services: Services) -> None:
        nonlocal taken
        while going:
            content = f"# Siding {taken}\n\nThe siding gate number {taken} has a hinge.\n".encode()
            await services.pipeline.upload(LOCAL, "sidings", f"{taken % 20}.md", content)
            taken += 1

    async def ask(services: Services) -> None:
        nonlocal asked
        while going:
            await services.agent.ask(Question(ASKED[asked % len(ASKED)]), LOCAL)
            asked += 1

    async with build(settings, embedder=HashEmbedder()) as services:
        before = await answers(services)
        load = asyncio.gather(ingest(services), ask(services), ask(services))
        await asyncio.sleep(0.2)
        at_start = taken
        await asyncio.to_thread(shell, "backup", str(saved), "--home", str(settings.folder))
        going = False
        await load
    assert taken > at_start, "the backup ran while documents came in"
    assert asked > 2

    await asyncio.to_thread(shell, "restore", str(saved), "--home", str(other))
    restored = settings.model_copy(update={"home": other})
    async with build(restored, embedder=HashEmbedder()) as services:
        assert await answers(services) == before
        sidings = await services.documents.list(LOCAL, "sidings")
        assert len(sidings) >= min(20, at_start)
        assert await services.documents.list(LOCAL, "main")
