"""The contract of an analyzer, run on every row of the table."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.analyzers.table import BACKENDS
from app.core import errors
from app.core.brief import Begin, Brief, Delta, End, Text
from app.core.question import Question
from app.prompts.files import FilePrompts
from app.receipts.check import Evidence, check
from app.receipts.draft import Cutter
from app.receipts.ledger import Ledger
from tests.analyzers.rows import NEEDS, SERVERS, spec
from tests.llm_stub import Behaviour, Stub
from tests.receipts.passages import brake

BRIEF = Brief(Question("What is E73-B?"), (brake(),), ("E73-B",), prompts=FilePrompts().load())


@pytest.fixture(params=sorted(BACKENDS))
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    if found in NEEDS:
        pytest.importorskip(NEEDS[found])
    return found


@pytest.fixture
async def stub(kind: str) -> AsyncIterator[Stub]:
    server = SERVERS.get(kind, Stub)()
    yield server
    await server.stop()


@pytest.fixture
async def analyzer(kind: str, stub: Stub) -> AsyncIterator[Analyzer]:
    built = BACKENDS[kind]("row", spec(kind, await stub.start() if kind in SERVERS else ""))
    await built.load()
    yield built
    await built.unload()


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
    with pytest.raises(errors.InvalidSettings, match=r"analyzers\.row\.colour"):
        BACKENDS[kind]("row", spec(kind, colour="blue"))
