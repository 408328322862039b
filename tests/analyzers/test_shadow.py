"""The shadow: real questions, off the path of those who asked, and only figures come of it."""

import asyncio
from dataclasses import replace

from app.analyzers.shadow import judged
from app.core.settings.qualify import QualifySettings
from app.core.standing import Standing
from app.prompts.files import FilePrompts
from tests.analyzers.houses import BRIEF, MemoryStandings, World, fake, house, said, soon, table

ALL = QualifySettings(sample=1.0, queue=2)
SHADOW = {"b": Standing("b", "b@1#00000000", "shadow")}


async def test_a_shadow_answers_what_was_answered_and_is_never_heard() -> None:
    kept = MemoryStandings(dict(SHADOW))
    async with house(table("a", a=fake(), b=fake()), standings=kept, qualify=ALL) as manager:
        begin, text = await said(manager.pick(None))
        assert begin.identity.name == "a" and "b@" not in text
        await soon(lambda: "1 answers, 0 errors" in kept.standings["b"].told)
        assert kept.audit == []  # figures are no decision


async def test_its_errors_are_counted_and_hurt_nobody() -> None:
    world, kept = World(broken={"b"}), MemoryStandings(dict(SHADOW))
    async with house(table("a", a=fake(), b=fake(mb=10)), world, standings=kept, qualify=ALL) as manager:
        assert (await said(manager.pick(None)))[0].reason == ""
        await soon(lambda: "1 answers, 1 errors" in kept.standings["b"].told)


async def test_it_waits_until_users_leave_the_machine_in_peace_and_more_than_may_wait_are_let_go() -> None:
    world, kept = World(), MemoryStandings(dict(SHADOW))
    rows = {"a": fake(), "slow": fake(waits=True), "b": fake()}
    async with house(table("a", **rows), world, standings=kept, qualify=ALL) as manager:
        user = asyncio.create_task(said(manager.bare("slow")))
        await soon(lambda: manager.seat("slow").leases)
        for _ in range(9):
            await said(manager.pick(None))
        assert kept.standings["b"].told == ""
        world.gate.set()
        await user
        await soon(lambda: "answers" in kept.standings["b"].told)
        await asyncio.sleep(0.3)
        assert manager.shadow.tallies["b"].answers <= 3  # one in hand and two that waited


async def test_nothing_crosses_to_a_remote_one_and_nobody_is_evicted() -> None:
    kept = MemoryStandings({"b": Standing("b", "b@1#00000000", "shadow"), "c": Standing("c", "c@1#00000000", "shadow")})
    rows = {"a": fake(mb=700), "b": fake(remote=True), "c": fake(mb=700)}
    async with house(table("a", **rows), standings=kept, qualify=ALL) as manager:
        assert (await said(manager.pick(None)))[0].identity.name == "a"
        await soon(lambda: "1 errors" in kept.standings["c"].told)
        assert kept.standings["b"].told == "" and manager.states()["a"] == "ready"


async def test_a_sample_of_nothing_asks_nobody() -> None:
    kept = MemoryStandings(dict(SHADOW))
    none = QualifySettings(sample=0.0)
    async with house(table("a", a=fake(), b=fake()), standings=kept, qualify=none) as manager:
        await said(manager.pick(None))
        await asyncio.sleep(0.05)
        assert manager.shadow.tallies == {}


async def test_what_it_says_is_held_against_the_passages_like_any_answer() -> None:
    async with house(table()) as manager:
        brief = replace(BRIEF, prompts=FilePrompts().load())
        marks = await judged(manager.bare("evidence"), brief)
        assert marks and set(marks) == {"supported"}
