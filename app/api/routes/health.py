"""Alive, and how much of the whole is working."""

from fastapi import APIRouter, Response

from app.api.deps import Hall
from app.api.responses import told

router = APIRouter()


@router.get("/healthz")
async def alive() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
async def ready(hall: Hall) -> Response:
    """200 while questions can be answered, 503 else; `parts` tells the state of each dependency."""
    readiness = await hall.readiness()
    return told(readiness, status=200 if readiness.ready else 503)
