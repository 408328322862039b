"""The contract of an analyzer, run on every row of the table against the realest thing there is."""

import time
from collections.abc import AsyncIterator

import pytest

from app.analyzers.closing import closing
from app.analyzers.table import BACKENDS
from app.core import errors
from app.core.brief import Brief, End
from app.core.question import Question
from app.core.settings.analyzers import AnalyzerSpec
from tests.analyzers.contract import POINTS, NotApplicable, Subject, built, told
from tests.analyzers.realest import BRIEF, REALEST, kinds, require
from tests.llm_stub import Behaviour, Stub
from tests.receipts.passages import brake


@pytest.fixture(params=kinds())
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    require(request.param)
    async with REALEST[request.param]() as real:
        analyzer = built(request.param, real.options)
        await analyzer.load()
        yield Subject(request.param, analyzer, real)
        await analyzer.unload()


def test_every_kind_has_the_realest_thing_to_run_against() -> None:
    assert set(REALEST) == set(BACKENDS)


@pytest.mark.parametrize("point", POINTS)
async def test_it_keeps_the_contract(subject: Subject, point: str) -> None:
    try:
        assert await POINTS[point](subject)
    except NotApplicable as reason:
        pytest.skip(f"{subject.kind}, {point}: {reason}")


async def test_it_says_who_it_is_and_what_it_weighs(subject: Subject) -> None:
    identity = subject.analyzer.identity
    assert subject.analyzer.name == identity.name == "row"
    assert len(identity.digest) >= 8 and subject.analyzer.budget_s > 0
    assert subject.analyzer.footprint.ram >= 0 and subject.analyzer.count("E73-B reads 4.2 bar") >= 3


async def test_it_can_be_left_in_the_middle_and_asked_again(subject: Subject) -> None:
    for _ in range(3):
        async with closing(subject.analyzer.stream(BRIEF)) as deltas:
            await anext(deltas)
            await anext(deltas)
    assert isinstance((await told(subject.analyzer))[-1], End)


async def test_while_it_is_not_loaded_it_answers_or_says_so(subject: Subject) -> None:
    await subject.analyzer.unload()
    try:
        assert isinstance((await told(subject.analyzer))[-1], End)
    except errors.AnalyzerError as error:
        assert error.retry


@pytest.mark.parametrize("kind", ("status", "abort", "malformed", "cut", "plain"))
async def test_it_raises_nothing_but_analyzer_errors_of_a_server(kind: str) -> None:
    server = Stub(Behaviour(kind))
    analyzer = built("openai", {"model": "tiny", "retries": 0, "base_url": await server.start()})
    await analyzer.load()
    brief = Brief(Question("?"), (brake(),), prompts=BRIEF.prompts, deadline=time.monotonic() + 5)
    try:
        await told(analyzer, brief)
    except errors.AnalyzerError as error:
        assert error.code.startswith("analyzer_")
    finally:
        await analyzer.unload()
        await server.stop()


@pytest.mark.parametrize("kind", sorted(BACKENDS))
def test_an_unknown_option_names_the_row_and_the_option(kind: str) -> None:
    spec = AnalyzerSpec.model_validate({"kind": kind, "colour": "blue"})
    with pytest.raises(errors.InvalidSettings, match=r"analyzers\.row\.colour"):
        BACKENDS[kind]("row", spec)
