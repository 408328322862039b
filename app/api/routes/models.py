"""The analyzers: which there are and how they stand, and for an admin: load, unload, qualify, switch while serving."""

from fastapi import APIRouter, Response

from app.api.deps import Caller, Hall
from app.api.problems import RESPONSES
from app.api.requests import ReasonRequest, StageRequest
from app.api.responses import told
from app.services import models

router = APIRouter(responses=RESPONSES)
short = APIRouter(responses=RESPONSES)
NO_REASON = ReasonRequest()


@router.get("/models")
async def listing(hall: Hall, caller: Caller) -> Response:
    return told(await models.report(hall, caller))


@router.get("/models/{name}")
async def show(name: str, hall: Hall, caller: Caller) -> Response:
    return told(await models.one(hall, caller, name))


@router.post("/models/{name}/load")
async def load(name: str, hall: Hall, caller: Caller) -> Response:
    return told(await models.load(hall, caller, name))


@router.post("/models/{name}/unload")
async def unload(name: str, hall: Hall, caller: Caller) -> Response:
    """Running answers end first; `state` is `draining` when they took longer than is waited for them."""
    return told(await models.unload(hall, caller, name))


@router.post("/models/{name}/qualify")
async def qualify(name: str, hall: Hall, caller: Caller, body: ReasonRequest = NO_REASON) -> Response:
    """Asks the golden questions, which takes as long as that many answers; with a reason, an override."""
    return told(await models.qualified(hall, caller, name, body.reason))


@router.post("/models/{name}/stage")
async def stage(name: str, body: StageRequest, hall: Hall, caller: Caller) -> Response:
    return told(await models.staged(hall, caller, name, body.stage))


@router.post("/model/switch/{version}")
@short.post("/model/switch/{version}", include_in_schema=False)
async def switch(version: str, hall: Hall, caller: Caller, body: ReasonRequest = NO_REASON) -> Response:
    """Answers when the new one has been loaded and has answered a first question; until then the old one serves."""
    return told(await models.switch(hall, caller, version, body.reason))
