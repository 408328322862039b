"""The newest traces, and the waterfall of one: where the time of an answer went, without a collector."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.deps import Caller, Hall
from app.api.problems import RESPONSES
from app.api.responses import told

router = APIRouter(prefix="/traces", responses=RESPONSES)


@router.get("")
async def newest(hall: Hall, caller: Caller, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
    """Of the caller's own runs, the one that ended last first."""
    return told({"traces": await hall.watch.newest(caller, limit)})


@router.get("/{trace_id}")
async def read(trace_id: str, hall: Hall, caller: Caller) -> Response:
    return told(await hall.watch.trace(caller, trace_id))
