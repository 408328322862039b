"""Switching while questions come: nothing is lost, nothing is mixed, and what cannot answer never leads."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.core import errors
from app.core.question import Question
from app.core.settings.analyzers import AnalyzerSpec, Route, When
from app.core.standing import Choice, Entry, Standing
from tests.analyzers.houses import BRIEF, MemoryStandings, World, fake, house, said, soon, table

ROOT = Path(__file__).parents[2]
DEAD = AnalyzerSpec.model_validate({"kind": "openai", "model": "m", "base_url": "http://127.0.0.1:9", "retries": 0})
A, B = fake(mb=100), fake(mb=100)
WHY = "the drill"


async def test_a_dead_server_is_answered_for_by_evidence_with_the_reason() -> None:
    from app.prompts.files import FilePrompts

    async with house(table("gpt", gpt=DEAD)) as manager:
        begin, text = await said(manager.pick(None), replace(BRIEF, prompts=FilePrompts().load()))
        assert (begin.identity.name, begin.reason) == ("evidence", "gpt: analyzer_unreachable")
        assert text


async def test_states_tell_what_is_ready_and_why_another_is_not() -> None:
    async with house(table("a", a=A, b=fake()), World(broken={"a"})) as manager:
        assert manager.states() == {
            "evidence": "ready",
            "a": "analyzer_unavailable: the weights are gone",
            "b": "ready",
        }


async def test_an_analyzer_that_is_not_configured_is_refused_with_the_names_there_are() -> None:
    async with house(table(a=A)) as manager:
        with pytest.raises(errors.UnknownAnalyzer) as caught:
            manager.pick("claude")
        assert "a, evidence" in caught.value.hint
    with pytest.raises(errors.UnknownAnalyzer):
        async with house(table("a")):
            pass


async def test_a_wrong_row_is_refused_by_name() -> None:
    wrong = {
        r"analyzers\.x\.kind: 'gguf'": table(x=AnalyzerSpec(kind="gguf")),
        r"analyzers\.evidence\.kind": table(evidence=DEAD),
        r"analyzers\.x\.base_url": table(
            x=AnalyzerSpec.model_validate({"kind": "openai", "model": "m", "base_url": "ftp://x"})
        ),
        r"fallback\.0: 'y'": table(changes={"fallback": ("y",)}),
        r"routes\.0\.to: 'y'": table(changes={"routes": (Route(to="y"),)}),
        r"routes\.0\.when\.subsystem: 'breaks'": table(
            changes={"routes": (Route(to="evidence", when=When(subsystem=("breaks",))),)}
        ),
    }
    for message, own in wrong.items():
        with pytest.raises(errors.InvalidSettings, match=message):
            async with house(own):
                pass


async def test_a_switch_moves_the_default_and_frees_the_old_one() -> None:
    world, kept = World(), MemoryStandings()
    async with house(table("a", a=A, b=B), world, standings=kept) as manager:
        assert await manager.switch("b", "anna", WHY) == "b"
        assert (await said(manager.pick(None)))[0].identity.name == "b"
        await soon(lambda: world.loaded["a"] == 0)
        (line,) = kept.audit
        assert (line.who, line.what) == ("anna", "analyzer.switched")
        assert {"from": "a", "to": "b@1#00000000", "reason": WHY}.items() <= line.details.items()
        assert isinstance(line.details["first_word_ms"], float) and line.details["first_word_ms"] > 0


async def test_a_running_answer_ends_on_the_old_one_and_only_then_is_that_unloaded() -> None:
    world = World()
    async with house(table("a", a=fake(mb=100, waits=True), b=B), world) as manager:
        running = asyncio.create_task(said(manager.pick(None)))
        await soon(lambda: manager.seat("a").leases)
        await manager.switch("b", "anna", WHY)
        assert (await said(manager.pick(None)))[0].identity.name == "b"
        assert world.loaded["a"] == 1
        world.gate.set()
        begin, text = await running
        assert begin.identity.name == "a" and set(text.split()) == {"a@1#00000000"}
        await soon(lambda: world.loaded["a"] == 0)


@pytest.mark.parametrize("fault", ["broken", "mute"])
async def test_one_that_cannot_be_loaded_or_says_nothing_changes_nothing(fault: str) -> None:
    world, kept = World(), MemoryStandings()
    getattr(world, fault).add("b")
    async with house(table("a", a=A, b=B), world, standings=kept) as manager:
        with pytest.raises(errors.AnalyzerError):
            await manager.switch("b", "anna", WHY)
        assert manager.active == "a" and world.loaded.get("b", 0) == 0 and kept.audit == []
        assert (await said(manager.pick(None)))[0].identity.name == "a"


async def test_one_that_is_not_qualified_leads_only_with_a_reason() -> None:
    kept = MemoryStandings()
    async with house(table("evidence", a=A), standings=kept) as manager:
        with pytest.raises(errors.Conflict, match="candidate"):
            await manager.switch("a", "anna")
        with pytest.raises(errors.Conflict, match="passed nothing"):
            await manager.stage("a", "qualified", "anna")
        await manager.stage("a", "qualified", "anna", told="facts 0.9 [0.8, 0.95], n=77")
        assert await manager.switch("a", "anna") == "a"
        assert [line.what for line in kept.audit] == ["analyzer.staged", "analyzer.switched"]
        assert kept.audit[0].details["override"] is False
        with pytest.raises(errors.Conflict, match="always qualified"):
            await manager.stage("evidence", "candidate", "anna")


async def test_trust_is_gone_with_other_weights() -> None:
    kept = MemoryStandings({"a": Standing("a", "a@1#00000000", "qualified", "passed")})
    async with house(table(a=A), standings=kept) as manager:
        assert (await manager.report()).models[1].stage == "qualified"
        await manager.apply(table(a=fake(mb=100, version=2)))
        assert (await manager.report()).models[1].stage == "candidate"


async def test_failover_lands_only_on_qualified_ones_that_may_be_asked() -> None:
    world = World(broken={"a"})
    rows = {"a": A, "candidate": fake(), "far": fake(remote=True), "good": fake()}
    kept = MemoryStandings({n: Standing(n, f"{n}@1#00000000", "qualified", "passed") for n in ("far", "good")})
    order = {"fallback": ("candidate", "far", "good")}
    async with house(table("a", changes=order, **rows), world, standings=kept) as manager:
        assert (await said(manager.pick(None)))[0].identity.name == "good"
        await manager.apply(table("a", changes={**order, "allow_remote": True}, **rows))
        assert (await said(manager.pick(None)))[0].identity.name == "far"
        await manager.stage("candidate", "qualified", "anna", reason=WHY)
        assert (await said(manager.pick(None)))[0].identity.name == "candidate"
        assert (await said(manager.pick("evidence")))[0].identity.name == "evidence"


async def test_another_table_takes_effect_in_one_step_and_a_wrong_one_not_at_all() -> None:
    world = World()
    async with house(table("a", a=A), world) as manager:
        await manager.apply(table("b", a=A, b=B))
        assert (await said(manager.pick(None)))[0].identity.name == "b"
        for wrong in (table("c", a=A, b=B), table("b", b=AnalyzerSpec(kind="gguf"))):
            with pytest.raises(errors.InvalidInput):
                await manager.apply(wrong)
        world.broken.add("d")
        with pytest.raises(errors.AnalyzerUnavailable):
            await manager.apply(table("d", d=fake(mb=5)))
        assert manager.active == "b" and set(manager.seats) == {"evidence", "a", "b"}
        assert (await said(manager.pick(None)))[0].identity.name == "b"


async def test_a_change_that_cannot_be_kept_leaves_nothing_of_itself_in_memory() -> None:
    class Full(MemoryStandings):
        async def choose(self, choice: Choice, entry: Entry) -> None:
            raise errors.RecordsUnavailable("the disk is full")

    world = World()
    async with house(table("a", a=A), world, standings=Full()) as manager:
        with pytest.raises(errors.RecordsUnavailable):
            await manager.apply(table("b", a=A, b=B))
        with pytest.raises(errors.RecordsUnavailable):
            await manager.switch("evidence", "anna")
        assert manager.active == "a" and world.loaded == {"a": 1, "b": 0}


async def test_a_row_that_changed_is_another_analyzer_and_the_old_one_is_closed() -> None:
    world = World()
    async with house(table("a", a=A), world) as manager:
        picked = manager.pick(None)
        await manager.apply(table("a", a=fake(mb=100, version=2)))
        assert (await said(manager.pick(None)))[0].identity.version == "2"
        await soon(lambda: world.loaded["a"] == 1 and len(manager.pool.copies) == 2)
        begin, _ = await said(picked)  # who was picked before, and asked only now, is answered for
        assert begin.identity.name == "evidence"
        await manager.apply(table())
        await soon(lambda: world.loaded["a"] == 0)


async def test_what_was_chosen_holds_after_a_restart_until_the_settings_say_something_else() -> None:
    kept = MemoryStandings()
    rows = {"a": A, "b": B}
    async with house(table("a", **rows), standings=kept) as manager:
        await manager.switch("b", "anna", WHY)
    async with house(table("a", **rows), standings=kept) as manager:
        assert manager.active == "b"
        assert (await said(manager.pick(None)))[0].identity.name == "b"
    async with house(table("evidence", **rows), standings=kept) as manager:
        assert manager.active == "evidence"
    async with house(table("a", a=A), standings=kept) as manager:
        assert manager.active == "a"  # b is no row any more


async def test_what_another_process_chose_or_qualified_is_followed() -> None:
    world, kept = World(broken={"b"}), MemoryStandings()
    async with house(table("a", a=A, b=B, c=fake()), world, standings=kept) as manager:
        kept.choice = Choice("1", "c", "a", "anna", 1.0)
        await soon(lambda: manager.active == "c")
        kept.choice = Choice("2", "b", "a", "anna", 2.0)
        await soon(lambda: manager.follow_error)
        assert manager.active == "c" and "b was chosen" in manager.follow_error
        kept.standings["c"] = Standing("c", "c@1#00000000", "qualified", "passed")
        await soon(lambda: manager.trust.stage(manager.seat("c").face.identity) == "qualified")


async def test_a_question_goes_where_its_route_leads_and_a_named_analyzer_wins() -> None:
    routes = (
        Route(when=When(subsystem=("brakes",), difficulty="easy"), to="brakes"),
        Route(when=When(difficulty="easy"), to="small"),
    )
    rows = {"brakes": fake(), "small": fake(), "big": fake()}
    async with house(table("big", changes={"routes": routes}, **rows)) as manager:
        assert manager.choose(Question("E73-B: what does the brake do?")).name == "brakes"
        assert manager.choose(Question("What is E73-B?")).name == "small"
        assert manager.choose(Question("the train stands")).name == "big"
        assert manager.choose(Question("What is E73-B?", analyzer="big")).name == "big"


async def test_two_hundred_questions_while_it_switches_are_all_answered_each_by_one() -> None:
    world = World()
    async with house(table("a", a=A, b=B), world) as manager:
        answers: list[tuple[str, str]] = []

        async def ask() -> None:
            begin, text = await said(manager.pick(None))
            assert begin.reason == "" and set(text.split()) == {begin.identity.label}
            answers.append((begin.identity.name, text))

        asked = []
        for number in range(200):
            asked.append(asyncio.create_task(ask()))
            if number % 20 == 10:  # those asked just before are under way meanwhile
                await manager.switch("ba"[number // 20 % 2], "anna", WHY)
        await asyncio.gather(*asked)
        assert len(answers) == 200 and {name for name, _ in answers} == {"a", "b"}


async def test_an_answer_tells_what_it_cost() -> None:
    from app.core.brief import End

    priced = fake(price={"input": 2.0, "output": 4.0, "currency": "CHF"})
    async with house(table("a", a=priced)) as manager:
        (end,) = [d async for d in manager.pick(None).stream(BRIEF) if isinstance(d, End)]
        assert (end.cost, end.currency) == (4.0, "CHF")


def test_building_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; from app.services.analyzing import manager; from app.core.settings import Settings;"
        "from app.core.settings.analyzers import AnalyzerSpec;"
        "row = AnalyzerSpec.model_validate({'kind': 'openai', 'model': 'm'});"
        "manager(Settings(analyzers={'g': row}, analyzer='g'), None, lambda: None).pick(None);"
        "print(sorted({'openai', 'httpx', 'aiohttp', 'jinja2', 'numpy', 'psutil', 'redis'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
