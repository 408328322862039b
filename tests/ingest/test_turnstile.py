"""Who must have it quiet waits for those inside, and nobody comes in meanwhile."""

import asyncio

import pytest

from app.ingest.turnstile import Turnstile


async def test_many_pass_at_once_and_none_while_it_is_quiet() -> None:
    gate, order, inside = Turnstile(), [], asyncio.Event()  # type: ignore[var-annotated]

    async def write(name: str) -> None:
        async with gate.passing():
            order.append(f"{name} in")
            await inside.wait()
            order.append(f"{name} out")

    async def change() -> None:
        async with gate.quiet():
            order.append("change")

    first = [asyncio.create_task(write(name)) for name in ("a", "b")]
    await asyncio.sleep(0.01)
    quiet = asyncio.create_task(change())
    await asyncio.sleep(0.01)
    late = asyncio.create_task(write("c"))
    await asyncio.sleep(0.01)
    assert order == ["a in", "b in"]
    inside.set()
    await asyncio.gather(*first, quiet, late)
    assert order.index("change") > max(order.index("a out"), order.index("b out"))
    assert order.index("c in") > order.index("change")


async def test_what_fails_or_is_cancelled_leaves_the_way_open() -> None:
    gate = Turnstile()
    with pytest.raises(ValueError, match="broken"):
        async with gate.passing():
            raise ValueError("broken")
    holding = asyncio.Event()

    async def hold() -> None:
        async with gate.passing():
            await holding.wait()

    held = asyncio.create_task(hold())
    await asyncio.sleep(0.01)
    waiting = asyncio.create_task(gate.quiet().__aenter__())
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not gate.shut
    held.cancel()
    await asyncio.gather(held, return_exceptions=True)
    async with gate.quiet():
        assert gate.inside == 0
