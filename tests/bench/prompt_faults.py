"""What Langfuse's faults add to an answer, cold and cached: each question beside the same one without Langfuse.

`python -m tests.bench.prompts --report docs/reports/prompts.md` runs it. The whole service is built twice in this
process over copies of one home; the analyzer renders its prompt and then answers as `evidence` does.
"""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.analyzers.backends.evidence import EvidenceAnalyzer
from app.analyzers.closing import closing
from app.analyzers.prompting import ask
from app.analyzers.table import BACKENDS
from app.core.brief import Begin, Brief, Delta
from app.core.diagnosis import Diagnosis
from app.core.principal import LOCAL
from app.core.question import Question
from app.core.settings import Settings, load
from app.core.settings.prompts import LangfuseSettings
from app.prompts.base import Subject
from app.prompts.files import FilePrompts
from app.prompts.langfuse.client import Langfuse
from app.services.build import build
from app.services.hall import Services
from tests.langfuse_server import PUBLIC, SECRET, Remote, langfuse_server
from tests.retrieval.fakes import HashEmbedder

FAULTS = ("none", "down", "black hole", "500", "slow", "wrong JSON", "prompt deleted", "label moved")
TEXT = FilePrompts().load().written("analyze").text
SECOND = TEXT.replace("You diagnose faults", "You find faults")
HARSH = {"fresh_s": 0.05, "retry_s": 0.05}  # asked again all the time, which no setting would do
QUESTIONS = ("What is E73-B?", "E73-B on coach 3, what do I check first?", "Which value is normal for E73-B?")


class Rendering(EvidenceAnalyzer):
    """Renders the prompt of the run, as any model's backend does, and then lets the documents speak."""

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        asked = ask(brief, CAPS)
        async with closing(super().stream(brief)) as deltas:
            async for delta in deltas:
                yield replace(delta, prompt=asked.prompt) if isinstance(delta, Begin) else delta


@dataclass(frozen=True)
class Caps:
    family: str = "default"
    context: int = 16_000
    max_tokens: int = 1_000
    temperature: float | None = None
    seed: int | None = None


CAPS = Caps()


@dataclass(frozen=True)
class Cell:
    fault: str
    cached: bool
    asked: int
    answered: int
    added_p50: float  # ms, of whole answers, pair by pair
    room_p50: float  # ms in the prompt room: choose, and hand out the variant
    room_p99: float
    room_max: float
    plain_p99: float  # of the same visits to the house without Langfuse, which meet the same load of the machine
    plain_max: float
    used: str


def settings(home: Path, url: str | None) -> Settings:
    own = load(home=home, analyzer="rendering", analyzers={"rendering": {"kind": "rendering", "failures": 0}})
    if url is None:
        return own
    keyed: dict[str, Any] = {"host": url, "public_key": PUBLIC, "secret_key": SECRET, "warm_s": 0.5, **HARSH}
    prompts = own.prompts.model_copy(update={"langfuse": LangfuseSettings(**keyed)})
    return own.model_copy(update={"prompts": prompts})


async def table(pairs: int) -> list[Cell]:
    if isinstance(BACKENDS, dict):
        BACKENDS["rendering"] = Rendering
    with tempfile.TemporaryDirectory() as folder:
        stocked = Path(folder) / "stocked"
        async with build(load(home=stocked), embedder=HashEmbedder()):
            pass
        return [
            await cell(stocked, Path(folder), fault, cached=cached, pairs=pairs)
            for fault in FAULTS
            for cached in (False, True)
        ]


async def cell(stocked: Path, folder: Path, fault: str, *, cached: bool, pairs: int) -> Cell:
    homes = [Path(tempfile.mkdtemp(dir=folder)) / "home" for _ in range(2)]
    for home in homes:
        shutil.copytree(stocked, home)
    async with AsyncExitStack() as stack:
        server = stack.enter_context(langfuse_server())
        fill(server)
        if not cached:
            happen(server, fault)
        plain = await stack.enter_async_context(build(settings(homes[0], None), embedder=HashEmbedder()))
        ours = await stack.enter_async_context(build(settings(homes[1], server.url), embedder=HashEmbedder()))
        if cached:
            await reaches(ours)
            happen(server, fault)
        return await measured(plain, ours, fault, cached=cached, pairs=pairs)


def fill(server: Remote) -> None:
    client = Langfuse(LangfuseSettings(host=server.url, timeout_s=5), (PUBLIC, SECRET))
    client.create("analyze", TEXT, ["production"], "", "")
    client.create("analyze", SECOND, [], "", "")
    client.close()


def happen(server: Remote, fault: str) -> None:
    if fault == "down":
        server.kill()
    elif fault == "prompt deleted":
        server.set(prompts={})
    elif fault == "label moved":
        client = Langfuse(LangfuseSettings(host=server.url, timeout_s=5), (PUBLIC, SECRET))
        client.relabel("analyze", 2, ["production"])
        client.close()
    else:
        server.set(fault=fault)


async def reaches(services: Services) -> None:
    async with asyncio.timeout(20):
        while "+langfuse" not in services.prompts.room.current().pick("analyze", "x").label:
            await asyncio.sleep(0.02)


async def measured(plain: Services, ours: Services, fault: str, *, cached: bool, pairs: int) -> Cell:
    added: list[float] = []
    answers: list[Diagnosis] = []
    for number in range(pairs + 5):
        question = Question(QUESTIONS[number % len(QUESTIONS)])
        spent: dict[int, float] = {}
        for services in (plain, ours) if number % 2 else (ours, plain):
            begun = time.perf_counter()
            answer = await services.agent.ask(question, LOCAL)
            spent[id(services)] = (time.perf_counter() - begun) * 1000
            if services is ours:
                answers.append(answer)
        if number >= 5:  # the first ones make what is made once
            added.append(spent[id(ours)] - spent[id(plain)])
    visits = [(await visit(ours, number), await visit(plain, number)) for number in range(1000)]
    room, bare = sorted(one for one, _ in visits), sorted(other for _, other in visits)
    good = sum(answer.verdict == "answered" and not answer.degraded for answer in answers)
    used = answers[-1].prompt
    p50, p99 = room[len(room) // 2], room[int(len(room) * 0.99)]
    return Cell(
        fault,
        cached,
        len(answers),
        good,
        statistics.median(added),
        p50,
        p99,
        room[-1],
        bare[int(len(bare) * 0.99)],
        bare[-1],
        used,
    )


async def visit(services: Services, number: int) -> float:
    """One choice of a prompt, while fetches go on in their threads."""
    await asyncio.sleep(0.001)
    begun = time.perf_counter()
    services.prompts.room.current(Subject(f"run-{number}", "main")).pick("analyze", "default")
    return (time.perf_counter() - begun) * 1000


def told(cells: list[Cell]) -> str:
    head = ("fault", "prompts", "answered", "added p50 ms", "prompt room p50 / p99 / max ms")
    lines = [
        f"| {' | '.join(head)} | without Langfuse p99 / max ms | used at last |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for c in cells:
        room = f"{c.room_p50:.3f} / {c.room_p99:.3f} / {c.room_max:.3f}"
        bare = f"{c.plain_p99:.3f} / {c.plain_max:.3f}"
        state = "cached" if c.cached else "cold"
        lines.append(
            f"| {c.fault} | {state} | {c.answered}/{c.asked} | {c.added_p50:+.2f} | {room} | {bare} | `{c.used}` |"
        )
    return "\n".join(lines)
