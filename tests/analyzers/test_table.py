"""The contract of an analyzer, run on every row of the table."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.analyzers.joining import joined
from app.analyzers.prompting import variables
from app.analyzers.table import BACKENDS
from app.core import errors
from app.core.brief import Begin, Brief, Delta, End, Text
from app.core.question import Question
from app.core.settings.analyzers import AnalyzerSpec
from app.prompts.files import FilePrompts
from app.receipts.check import Evidence, check
from app.receipts.draft import Cutter
from app.receipts.ledger import Ledger
from tests.analyzers.scratch import small
from tests.llm_stub import Behaviour, Stub
from tests.receipts.passages import brake

BRIEF = Brief(Question("What is E73-B?"), (brake(),), ("E73-B",), prompts=FilePrompts().load())
PROMPT = FilePrompts().load().pick("analyze", "default")
MEANING = next(part for part in brake().parts if part.role == "definition")
SAID = {"kind": "meaning", "text": brake().slice(MEANING), "citations": [1], "code": "E73-B"}
ANSWER = json.dumps({"statements": [SAID]})
REQUIRED: dict[str, dict[str, object]] = {"dspy": {"program": "x.json", "over": "y"}, "scratch": {"path": "x"}}
SERVED: dict[str, dict[str, object]] = {"openai": {"model": "tiny", "retries": 0}}  # rows that need a server


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    server = Stub()
    yield server
    await server.stop()


SLOW = {"scratch"}
KINDS = [pytest.param(kind, marks=pytest.mark.slow) if kind in SLOW else kind for kind in sorted(BACKENDS)]


@pytest.fixture(params=KINDS)
async def analyzer(request: pytest.FixtureRequest, stub: Stub, tmp_path: Path) -> AsyncIterator[Analyzer]:
    made = await ROWS.get(request.param, served)(request.param, stub, tmp_path)
    await made.load()
    yield made
    await made.unload()


def row(kind: str, **options: object) -> Analyzer:
    return BACKENDS[kind]("row", AnalyzerSpec.model_validate({"kind": kind, **options}))


async def served(kind: str, stub: Stub, tmp_path: Path) -> Analyzer:
    options = dict(SERVED.get(kind, {}))
    return row(kind, **(options and {**options, "base_url": await stub.start()}))


async def over_a_model(kind: str, stub: Stub, tmp_path: Path) -> Analyzer:
    pytest.importorskip("dspy")
    from app.analyzers.dspy.program import Program, save

    save(Program(), tmp_path / "program.json")
    stub.behaviour = Behaviour(text=ANSWER)
    inner = await served("openai", stub, tmp_path)
    await inner.load()
    return joined(row(kind, program=tmp_path / "program.json", over="inner"), lambda name: inner)


async def known_by_heart(kind: str, stub: Stub, tmp_path: Path) -> Analyzer:
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    folder = small.known(PROMPT.render(**variables(BRIEF)), ANSWER)
    return row(kind, path=folder, device="cpu", max_tokens=256)


ROWS = {"dspy": over_a_model, "scratch": known_by_heart}


async def told(analyzer: Analyzer, brief: Brief = BRIEF) -> list[Delta]:
    async with closing(analyzer.stream(brief)) as deltas:
        return [delta async for delta in deltas]


async def test_it_says_who_it_is(analyzer: Analyzer) -> None:
    assert analyzer.name == analyzer.identity.name == "row"
    assert len(analyzer.identity.digest) >= 8 and analyzer.budget_s > 0


async def test_it_begins_speaks_and_ends(analyzer: Analyzer) -> None:
    deltas = await told(analyzer)
    assert isinstance(deltas[0], Begin) and isinstance(deltas[-1], End)
    assert all(isinstance(delta, Text) for delta in deltas[1:-1]) and len(deltas) > 2


async def test_what_it_says_of_a_passage_can_be_verified(analyzer: Analyzer) -> None:
    cutter, evidence, ledger = Cutter(), Evidence(BRIEF.evidence, asked=frozenset(BRIEF.codes)), Ledger()
    statements = [s for delta in await told(analyzer) if isinstance(delta, Text) for s in cutter.feed(delta.text)]
    assert statements and cutter.skipped == 0
    assert {check(statement, evidence, ledger).mark for statement in statements} == {"supported"}


async def test_without_evidence_it_still_ends(analyzer: Analyzer) -> None:
    assert isinstance((await told(analyzer, Brief(Question("?"), prompts=BRIEF.prompts)))[-1], End)


async def test_sixteen_at_once_are_answered_alike(analyzer: Analyzer) -> None:
    answers = await asyncio.gather(*(told(analyzer) for _ in range(16)))
    assert len({"".join(d.text for d in deltas if isinstance(d, Text)) for deltas in answers}) == 1


async def test_it_can_be_left_in_the_middle_and_asked_again(analyzer: Analyzer) -> None:
    for _ in range(3):
        async with closing(analyzer.stream(BRIEF)) as deltas:
            await anext(deltas)
            await anext(deltas)
    assert isinstance((await told(analyzer))[-1], End)


async def test_a_cancelled_question_leaves_it_able_to_answer(analyzer: Analyzer, stub: Stub) -> None:
    stub.next.append(Behaviour(delay_s=30))
    task = asyncio.create_task(told(analyzer))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert isinstance((await told(analyzer))[-1], End)


async def test_it_can_be_unloaded_and_loaded_again(analyzer: Analyzer) -> None:
    await analyzer.unload()
    await analyzer.unload()
    await analyzer.load()
    assert isinstance((await told(analyzer))[-1], End)


async def test_while_it_is_not_loaded_it_answers_or_says_so(analyzer: Analyzer) -> None:
    await analyzer.unload()
    try:
        assert isinstance((await told(analyzer))[-1], End)
    except errors.AnalyzerError as error:
        assert error.retry


async def test_it_raises_nothing_but_analyzer_errors(analyzer: Analyzer, stub: Stub) -> None:
    for kind in ("status", "abort", "malformed", "cut", "plain"):
        stub.behaviour = Behaviour(kind)
        try:
            await told(analyzer, Brief(Question("?"), (brake(),), prompts=BRIEF.prompts, deadline=time.monotonic() + 5))
        except errors.AnalyzerError as error:
            assert error.code.startswith("analyzer_")


@pytest.mark.parametrize("kind", sorted(BACKENDS))
def test_an_unknown_option_names_the_row_and_the_option(kind: str) -> None:
    spec = AnalyzerSpec.model_validate(
        {"kind": kind, **SERVED.get(kind, {}), **REQUIRED.get(kind, {}), "colour": "blue"}
    )
    with pytest.raises(errors.InvalidSettings, match=r"analyzers\.row\.colour"):
        BACKENDS[kind]("row", spec)
