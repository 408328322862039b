"""Events of a run as server-sent events (WHATWG HTML, 9.2)."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from fastapi.sse import EventSourceResponse, format_sse_event

from app.core.events import Event
from app.core.wire import to_json

HEARTBEAT_S = 10.0
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
T = TypeVar("T")


def stream(events: AsyncIterator[Event], heartbeat_s: float = HEARTBEAT_S) -> EventSourceResponse:
    return EventSourceResponse(frames(events, heartbeat_s, frame), headers=HEADERS)


async def frames(events: AsyncIterator[T], heartbeat_s: float, spell: Callable[[T], bytes]) -> AsyncIterator[bytes]:
    """A comment goes out whenever nothing else did for a heartbeat, so that proxies keep the connection."""
    following = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=heartbeat_s)
            if not done:
                yield format_sse_event(comment="alive")
                continue
            event = following.result()
            if event is None:
                return
            following = asyncio.ensure_future(anext(events, None))
            yield spell(event)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await events.aclose()  # type: ignore[attr-defined]  # an async generator: its readers are counted


def frame(event: Event) -> bytes:
    text = to_json(event.payload).decode()
    return format_sse_event(data_str=text, event=event.type, id=f"{event.run_id}:{event.seq}")


def last_seq(header: str | None, run_id: str) -> int:
    """`Last-Event-ID: run_id:seq` -> seq; anything else begins at the start."""
    told_run, _, seq = (header or "").rpartition(":")
    return int(seq) if told_run == run_id and re.fullmatch("[0-9]{1,9}", seq) else 0
