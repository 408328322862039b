"""A run: its evidence pack, its events from any place on, and its end."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import HTMLResponse

from app.api.deps import Caller, Hall
from app.api.page import page, wants_page
from app.api.problems import RESPONSES
from app.api.responses import told
from app.api.sse import last_seq, stream

router = APIRouter(prefix="/runs", responses=RESPONSES)


@router.get("/{run_id}.html", response_class=HTMLResponse)
async def read_page(run_id: str, hall: Hall, caller: Caller) -> Response:
    return page(await hall.read_run(run_id, caller))


@router.get("/{run_id}", responses={200: {"content": {"text/html": {}}}})
async def read(run_id: str, hall: Hall, caller: Caller, accept: Annotated[str | None, Header()] = None) -> Response:
    """JSON, or the printable page where `Accept` asks for `text/html`."""
    return (page if wants_page(accept) else told)(await hall.read_run(run_id, caller))


@router.get("/{run_id}/events", response_class=Response, responses={200: {"content": {"text/event-stream": {}}}})
async def events(
    run_id: str, hall: Hall, caller: Caller, last_event_id: Annotated[str | None, Header()] = None
) -> Response:
    await hall.runs.get(caller, run_id)
    return stream(hall.agent.events(run_id, caller, last_seq(last_event_id, run_id)))


@router.delete("/{run_id}/record", status_code=204)
async def delete(run_id: str, hall: Hall, caller: Caller) -> None:
    """The run and its evidence pack, for good; the audit keeps who deleted it."""
    await hall.delete_run(run_id, caller)


@router.delete("/{run_id}", status_code=204)
async def cancel(run_id: str, hall: Hall, caller: Caller) -> None:
    await hall.agent.cancel(run_id, caller)
