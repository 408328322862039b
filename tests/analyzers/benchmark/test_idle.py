"""Standing back for users: begun when it is quiet, broken off at once, begun again."""

import asyncio

import pytest

from app.analyzers.benchmark.idle import Idle


async def test_without_users_the_work_is_done_at_once() -> None:
    idle = Idle(quiet_s=60)

    async def work() -> int:
        return 7

    assert await idle.undisturbed(work, 1) == 7
    assert (idle.requests, idle.stood_back) == (0, 0)


async def test_work_waits_until_nobody_asks() -> None:
    idle, order = Idle(quiet_s=0.01), []

    async def work() -> None:
        order.append("work")

    with idle.asking():
        task = asyncio.create_task(idle.undisturbed(work, 10))
        await asyncio.sleep(0.05)
        order.append("answered")
    await task
    assert order == ["answered", "work"]


async def test_a_question_breaks_the_work_off_and_it_begins_again() -> None:
    idle = Idle(quiet_s=0.0)
    begun, broken = asyncio.Event(), asyncio.Event()
    attempts: list[int] = []

    async def work() -> str:
        attempts.append(len(attempts))
        begun.set()
        if len(attempts) > 1:
            return "done"
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            broken.set()
            raise
        return "never"

    task = asyncio.create_task(idle.undisturbed(work, 10))
    await begun.wait()
    with idle.asking():
        await asyncio.wait_for(broken.wait(), 1)
        assert not task.done()
    assert await task == "done"
    assert (attempts, idle.stood_back) == ([0, 1], 1)


async def test_two_users_at_once_are_both_waited_for() -> None:
    idle, done = Idle(quiet_s=0.0), asyncio.Event()

    async def work() -> None:
        done.set()

    first, second = idle.asking(), idle.asking()
    first.__enter__()
    second.__enter__()
    task = asyncio.create_task(idle.undisturbed(work, 10))
    await asyncio.sleep(0.02)
    first.__exit__(None, None, None)
    await asyncio.sleep(0.02)
    assert not done.is_set()
    second.__exit__(None, None, None)
    await task
    assert done.is_set()


async def test_patience_ends_where_users_never_stop() -> None:
    idle = Idle(quiet_s=0.0)

    async def work() -> None:
        raise AssertionError("it must not begin")

    with idle.asking(), pytest.raises(TimeoutError):
        await idle.undisturbed(work, 0.05)


async def test_users_who_come_again_and_again_end_it_too() -> None:
    idle = Idle(quiet_s=0.0)

    async def work() -> None:
        await asyncio.sleep(60)

    async def user() -> None:
        while True:
            with idle.asking():
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.005)

    asking = asyncio.create_task(user())
    try:
        with pytest.raises(TimeoutError):
            await idle.undisturbed(work, 0.2)
        assert idle.stood_back > 2
    finally:
        asking.cancel()


async def test_long_work_is_not_ended_by_patience_once_it_is_idle() -> None:
    idle = Idle(quiet_s=0.0)

    async def work() -> str:
        await asyncio.sleep(0.2)
        return "done"

    assert await idle.undisturbed(work, 0.05) == "done"


async def test_who_gives_up_ends_the_work() -> None:
    idle, broken = Idle(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            broken.set()

    task = asyncio.create_task(idle.undisturbed(work, 10))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert broken.is_set()


async def test_an_error_of_the_work_is_told() -> None:
    async def work() -> None:
        raise KeyError("it")

    with pytest.raises(KeyError):
        await Idle().undisturbed(work, 1)


async def test_every_question_is_counted_and_told() -> None:
    idle, told = Idle(), []
    idle.asked = lambda: told.append(idle.requests)
    for _ in range(3):
        with idle.asking():
            pass
    assert told == [1, 2, 3]
