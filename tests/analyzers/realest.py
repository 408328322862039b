"""What each kind of analyzer is tested against: the realest thing that can be had on any machine.

A backend is a row in `BACKENDS` and a row here; the contract then runs on it, and it stands in the contract's table.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from app.core.brief import Brief
from app.core.question import Question
from app.prompts.files import FilePrompts
from tests.analyzers.rows import NEEDS as SERVED
from tests.analyzers.rows import OPTIONS, SERVERS
from tests.llm_stub import Behaviour
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
    revive: Callable[[], Awaitable[None]] | None = None


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


REALEST: Mapping[str, Made] = {
    "chat": served("chat", "ChatOpenAI on a scripted server"),
    "evidence": evidence,
    "gemini": served("gemini", "a server by Google's REST reference"),
    "llama-cpp": llama_cpp,
    "ollama": served("ollama", "a server by Ollama's reference"),
    "openai": served("openai", "a scripted server over HTTP"),
    "transformers": transformers,
}
LOCAL = ("llama-cpp", "transformers")
TINY = ("torch", "transformers", "peft", "gguf")
NEEDS: Mapping[str, tuple[str, ...]] = {
    **{kind: (module,) for kind, module in SERVED.items()},
    "llama-cpp": ("llama_cpp", *TINY),
    "transformers": ("llguidance", *TINY),
}


def kinds() -> list[object]:
    """For `parametrize`: those that need an extra take seconds, and are left out where it is not installed."""
    return [pytest.param(kind, marks=[pytest.mark.slow] if kind in LOCAL else []) for kind in sorted(REALEST)]


def require(kind: str) -> None:
    for module in NEEDS.get(kind, ()):
        pytest.importorskip(module)
