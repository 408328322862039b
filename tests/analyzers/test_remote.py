"""What every analyzer keeps whose model is elsewhere, against a server of its own wire that does what it is told to."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.analyzers.table import BACKENDS
from app.core import errors
from app.core.brief import Begin, Brief, Delta, End, Text
from app.core.question import Options, Question
from app.prompts.files import FilePrompts
from tests.analyzers.rows import NEEDS, SERVERS, spec
from tests.llm_stub import Behaviour, Stub
from tests.receipts.passages import brake, passage

PROMPTS = FilePrompts().load()


@dataclass
class Wire:
    """Makes loaded analyzers of one kind that speak to its server."""

    kind: str
    server: Stub
    url: str
    made: list[Analyzer]

    async def row(self, **options: Any) -> Analyzer:
        analyzer = BACKENDS[self.kind]("far", spec(self.kind, self.url, **options))
        await analyzer.load()
        self.made.append(analyzer)
        return analyzer


@pytest.fixture(params=sorted(SERVERS))
async def wire(request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    kind: str = request.param
    if kind in NEEDS:
        pytest.importorskip(NEEDS[kind])
    server = SERVERS[kind]()
    made = Wire(kind, server, await server.start(), [])
    yield made
    for analyzer in made.made:
        await analyzer.unload()
    await server.stop()


def brief(**changes: Any) -> Brief:
    given = {"evidence": (brake(),), "codes": ("E73-B",), "prompts": PROMPTS, "deadline": time.monotonic() + 20}
    return Brief(Question("What is E73-B?"), **{**given, **changes})


async def told(analyzer: Analyzer, asked: Brief | None = None) -> list[Delta]:
    async with closing(analyzer.stream(asked or brief())) as deltas:
        return [delta async for delta in deltas]


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Text))


async def test_an_answer_is_streamed_and_the_providers_own_count_of_tokens_is_told(wire: Wire) -> None:
    deltas = await told(await wire.row())
    assert isinstance(deltas[0], Begin) and deltas[0].prompt == "analyze@1/default"
    end = deltas[-1]
    assert isinstance(end, End) and end.tokens_in == 700 and end.tokens_out > 10 and end.finish == "stop"
    assert json.loads(text(deltas))["statements"][0]["quote"] in brake().text
    assert len([delta for delta in deltas if isinstance(delta, Text)]) > 5


async def test_leaving_frees_the_servers_slot_at_once(wire: Wire) -> None:
    wire.server.behaviour = Behaviour("stall", at=3)
    async with closing((await wire.row()).stream(brief())) as deltas:
        while not isinstance(await anext(deltas), Text):
            pass
    await asyncio.wait_for(wire.server.left.wait(), 1)


@pytest.mark.parametrize("how", [Behaviour(delay_s=30), Behaviour("stall", at=3)], ids=["silent", "speaking"])
async def test_a_cancel_frees_the_servers_slot_at_once(wire: Wire, how: Behaviour) -> None:
    analyzer = await wire.row()
    wire.server.behaviour = how
    task = asyncio.create_task(told(analyzer))
    while not wire.server.bodies:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(wire.server.left.wait(), 1)


@pytest.mark.parametrize("at", [0, 4])
@pytest.mark.parametrize("kind", ["cut", "abort"])
async def test_a_stream_that_is_cut_off_is_no_short_answer(wire: Wire, kind: str, at: int) -> None:
    wire.server.behaviour = Behaviour(kind, at=at)
    with pytest.raises(errors.AnalyzerUnavailable):
        await told(await wire.row())


async def test_what_is_no_json_of_the_wire_is_bad_output(wire: Wire) -> None:
    wire.server.behaviour = Behaviour("malformed", at=4)
    with pytest.raises(errors.AnalyzerBadOutput):
        await told(await wire.row())


async def test_a_server_that_falls_silent_is_given_up(wire: Wire) -> None:
    analyzer = await wire.row(timeout_s=0.3)
    wire.server.behaviour = Behaviour("stall", at=4)
    with pytest.raises(errors.AnalyzerTimeout):
        await told(analyzer)


async def test_the_deadline_ends_an_answer_that_trickles(wire: Wire) -> None:
    analyzer = await wire.row()
    wire.server.behaviour = Behaviour(gap_s=0.1)
    with pytest.raises(errors.AnalyzerTimeout):
        await told(analyzer, brief(deadline=time.monotonic() + 0.5))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.AnalyzerRefused),
        (403, errors.AnalyzerRefused),
        (404, errors.AnalyzerError),
        (429, errors.AnalyzerRateLimited),
        (500, errors.AnalyzerUnavailable),
        (503, errors.AnalyzerUnavailable),
        (504, errors.AnalyzerTimeout),
    ],
)
async def test_every_status_becomes_an_error_of_the_house(
    wire: Wire, status: int, kind: type[errors.AnalyzerError]
) -> None:
    analyzer = await wire.row(structured="none") if wire.kind == "openai" else await wire.row()
    wire.server.behaviour = Behaviour("status", status=status)
    with pytest.raises(errors.AnalyzerError) as caught:
        await told(analyzer)
    assert type(caught.value) is kind
    assert "passage" not in caught.value.message.lower(), "an error never repeats the request"


async def test_a_prompt_that_the_server_finds_too_long_has_a_name(wire: Wire) -> None:
    said = "The input token count (99999) exceeds the maximum number of tokens allowed (8192): context length."
    analyzer = await wire.row()
    wire.server.behaviour = Behaviour("status", status=400, error={"message": said})
    with pytest.raises(errors.AnalyzerContextExceeded):
        await told(analyzer)


async def test_nobody_there_is_unreachable_and_the_row_loads_all_the_same(wire: Wire) -> None:
    analyzer = BACKENDS[wire.kind]("far", spec(wire.kind, "http://127.0.0.1:9", retries=5))
    await analyzer.load()
    with pytest.raises(errors.AnalyzerUnreachable):
        await told(analyzer)
    await analyzer.unload()


async def test_what_fails_before_a_word_is_asked_again_and_after_one_never(wire: Wire) -> None:
    analyzer = await wire.row(retries=2, **({"structured": "none"} if wire.kind == "openai" else {}))
    wire.server.next.append(Behaviour("status", status=503))
    assert text(await told(analyzer)) and len(wire.server.bodies) == 2
    wire.server.behaviour = Behaviour("cut", at=4)
    with pytest.raises(errors.AnalyzerUnavailable):
        await told(analyzer)
    assert len(wire.server.bodies) == 3


async def test_evidence_is_fitted_to_the_context_and_what_fell_out_is_told(wire: Wire) -> None:
    long = tuple(passage(f"{'word ' * 300}{n}", name=f"p{n}") for n in range(9))
    deltas = await told(await wire.row(context=2500, max_tokens=200), brief(evidence=long))
    begin = deltas[0]
    assert isinstance(begin, Begin) and begin.dropped and begin.dropped[-1] == "p8"
    sent = json.dumps(wire.server.bodies[-1])
    assert all(f"word {n}" not in sent for n in range(9 - len(begin.dropped), 9))


async def test_a_question_that_fills_the_context_is_refused_with_numbers_and_not_sent(wire: Wire) -> None:
    analyzer = await wire.row(context=900, max_tokens=200)
    with pytest.raises(errors.AnalyzerContextExceeded, match=r"takes \d+ tokens with one passage.*room for 700"):
        await told(analyzer)
    assert wire.server.bodies == []


async def test_the_callers_options_and_the_seed_go_out_within_the_caps(wire: Wire) -> None:
    analyzer = await wire.row(max_tokens=50, seed=3)
    deltas = await told(analyzer, brief(options=Options(temperature=0.7, max_tokens=4000)))
    begin, sent = deltas[0], json.dumps(wire.server.bodies[-1])
    assert isinstance(begin, Begin) and begin.seed == 3
    assert '"seed": 3' in sent and '"temperature": 0.7' in sent and ": 50" in sent and "4000" not in sent


async def test_the_schema_goes_out_with_the_question(wire: Wire) -> None:
    await told(await wire.row())
    assert '"next_test"' in json.dumps(wire.server.bodies[-1])


async def test_it_is_local_exactly_when_its_address_is(wire: Wire) -> None:
    assert not (await wire.row()).identity.remote
    assert (await wire.row(remote=True)).identity.remote
    assert BACKENDS[wire.kind]("far", spec(wire.kind, "http://models.example.org")).identity.remote


async def test_a_key_is_in_no_repr(wire: Wire) -> None:
    analyzer = BACKENDS[wire.kind]("far", spec(wire.kind, wire.url, api_key="sk-secret"))
    assert "sk-secret" not in repr(vars(analyzer)) + repr(analyzer.identity)


async def test_its_count_errs_on_the_high_side(wire: Wire) -> None:
    analyzer = await wire.row()
    assert analyzer.count("Measure the contact voltage at X3.") >= 9 and analyzer.count("日本語") >= 3


async def test_sixteen_at_once_and_one_event_loop_after_another(wire: Wire) -> None:
    analyzer = await wire.row()
    answers = await asyncio.gather(*(told(analyzer) for _ in range(16)))
    assert len({text(deltas) for deltas in answers}) == 1
    await analyzer.unload()
    await analyzer.load()
    assert text(await told(analyzer)) == text(answers[0])


@pytest.mark.slow
async def test_a_slot_is_free_within_a_fifth_of_a_second_of_a_cancel(wire: Wire) -> None:
    analyzer = await wire.row()
    wire.server.behaviour = Behaviour("stall", at=3)
    took = []
    for _ in range(5):
        wire.server.left.clear()
        stream = analyzer.stream(brief())
        while not isinstance(await anext(stream), Text):
            pass
        began = time.monotonic()
        async with closing(stream):
            pass
        await asyncio.wait_for(wire.server.left.wait(), 5)
        took.append(time.monotonic() - began)
    assert sorted(took)[2] < 0.2
