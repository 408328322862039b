"""Memory: estimated before, measured after, made free for another, and never taken from under a question."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from app.analyzers.memory import Machine
from app.core.errors import AnalyzerNoRoom, AnalyzerUnavailable
from tests.analyzers.houses import MB, QUICK, FakeMemory, World, fake, house, said, soon, table

BIG = fake(mb=300)


async def test_what_takes_memory_is_loaded_when_it_is_asked_and_counted() -> None:
    world = World()
    async with house(table(a=BIG, light=fake()), world) as manager:
        assert manager.states() == {"evidence": "ready", "a": "idle", "light": "ready"}
        begin, _ = await said(manager.pick("a"))
        assert begin.identity.name == "a"
        assert manager.pool.held.ram == 300 * MB and manager.states()["a"] == "ready"
    assert world.loaded["a"] == 0 and world.memory.taken == 0


async def test_what_it_really_took_counts_when_that_is_more() -> None:
    async with house(table(a=fake(mb=100, grows=250))) as manager:
        await manager.load_one("a")
        (row,) = [m for m in (await manager.report()).models if m.name == "a"]
        assert (row.estimated.ram, row.measured.ram) == (100 * MB, 250 * MB)
        assert manager.pool.held.ram == 250 * MB


async def test_the_least_recently_used_goes_and_the_active_one_stays() -> None:
    world = World()
    async with house(table("a", a=BIG, b=BIG, c=BIG), world) as manager:
        for name in ("b", "a"):
            await said(manager.pick(name))
        await said(manager.pick("c"))  # 3 x 300 are more than 80 % of 1000
        assert world.loaded == {"a": 1, "b": 0, "c": 1}
        await said(manager.pick("b"))
        assert world.loaded == {"a": 1, "b": 1, "c": 0}


async def test_a_leased_one_is_never_unloaded_and_the_error_says_what_was_short() -> None:
    world = World()
    async with house(table(a=BIG, b=BIG, c=BIG), world) as manager, AsyncExitStack() as leases:
        for name in ("a", "b"):
            await leases.enter_async_context(manager.pool.lease(manager.seat(name)))
        with pytest.raises(AnalyzerNoRoom, match=r"needs 0\.29 GiB and 0\.10 GiB .* budget is 0\.78 GiB.* a 0\.29"):
            await manager.load_one("c")
        assert world.log == ["+a", "+b"]
        begin, _ = await said(manager.pick("c"))
        assert begin.identity.name == "evidence" and begin.reason == "c: analyzer_unavailable"
        assert "analyzer_no_room" in manager.states()["c"]


async def test_nobody_is_evicted_in_vain() -> None:
    world = World()
    async with house(table(a=BIG, huge=fake(mb=900)), world) as manager:
        await manager.load_one("a")
        with pytest.raises(AnalyzerNoRoom):
            await manager.load_one("huge")
        assert world.log == ["+a"]


async def test_what_other_programs_take_is_not_there_for_us() -> None:
    world = World(FakeMemory(others=800))
    async with house(table(a=BIG), world) as manager:
        with pytest.raises(AnalyzerNoRoom, match=r"the machine has 0\.20 GiB free"):
            await manager.load_one("a")


async def test_who_asks_without_right_to_evict_pushes_nobody_out() -> None:
    world = World()
    async with house(table(a=BIG, b=BIG, c=BIG), world) as manager:
        for name in ("a", "b"):
            await manager.load_one(name)
        with pytest.raises(AnalyzerNoRoom):
            await said(manager.bare("c"))
        assert world.log == ["+a", "+b"]


async def test_unload_lets_running_answers_end_and_lets_nobody_in() -> None:
    world = World()
    async with house(table(a=fake(mb=300, waits=True)), world) as manager:
        running = asyncio.create_task(said(manager.bare("a")))
        await soon(lambda: manager.seat("a").leases)
        leaving = asyncio.create_task(manager.unload_one("a"))
        await soon(lambda: manager.states()["a"] == "draining")
        assert world.loaded["a"] == 1
        world.gate.set()
        assert (await running)[0].identity.name == "a"
        assert await leaving == "idle" and world.loaded["a"] == 0


async def test_many_who_want_it_at_once_share_one_load_and_one_who_leaves_does_not_end_it() -> None:
    world = World()
    async with house(table(a=fake(mb=300, load_s=0.05)), world) as manager:
        asked = [asyncio.create_task(said(manager.pick("a"))) for _ in range(8)]
        await asyncio.sleep(0.01)
        asked[0].cancel()
        assert {begin.identity.name for begin, _ in await asyncio.gather(*asked[1:])} == {"a"}
        assert world.log == ["+a"]


async def test_one_that_could_not_be_loaded_is_not_tried_with_every_question() -> None:
    world = World(broken={"a"})
    async with house(table(a=BIG), world) as manager:
        assert (await said(manager.pick("a")))[0].identity.name == "evidence"
        world.broken.clear()
        assert (await said(manager.pick("a")))[0].identity.name == "evidence"  # not yet again
        assert await manager.load_one("a") == "ready"  # somebody asks for it by name


async def test_a_queue_brings_another_copy_within_the_budget_and_rest_takes_it_away() -> None:
    world = World()
    async with house(table(a=fake(mb=300, waits=True, replicas=5)), world) as manager:
        asked = [asyncio.create_task(said(manager.bare("a"))) for _ in range(3)]
        await soon(lambda: len(manager.seat("a").copies) == 2)
        asked += [asyncio.create_task(said(manager.bare("a"))) for _ in range(6)]
        await asyncio.sleep(0.02)
        assert [copy.leases for copy in manager.seat("a").copies] == [5, 4]  # the new one took what came after it
        assert len(manager.seat("a").copies) == 2  # a third would not fit
        world.gate.set()
        await asyncio.gather(*asked)
        await soon(lambda: world.loaded["a"] == 1)
        assert manager.pool.held.ram == 300 * MB


async def test_a_copy_beyond_the_first_makes_room_before_any_row_does() -> None:
    world = World()
    settings = QUICK.model_copy(update={"idle_s": 60.0})
    async with house(table(a=fake(mb=300, waits=True, replicas=2), b=BIG), world, settings=settings) as manager:
        asked = [asyncio.create_task(said(manager.bare("a"))) for _ in range(3)]
        await soon(lambda: len(manager.seat("a").copies) == 2)
        world.gate.set()
        await asyncio.gather(*asked)
        await manager.load_one("b")
        assert world.loaded == {"a": 1, "b": 1}


async def test_without_waiting_what_is_not_loaded_is_not_there() -> None:
    async with house(table(a=BIG)) as manager:
        with pytest.raises(AnalyzerUnavailable, match="'a' is not loaded"):
            async with manager.pool.lease(manager.seat("a"), wait=False):
                pass


def test_the_machine_tells_what_it_has() -> None:
    machine = Machine()
    assert machine.total().ram >= machine.free().ram > 0
    assert machine.resident().ram > 10 * MB


def test_a_container_has_its_own_limit(tmp_path: object) -> None:
    from pathlib import Path

    limit, none = Path(str(tmp_path)) / "memory.max", Path(str(tmp_path)) / "max"
    limit.write_text(f"{64 * MB}\n")
    none.write_text("max\n")
    assert Machine((limit, none)).total().ram == 64 * MB
    assert Machine((none,)).total().ram > 64 * MB
