"""A replay says whether a kept run comes out the same, and when not, where and by which changed input."""

from dataclasses import replace

import pytest

from app.core.errors import Conflict, UnknownAnalyzer
from app.core.principal import LOCAL
from app.core.question import Asset, Question
from app.core.settings import Settings
from app.core.settings.analyzers import AnalyzerSpec
from app.core.wire import from_json, to_json
from app.records.base import Pack
from app.services.build import build
from app.services.hall import Services
from app.services.replaying import replay
from tests.llm_stub import Behaviour, Stub
from tests.retrieval.fakes import HashEmbedder

ASKED = Question("E73-B after the brake test, what do I check first?")
OTHERS = (
    Question("what is E73-Q?"),
    Question("best pizza recipe with mozzarella"),
    Question("E43-A", asset=Asset(vehicle_class="425")),
    Question("the doors stay open, class 425"),
    Question("E73-B and E73-Q", log="06:12:41 TCU WARN E70A persistent"),
)


async def asked(services: Services, question: Question = ASKED) -> str:
    return (await services.agent.ask(question, LOCAL)).run_id


async def rewritten(services: Services, run_id: str, **changes: object) -> None:
    """The record as somebody might have changed it by hand."""
    row = await services.runs.get(LOCAL, run_id)
    assert row.pack
    text = to_json(replace(row.pack, **changes)).decode()  # type: ignore[arg-type]
    database = services.runs._database  # type: ignore[attr-defined]
    sql = "UPDATE packs SET pack = ? WHERE run_id = ?"
    await database.write(lambda connection: connection.execute(sql, (text, run_id)) and None)


async def pack_of(services: Services, run_id: str) -> Pack:
    row = await services.runs.get(LOCAL, run_id)
    assert row.pack
    return row.pack


@pytest.mark.parametrize("question", (ASKED, *OTHERS), ids=lambda question: question.text[:20])
async def test_what_evidence_said_it_says_again(services: Services, question: Question) -> None:
    done = await replay(services, await asked(services, question), LOCAL)
    assert (done.equal, done.changed, done.differences, done.damaged) == (True, (), (), ())


async def test_with_the_same_index_the_question_finds_the_same(services: Services) -> None:
    done = await replay(services, await asked(services), LOCAL, retrieve=True)
    assert done.equal
    assert done.today
    assert done.today.equal


async def test_a_document_that_came_and_one_that_went_are_told(services: Services) -> None:
    run_id = await asked(services)
    first = (await pack_of(services, run_id)).sources[0]
    await services.remove_document(first.document_id, LOCAL)
    text = b"# E73-B\n\nE73-B: the brake test after coupling failed. Cause: a wet plug X99.\n"
    await services.pipeline.upload(LOCAL, "main", "new/e73.md", text)
    await services.store.write("main")
    plain = await replay(services, run_id, LOCAL)
    assert plain.equal
    assert [change.what for change in plain.changed] == ["index version"]
    done = await replay(services, run_id, LOCAL, retrieve=True)
    assert not done.equal
    assert done.today
    assert first.passage_id in done.today.gone
    assert done.today.new
    assert done.today.differences


async def test_a_changed_answer_is_found_with_its_first_token(services: Services) -> None:
    run_id = await asked(services)
    pack = await pack_of(services, run_id)
    await rewritten(services, run_id, diagnosis=replace(pack.diagnosis, summary=f"Otherwise {pack.diagnosis.summary}"))
    done = await replay(services, run_id, LOCAL)
    assert not done.equal
    assert (done.differences[0].place, done.differences[0].token, done.differences[0].then) == (
        "summary",
        1,
        "Otherwise",
    )


async def test_a_passage_that_was_changed_in_the_record_is_told(services: Services) -> None:
    run_id = await asked(services)
    pack = await pack_of(services, run_id)
    first, *rest = pack.diagnosis.passages
    forged = replace(pack.diagnosis, passages=(replace(first, text=first.text.replace("E", "F", 1)), *rest))
    await rewritten(services, run_id, diagnosis=forged)
    done = await replay(services, run_id, LOCAL)
    assert done.damaged == (first.id,)


async def test_changed_inputs_are_named(services: Services) -> None:
    run_id = await asked(services)
    pack = await pack_of(services, run_id)
    assert pack.identity
    identity = replace(pack.identity, digest="f" * 64)
    await rewritten(services, run_id, code="0.0.1#ffffffff", identity=identity, prompt_digest="f" * 64)
    done = await replay(services, run_id, LOCAL)
    assert {change.what for change in done.changed} == {"code", "analyzer", "analyzer digest", "prompt hash"}


async def test_a_run_of_an_earlier_release_is_read_and_not_replayed(services: Services) -> None:
    run_id = await asked(services)
    await rewritten(services, run_id, code="", sources=())
    assert (await services.read_run(run_id, LOCAL)).pack
    with pytest.raises(Conflict, match="earlier release"):
        await replay(services, run_id, LOCAL)


async def test_a_run_without_a_pack_is_refused(services: Services) -> None:
    await services.runs.accept(LOCAL, "r1", ASKED)
    with pytest.raises(Conflict, match="running"):
        await replay(services, "r1", LOCAL)


async def test_a_model_is_asked_by_itself_and_what_it_says_otherwise_is_named(settings: Settings) -> None:
    stub = Stub()
    url = await stub.start()
    row = AnalyzerSpec(kind="openai", base_url=url, api_key="none", model="stub", cache_s=600.0)  # type: ignore[call-arg]
    changes = {"analyzers": {"stub": row}, "analyzer": "stub", "allow_remote": True}
    try:
        async with build(settings.model_copy(update=changes), embedder=HashEmbedder()) as services:
            run_id = await asked(services)
            assert (await pack_of(services, run_id)).prompt_digest
            before = len(stub.bodies)
            assert (await replay(services, run_id, LOCAL)).equal
            assert len(stub.bodies) == before + 1  # its answer was in the cache and was not taken from there
            stub.behaviour = Behaviour(
                text='{"statements": [{"kind": "cause", "text": "The moon.", "citations": [1]}]}'
            )
            done = await replay(services, run_id, LOCAL)
            assert not done.equal
            assert (done.differences[0].place, done.differences[0].then) == ("voided[0]", "")
            before = len(stub.bodies)
            again = await replay(services, await asked(services, Question("E43-A: what now?")), LOCAL)
            assert again.equal  # of what could not be proved too
            assert again.analyzer.startswith("evidence@")
            assert len(stub.bodies) == before + 2
    finally:
        await stub.stop()
    async with build(settings, embedder=HashEmbedder()) as services:
        with pytest.raises(UnknownAnalyzer):
            await replay(services, run_id, LOCAL)


async def test_a_pack_survives_its_json(services: Services) -> None:
    pack = await pack_of(services, await asked(services))
    assert from_json(Pack, to_json(pack)) == pack
