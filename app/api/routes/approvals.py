"""Held steps: which wait, and a named person's decision."""

from fastapi import APIRouter, Response

from app.api.deps import Caller, Hall
from app.api.problems import RESPONSES
from app.api.requests import DecisionRequest
from app.api.responses import told
from app.core.diagnosis import Diagnosis

router = APIRouter(prefix="/approvals", responses=RESPONSES)


@router.get("")
async def waiting(hall: Hall, caller: Caller) -> Response:
    return told({"runs": await hall.runs.waiting(caller)})


@router.post("/{run_id}", response_model=Diagnosis)
async def decide(run_id: str, body: DecisionRequest, hall: Hall, caller: Caller) -> Response:
    return told(await hall.agent.decide(run_id, body.decision, body.reason, caller))
