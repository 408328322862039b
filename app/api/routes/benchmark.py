"""How the configured analyzers compare."""

from fastapi import APIRouter, Response

from app.api.deps import Caller, Hall
from app.api.problems import RESPONSES
from app.api.responses import told

router = APIRouter(prefix="/benchmark", responses=RESPONSES)
short = APIRouter(prefix="/benchmark", responses=RESPONSES, include_in_schema=False)
ACCEPTED = 202


@short.get("/summary")
@router.get("/summary")
async def summary(hall: Hall, caller: Caller) -> Response:
    """The newest round and what it advises; figures alone, no question."""
    caller.must("ask", hall.settings.kb)
    return told(await hall.bench.summary())


@router.get("/history.svg", response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}})
async def history(hall: Hall, caller: Caller) -> Response:
    caller.must("ask", hall.settings.kb)
    return Response(await hall.bench.plot(), media_type="image/svg+xml")


@router.post("/run")
async def run(hall: Hall, caller: Caller, wait: bool = False) -> Response:
    """Begin a round, or join the one that runs; it stands back for users. With `wait` the answer is the round."""
    caller.must("operate")
    if wait:
        return told(await hall.bench.run())
    hall.bench.start()
    return told({"status": "running"}, status=ACCEPTED)
