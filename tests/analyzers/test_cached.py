import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.analyzers.cached import Cached, key, worth_keeping
from app.analyzers.closing import closing
from app.analyzers.failover import Failover
from app.core.brief import Begin, Brief, Delta, End, Identity, Text, Turn
from app.core.cache import MemoryCache
from app.core.question import Asset, Options, Question
from app.prompts.files import FilePrompts
from tests import fakes
from tests.receipts.passages import brake

BRIEF = Brief(
    Question("What is E73-B?"), (brake(),), ("E73-B",), prompts=FilePrompts().load(), scope="ann", deadline=1e12
)
WHO = Identity("gpt", "1", "0" * 64)


class Speaker(fakes.FakeAnalyzer):
    """Ends as it is told to."""

    finish = "stop"

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        async with closing(super().stream(brief)) as deltas:
            async for delta in deltas:
                yield replace(delta, finish=self.finish) if isinstance(delta, End) else delta


async def told(analyzer: Cached | Failover, brief: Brief = BRIEF) -> list[Delta]:
    async with closing(analyzer.stream(brief)) as deltas:
        return [delta async for delta in deltas]


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Text))


async def test_the_second_time_it_is_said_from_memory_and_marked() -> None:
    inner = Speaker("gpt")
    cached = Cached(inner, MemoryCache(10**6), 60)
    first, second = await told(cached), await told(cached, replace(BRIEF, deadline=5e12))
    assert isinstance(first[0], Begin) and not first[0].cached
    assert isinstance(second[0], Begin) and second[0].cached and second[0].identity == inner.identity
    assert text(first) == text(second) == inner.text and len(inner.briefs) == 1
    assert second[-1] == End(), "nothing was spent"


async def test_the_mark_passes_through_failover() -> None:
    cached = Cached(Speaker("gpt"), MemoryCache(10**6), 60)
    await told(cached)
    begin = (await told(Failover([cached, Speaker("evidence")])))[0]
    assert isinstance(begin, Begin) and begin.cached


class Cut(Speaker):
    finish = "length"


@pytest.mark.parametrize(
    "inner",
    [
        Cut("gpt"),
        Speaker("gpt", text=fakes.said(fakes.CAUSE)[:-2]),
        Speaker("gpt", text="The connector X12 is wet."),
        Speaker("gpt", text='{"statements": []}'),
        Speaker("gpt", text='{"statements": [{"kind": "cause"}]}'),
    ],
    ids=["not stopped", "cut", "prose", "nothing said", "malformed"],
)
async def test_only_whole_and_well_formed_answers_are_kept(inner: Speaker) -> None:
    cached = Cached(inner, MemoryCache(10**6), 60)
    for _ in range(2):
        await told(cached)
    assert len(inner.briefs) == 2


async def test_an_answer_that_broke_off_or_was_left_is_not_kept() -> None:
    inner = Speaker("gpt", fails_after=2)
    cached = Cached(inner, MemoryCache(10**6), 60)
    with pytest.raises(type(inner.error)):
        await told(cached)
    inner.fails_after = None
    async with closing(cached.stream(BRIEF)) as deltas:
        await anext(deltas)
        await anext(deltas)
    assert not (await told(cached))[0].cached  # type: ignore[union-attr]


CHANGED = {
    "question": replace(BRIEF, question=replace(BRIEF.question, text="What is E73-C?")),
    "log": replace(BRIEF, question=replace(BRIEF.question, log="12:00 E73-B")),
    "asset": replace(BRIEF, question=replace(BRIEF.question, asset=Asset(id="4711"))),
    "language": replace(BRIEF, question=replace(BRIEF.question, locale="de")),
    "knowledge base": replace(BRIEF, question=replace(BRIEF.question, kb="depot")),
    "owner": replace(BRIEF, scope="bob"),
    "passage": replace(BRIEF, evidence=(replace(brake(), text=brake().text + " "),)),
    "superseded": replace(BRIEF, evidence=(replace(brake(), superseded_by="main/new.md"),)),
    "fewer passages": replace(BRIEF, evidence=()),
    "codes": replace(BRIEF, codes=()),
    "history": replace(BRIEF, history=(Turn("user", "Before?"),)),
    "options": replace(BRIEF, options=Options(temperature=0.7)),
    "schema": replace(BRIEF, schema={"type": "object"}),
    "prompts": replace(BRIEF, prompts=None),
}


@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
def test_whatever_an_answer_depends_on_is_in_the_key(changed: Brief) -> None:
    assert key(changed, WHO) != key(BRIEF, WHO)


def test_the_key_knows_the_analyzer_by_all_of_its_hash() -> None:
    assert key(BRIEF, WHO) != key(BRIEF, replace(WHO, digest="0" * 63 + "1"))


def test_a_prompt_that_was_edited_under_the_same_version_is_another_one() -> None:
    class Edited:
        def pick(self, use_case: str, family: str) -> object:
            prompt = BRIEF.prompts.pick(use_case, family)  # type: ignore[union-attr]
            return replace(prompt, parts=(("user", lambda **_: "Say nothing."),))  # type: ignore[type-var]

    assert key(replace(BRIEF, prompts=Edited()), WHO) != key(BRIEF, WHO)  # type: ignore[arg-type]


def test_what_an_answer_does_not_depend_on_is_not() -> None:
    asked = replace(BRIEF.question, conversation_id="c", parent_run_id="r", analyzer="gpt")
    found = (replace(brake(), score=0.5, why={"dense": 0.5}),)
    assert key(replace(BRIEF, question=asked, evidence=found, deadline=3.0), WHO) == key(BRIEF, WHO)


async def test_what_another_version_wrote_is_no_answer() -> None:
    cache, inner = MemoryCache(10**6), Speaker("gpt")
    await cache.set(key(BRIEF, inner.identity), json.dumps({"words": 1}).encode(), 60)
    assert text(await told(Cached(inner, cache, 60))) == inner.text


def test_an_endless_answer_is_not_worth_keeping() -> None:
    assert worth_keeping(fakes.said(fakes.CAUSE))
    assert not worth_keeping(fakes.said(*[fakes.CAUSE] * 5000))
