"""A question in, a diagnosis out: whole, or event by event."""

from fastapi import APIRouter, Request, Response

from app.api.deps import Caller, Hall
from app.api.gone import unless_gone
from app.api.problems import RESPONSES
from app.api.requests import DebugRequest
from app.api.responses import told
from app.api.sse import stream
from app.core.diagnosis import Diagnosis

router = APIRouter(responses=RESPONSES)

CLIENT_CLOSED = 499  # nobody reads it; access logs tell such calls apart by it


@router.post("/debug", response_model=Diagnosis)
async def debug(body: DebugRequest, request: Request, hall: Hall, caller: Caller) -> Response:
    diagnosis = await unless_gone(request, hall.agent.ask(body.to_question(hall.settings.kb), caller))
    return told(diagnosis) if diagnosis else Response(status_code=CLIENT_CLOSED)


@router.post("/debug/stream", response_class=Response, responses={200: {"content": {"text/event-stream": {}}}})
async def debug_stream(body: DebugRequest, hall: Hall, caller: Caller) -> Response:
    run_id = await hall.agent.start(body.to_question(hall.settings.kb), caller)
    return stream(hall.agent.events(run_id, caller))
