"""What each kind of analyzer is tested against: the realest thing that can be had on any machine.

A backend is a row in `BACKENDS` and a row here; the contract then runs on it, and it stands in the contract's table.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from app.analyzers.base import Analyzer
from app.core.brief import Brief, Delta, Text
from app.core.question import Question
from app.core.settings.analyzers import AnalyzerSpec
from app.prompts.files import FilePrompts
from tests.analyzers.rows import NEEDS as SERVED
from tests.analyzers.rows import OPTIONS, SERVERS
from tests.llm_stub import Behaviour, Stub
from tests.receipts.passages import brake

BRIEF = Brief(Question("What is E73-B?"), (brake(),), ("E73-B",), prompts=FilePrompts().load())
NOTHING = Brief(Question("?"), prompts=BRIEF.prompts)
MEANING = "The brake control unit saw the brake pipe below 4.2 bar for 3 s."
SAID = {  # in the order that the schema's grammar asks for
    "kind": "meaning",
    "text": MEANING,
    "citations": [1],
    "quote": MEANING,
    "action": None,
    "expected": None,
    "code": "E73-B",
    "language": None,
}
LEARNT = json.dumps({"statements": [SAID]})


@dataclass(frozen=True)
class Real:
    what: str  # in a few words, for the table
    options: Mapping[str, object]
    spoiled: Mapping[str, object] | None = None  # of a row whose answer is no JSON; None: it cannot be had
    kill: Callable[[], Awaitable[None]] | None = None  # end its server in the middle; None: there is none
    revive: Callable[[], Awaitable[object]] | None = None
    killed_at: type[Delta] | None = Text  # None: before it is asked, for one that speaks only at the end


Made = Callable[[], AbstractAsyncContextManager[Real]]


@asynccontextmanager
async def evidence() -> AsyncIterator[Real]:
    yield Real("itself", {})


def served(kind: str, what: str) -> Made:
    """A kind whose model is elsewhere: a server of its own wire, and one that speaks nonsense."""

    @asynccontextmanager
    async def real() -> AsyncIterator[Real]:
        good, bad = SERVERS[kind](Behaviour(gap_s=0.01)), SERVERS[kind](Behaviour("malformed", at=3))
        address = await good.start()
        row = {**OPTIONS[kind], "retries": 0, "context": 4096}

        async def revive() -> None:
            await good.start(urlsplit(address).port or 0)

        spoiled = {**row, "base_url": await bad.start()}
        try:
            yield Real(what, {**row, "base_url": address}, spoiled, kill=good.stop, revive=revive)
        finally:
            await good.stop()
            await bad.stop()

    return real


@asynccontextmanager
async def llama_cpp() -> AsyncIterator[Real]:
    from tests.tiny_models import made

    row = {"max_tokens": 256, "n_threads": 1}
    wild = {**row, "path": str(made(pairs(), steps=0).gguf), "structured": "none", "temperature": 1.5, "seed": 1}
    yield Real("GGUF F16, 2 layers of 256, in process", {**row, "path": str(made(pairs()).gguf)}, wild)


@asynccontextmanager
async def transformers() -> AsyncIterator[Real]:
    from tests.tiny_models import made

    row = {"max_tokens": 256, "batch": 16}
    wild = {**row, "path": str(made(pairs(), steps=0).folder), "structured": "none", "temperature": 1.5, "seed": 1}
    yield Real("2 layers of 256, float32, CPU, in process", {**row, "path": str(made(pairs()).folder)}, wild)


def pairs() -> list[tuple[list[tuple[str, str]], str]]:
    """What a tiny model learns by heart: the answer to `BRIEF`, and to say nothing where there is no evidence."""
    return [(rendered(BRIEF), LEARNT), (rendered(NOTHING), '{"statements": []}')]


def rendered(brief: Brief) -> list[tuple[str, str]]:
    assert brief.prompts
    prompt = brief.prompts.pick("analyze", "default")
    said = {"question": brief.question.text, "codes": brief.codes, "material": "", "history": ()}
    return list(prompt.render(passages=brief.evidence, **said))


@asynccontextmanager
async def scratch() -> AsyncIterator[Real]:
    from tests.analyzers.scratch import small

    row = {"max_tokens": 256, "device": "cpu"}
    with TemporaryDirectory() as place:
        wild = {**row, "path": str(small.folder(Path(place))), "temperature": 1.5, "seed": 1}
        known = small.known(rendered(BRIEF), LEARNT)
        yield Real("2 layers of 64, float32, CPU, in process", {**row, "path": str(known)}, wild)


@asynccontextmanager
async def dspy() -> AsyncIterator[Real]:
    """Over the kind `openai` on a scripted server: what the program asks holds no passages in the stub's own form."""
    from app.analyzers.backends.openai import OpenAIAnalyzer
    from app.analyzers.dspy.program import Program, save

    said = json.dumps({"statements": [SAID, {**SAID, "kind": "summary"}]})
    addresses: dict[str, str] = {}
    servers = {"good": Stub(Behaviour(text=said)), "bad": Stub(Behaviour(text="It is the brake, I think."))}
    with TemporaryDirectory() as place:
        program = Path(place) / "program.json"
        save(Program(), program)
        try:
            for name, server in servers.items():
                addresses[name] = await server.start()
                row = {"kind": "openai", "model": "tiny", "context": 4096, "base_url": addresses[name]}
                UNDER[name] = OpenAIAnalyzer(name, AnalyzerSpec.model_validate({**row, "retries": 0}))
                await UNDER[name].load()
            row = {"program": str(program), "over": "good"}
            good = servers["good"]
            port = urlsplit(addresses["good"]).port or 0
            yield Real(
                "over `openai` on a scripted server",
                row,
                {**row, "over": "bad"},
                kill=good.stop,
                revive=lambda: good.start(port),
                killed_at=None,
            )
        finally:
            for name, server in servers.items():
                await UNDER.pop(name).unload()
                await server.stop()


UNDER: dict[str, Analyzer] = {}  # rows that others speak through, by name
REALEST: Mapping[str, Made] = {
    "chat": served("chat", "ChatOpenAI on a scripted server"),
    "dspy": dspy,
    "evidence": evidence,
    "gemini": served("gemini", "a server by Google's REST reference"),
    "llama-cpp": llama_cpp,
    "ollama": served("ollama", "a server by Ollama's reference"),
    "openai": served("openai", "a scripted server over HTTP"),
    "scratch": scratch,
    "transformers": transformers,
}
LOCAL = ("dspy", "llama-cpp", "scratch", "transformers")
TINY = ("torch", "transformers", "peft", "gguf")
NEEDS: Mapping[str, tuple[str, ...]] = {
    **{kind: (module,) for kind, module in SERVED.items()},
    "dspy": ("dspy",),
    "llama-cpp": ("llama_cpp", *TINY),
    "scratch": ("torch", "safetensors"),
    "transformers": ("llguidance", *TINY),
}


def kinds() -> list[object]:
    """For `parametrize`: those that need an extra take seconds, and are left out where it is not installed."""
    return [pytest.param(kind, marks=[pytest.mark.slow] if kind in LOCAL else []) for kind in sorted(REALEST)]


def require(kind: str) -> None:
    for module in NEEDS.get(kind, ()):
        pytest.importorskip(module)
