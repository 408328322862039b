"""The OpenAI backend against a server that does what it is told to."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.analyzers.backends.openai import OpenAIAnalyzer
from app.analyzers.closing import closing
from app.core import errors
from app.core.brief import Begin, Brief, Delta, End, Text
from app.core.question import Attachment, CodeFragment, Options, Question
from app.core.settings.analyzers import AnalyzerSpec
from app.prompts.files import FilePrompts
from app.receipts.draft import Cutter
from tests.llm_stub import Behaviour, Stub, answer, tokens
from tests.receipts.passages import brake, passage

PROMPTS = FilePrompts().load()


def brief(**changes: Any) -> Brief:
    given = {"evidence": (brake(),), "codes": ("E73-B",), "prompts": PROMPTS, "deadline": time.monotonic() + 20}
    return Brief(Question("What is E73-B?"), **{**given, **changes})


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    server = Stub()
    server.url = await server.start()  # type: ignore[attr-defined]
    yield server
    await server.stop()


class Row:
    """Makes loaded analyzers that speak to the stub, and closes them."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self.made: list[OpenAIAnalyzer] = []

    async def __call__(self, **options: Any) -> OpenAIAnalyzer:
        spec = {"kind": "openai", "model": "tiny", "base_url": self.stub.url, "timeout_s": 2.0, **options}  # type: ignore[attr-defined]
        analyzer = OpenAIAnalyzer("gpt", AnalyzerSpec.model_validate(spec))
        await analyzer.load()
        self.made.append(analyzer)
        return analyzer


@pytest.fixture
async def row(stub: Stub) -> AsyncIterator[Row]:
    maker = Row(stub)
    yield maker
    for analyzer in maker.made:
        await analyzer.unload()


async def told(analyzer: OpenAIAnalyzer, asked: Brief) -> list[Delta]:
    async with closing(analyzer.stream(asked)) as deltas:
        return [delta async for delta in deltas]


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Text))


async def test_an_answer_is_streamed_between_one_begin_and_one_end(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour(gap_s=0.001)
    deltas = await told(await row(), brief())
    assert isinstance(deltas[0], Begin) and deltas[0].prompt == "analyze@1/default"
    assert len([d for d in deltas if isinstance(d, Text)]) > 5
    assert deltas[-1] == End(700, 110, "stop")
    quote = json.loads(text(deltas))["statements"][0]["quote"]
    assert quote in brake().text


async def test_a_server_that_does_not_stream_is_read_all_the_same(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour("plain")
    deltas = await told(await row(), brief())
    assert json.loads(text(deltas))["statements"] and deltas[-1] == End(700, 110, "stop")


async def test_text_comes_before_the_answer_has_ended(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour("stall", at=5)
    async with closing((await row()).stream(brief())) as deltas:
        got = ""
        while len(got) < 20:
            delta = await anext(deltas)
            got += delta.text if isinstance(delta, Text) else ""
    assert got == answer(stub.bodies[0]["messages"][-1]["content"])[:20]


async def test_leaving_closes_the_connection_at_once(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour("stall", at=3)
    async with closing((await row()).stream(brief())) as deltas:
        while not isinstance(await anext(deltas), Text):
            pass
    await asyncio.wait_for(stub.left.wait(), 1)


async def test_cancelling_a_task_closes_the_connection_at_once(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour(delay_s=30)
    task = asyncio.create_task(told(await row(), brief()))
    while not stub.bodies:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(stub.left.wait(), 1)


async def test_one_connection_serves_one_question_after_the_other(stub: Stub, row: Row) -> None:
    analyzer = await row()
    for _ in range(4):
        await told(analyzer, brief())
    assert len(stub.connections) == 1


@pytest.mark.parametrize("kind", ["cut", "abort"])
async def test_a_stream_that_is_cut_off_is_an_error_and_not_a_short_answer(stub: Stub, row: Row, kind: str) -> None:
    stub.behaviour = Behaviour(kind, at=10)
    with pytest.raises(errors.AnalyzerUnavailable):
        await told(await row(), brief())
    assert len(stub.bodies) == 1, "after text is out nothing is tried again"


async def test_a_cut_before_the_first_word_is_tried_again(stub: Stub, row: Row) -> None:
    stub.next.extend([Behaviour("cut"), Behaviour("abort")])
    assert text(await told(await row(), brief()))
    assert len(stub.bodies) == 3


@pytest.mark.slow
async def test_cut_at_any_token_nothing_of_a_statement_that_was_not_whole_is_taken(stub: Stub, row: Row) -> None:
    analyzer = await row(retries=0)
    whole = answer("<<< Passage 1: x #a\nThe hose between the vehicles leaks air.\n#a >>>")
    stated = [s.text for s in Cutter().feed(whole)]
    for at in range(len(tokens(whole))):
        stub.behaviour = Behaviour("cut", at=at, text=whole)
        cutter, taken = Cutter(), []
        with pytest.raises(errors.AnalyzerUnavailable):
            async with closing(analyzer.stream(brief())) as deltas:
                async for delta in deltas:
                    taken += cutter.feed(delta.text) if isinstance(delta, Text) else []
        taken += cutter.close()
        assert [s.text for s in taken] == stated[: len(taken)]


async def test_a_server_that_asks_to_wait_is_waited_for(stub: Stub, row: Row) -> None:
    stub.next.append(Behaviour("status", status=429, headers={"retry-after-ms": "200"}))
    began = time.monotonic()
    assert text(await told(await row(), brief()))
    assert time.monotonic() - began >= 0.2


async def test_no_wait_outlives_the_deadline(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour("status", status=429, headers={"retry-after": "5"})
    began = time.monotonic()
    with pytest.raises(errors.AnalyzerRateLimited) as caught:
        await told(await row(), brief(deadline=began + 1))
    assert caught.value.after == 5 and time.monotonic() - began < 1


async def test_retries_are_counted(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour("status", status=503)
    with pytest.raises(errors.AnalyzerUnavailable):
        await told(await row(retries=1), brief())
    assert len(stub.bodies) == 2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {}, errors.AnalyzerRefused),
        (403, {}, errors.AnalyzerRefused),
        (404, {}, errors.AnalyzerError),
        (408, {}, errors.AnalyzerTimeout),
        (409, {}, errors.AnalyzerUnavailable),
        (413, {}, errors.AnalyzerContextExceeded),
        (422, {}, errors.AnalyzerError),
        (429, {"code": "insufficient_quota"}, errors.AnalyzerRefused),
        (500, {}, errors.AnalyzerUnavailable),
        (503, {}, errors.AnalyzerUnavailable),
        (504, {}, errors.AnalyzerTimeout),
        (400, {"code": "context_length_exceeded"}, errors.AnalyzerContextExceeded),
        (400, {"message": "This model's maximum context length is 512 tokens"}, errors.AnalyzerContextExceeded),
        (400, {"code": "content_filter"}, errors.AnalyzerContentPolicy),
    ],
)
async def test_every_status_becomes_an_error_of_the_house(
    stub: Stub, row: Row, status: int, body: dict[str, str], kind: type[errors.AnalyzerError]
) -> None:
    stub.behaviour = Behaviour("status", status=status, error={"message": "no", **body})
    with pytest.raises(errors.AnalyzerError) as caught:
        await told(await row(retries=0, structured="none"), brief())
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Behaviour("malformed"), errors.AnalyzerBadOutput),
        (Behaviour("refused"), errors.AnalyzerContentPolicy),
        (Behaviour("filtered"), errors.AnalyzerContentPolicy),
        (Behaviour("error"), errors.AnalyzerUnavailable),
        (Behaviour("error", error={"code": "rate_limit_exceeded"}), errors.AnalyzerRateLimited),
        (Behaviour("error", error={"code": "content_filter"}), errors.AnalyzerContentPolicy),
        (Behaviour("error", error={"message": "exceeds the context window"}), errors.AnalyzerContextExceeded),
        (Behaviour("stream", text="", finish=None, done=False), errors.AnalyzerUnavailable),
        (Behaviour("plain", finish=None), errors.AnalyzerBadOutput),
    ],
)
async def test_what_goes_wrong_within_a_stream_has_a_name(
    stub: Stub, row: Row, behaviour: Behaviour, kind: type[errors.AnalyzerError]
) -> None:
    stub.behaviour = behaviour
    with pytest.raises(errors.AnalyzerError) as caught:
        await told(await row(retries=0), brief())
    assert type(caught.value) is kind


async def test_a_stalled_stream_ends_after_the_patience_between_two_pieces(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour("stall", at=4)
    began = time.monotonic()
    with pytest.raises(errors.AnalyzerTimeout):
        await told(await row(timeout_s=0.2), brief())
    assert time.monotonic() - began < 1.5


async def test_the_deadline_ends_an_answer_that_trickles(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour(gap_s=0.1)
    began = time.monotonic()
    with pytest.raises(errors.AnalyzerTimeout):
        await told(await row(), brief(deadline=began + 0.4))
    assert time.monotonic() - began < 1.5


async def test_nobody_there_is_unreachable_and_is_not_asked_again() -> None:
    spec = AnalyzerSpec.model_validate({"kind": "openai", "model": "m", "base_url": "http://127.0.0.1:9", "retries": 5})
    analyzer = OpenAIAnalyzer("gpt", spec)
    await analyzer.load()
    with pytest.raises(errors.AnalyzerUnreachable):
        await told(analyzer, brief())
    await analyzer.unload()


async def test_a_server_that_refuses_the_schema_is_asked_for_less_and_it_is_remembered(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour(refuses={"json_schema": 400, "json_object": 422})
    analyzer = await row()
    for _ in range(2):
        assert text(await told(analyzer, brief()))
    asked = [body.get("response_format", {}).get("type") for body in stub.bodies]
    assert asked == ["json_schema", "json_object", None, None]


async def test_one_failure_of_the_server_does_not_loosen_the_schema_for_good(stub: Stub, row: Row) -> None:
    stub.next.append(Behaviour("status", status=500))
    analyzer = await row()
    for _ in range(2):
        assert text(await told(analyzer, brief()))
    asked = [body.get("response_format", {}).get("type") for body in stub.bodies]
    assert asked == ["json_schema", "json_object", "json_schema"]


async def test_a_schema_that_was_asked_for_by_name_is_not_loosened(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour(refuses={"json_schema": 400})
    with pytest.raises(errors.AnalyzerError):
        await told(await row(structured="json_schema"), brief())
    assert len(stub.bodies) == 1


async def test_an_answer_that_ran_out_of_tokens_says_so(stub: Stub, row: Row) -> None:
    stub.behaviour = Behaviour(finish="length")
    deltas = await told(await row(), brief())
    assert deltas[-1] == End(700, 110, "length")


async def test_evidence_that_does_not_fit_is_dropped_from_the_end_and_named(stub: Stub, row: Row) -> None:
    evidence = tuple(passage("The door stays open. " * 40, name=f"p{i}") for i in range(8))
    deltas = await told(await row(context=3000, max_tokens=300), brief(evidence=evidence))
    begin = deltas[0]
    assert isinstance(begin, Begin)
    assert begin.dropped == tuple(f"p{i}" for i in range(8 - len(begin.dropped), 8)) != ()
    sent = stub.bodies[0]["messages"][-1]["content"]
    assert f"Passage {8 - len(begin.dropped)}:" in sent and f"Passage {9 - len(begin.dropped)}:" not in sent


async def test_a_question_that_fills_the_context_is_not_sent(stub: Stub, row: Row) -> None:
    with pytest.raises(errors.AnalyzerContextExceeded):
        await told(await row(context=600, max_tokens=200), brief())
    assert stub.bodies == []


async def test_the_caller_sets_options_within_the_caps_of_the_row(stub: Stub, row: Row) -> None:
    analyzer = await row(max_tokens=50, seed=1, extra={"repeat_penalty": 1.0}, omit=["stream_options"])
    await told(analyzer, brief(options=Options(temperature=0.7, max_tokens=4000)))
    body = stub.bodies[0]
    assert (body["max_tokens"], body["temperature"], body["seed"], body["repeat_penalty"]) == (50, 0.7, 1, 1.0)
    assert "stream_options" not in body


async def test_what_came_with_the_question_is_in_the_prompt(stub: Stub, row: Row) -> None:
    question = Question("Why?", "12:00 E73-B", CodeFragment("st", "x := 1;"), attachments=(Attachment("a.log", "zz"),))
    await told(await row(), Brief(question, (brake(),), prompts=PROMPTS))
    sent = stub.bodies[0]["messages"][-1]["content"]
    assert "12:00 E73-B" in sent and "Code (st):\nx := 1;" in sent and "a.log:\nzz" in sent


async def test_a_brief_without_prompts_is_an_error_of_the_analyzer(row: Row) -> None:
    with pytest.raises(errors.AnalyzerError, match="prompt"):
        await told(await row(), brief(prompts=None))


async def test_the_identity_tells_local_from_remote_and_keeps_the_key_to_itself(row: Row) -> None:
    analyzer = await row(api_key="sk-secret", headers={"x-key": "hidden"})
    assert not analyzer.identity.remote
    assert "sk-secret" not in repr(analyzer.options) + repr(analyzer.identity)
    spec = AnalyzerSpec.model_validate({"kind": "openai", "model": "m"})
    assert OpenAIAnalyzer("far", spec).identity.remote
    far = AnalyzerSpec.model_validate(
        {"kind": "openai", "model": "m", "base_url": "http://localhost:1", "remote": True}
    )
    assert OpenAIAnalyzer("tunnel", far).identity.remote


async def test_sixty_four_questions_at_once_are_each_answered(stub: Stub, row: Row) -> None:
    analyzer = await row()
    answers = await asyncio.gather(*(told(analyzer, brief()) for _ in range(64)))
    assert len({text(deltas) for deltas in answers}) == 1 and all(isinstance(d[-1], End) for d in answers)
