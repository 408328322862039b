"""A client's stream in a task of its own, so that leaving it closes its connection at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

T = TypeVar("T")
UNWIND_S = 0.2  # what a client may take to close its connection; one that takes longer is left to itself


async def pumped(stream: AsyncIterator[T]) -> AsyncIterator[T]:
    """Closing nested generators from outside reaches the innermost only when they are collected; a cancelled task

    unwinds from the innermost on, and with it goes the connection.
    """
    pieces: asyncio.Queue[T | None] = asyncio.Queue()

    async def pump() -> None:
        async for piece in stream:
            pieces.put_nowait(piece)

    task = asyncio.create_task(pump())
    task.add_done_callback(lambda _: pieces.put_nowait(None))
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
        await task
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=UNWIND_S)
        if task.done() and not task.cancelled():
            task.exception()  # it was told by `await task`, or nobody listens any more
