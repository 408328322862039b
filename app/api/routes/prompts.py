"""Prompts: what there is, who changed what, and the experiments between them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from app.api.deps import Caller, Hall
from app.api.problems import RESPONSES
from app.api.requests import Short, Strict
from app.api.responses import told
from app.core.ids import kb_slug
from app.core.settings.prompts import ExperimentSettings

router = APIRouter(prefix="/prompts", responses=RESPONSES)

Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


class ExperimentRequest(ExperimentSettings):
    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")
    knowledge_base: Short | None = None


class MoveRequest(Strict):
    label: Short = Field(min_length=1)
    version: int = Field(ge=1)
    note: str = Field("", max_length=1_000)


class StopRequest(Strict):
    reason: str = Field(min_length=1, max_length=1_000)
    knowledge_base: Short | None = None


@router.get("")
async def listing(hall: Hall, caller: Caller) -> Response:
    return told({"prompts": await hall.prompts.list(caller)})


@router.get("/experiments")
async def experiments(hall: Hall, caller: Caller) -> Response:
    return told({"experiments": await hall.experiments.standings(caller)})


@router.get("/experiments.svg", response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}})
async def plot(hall: Hall, caller: Caller) -> Response:
    return Response(await hall.experiment_plot(caller), media_type="image/svg+xml")


@router.post("/experiments", status_code=201)
async def begin(body: ExperimentRequest, hall: Hall, caller: Caller) -> Response:
    spec = ExperimentSettings(**body.model_dump(exclude={"name", "knowledge_base"}))
    kb = kb_slug(body.knowledge_base or hall.settings.kb)
    return told(await hall.experiments.begin(body.name, kb, spec, caller), status=201)


@router.post("/experiments/{name}/stop")
async def stop(name: Name, body: StopRequest, hall: Hall, caller: Caller) -> Response:
    kb = kb_slug(body.knowledge_base or hall.settings.kb)
    return told(await hall.experiments.stop(name, kb, body.reason, caller))


@router.get("/audit")
async def audit(
    hall: Hall, caller: Caller, name: Short | None = None, limit: Annotated[int, Query(ge=1, le=1_000)] = 100
) -> Response:
    return told({"changes": await hall.prompts.audit(caller, name, limit)})


@router.get("/{name}")
async def show(name: Name, hall: Hall, caller: Caller, which: Short = "") -> Response:
    return told({"name": name, "which": which or "file", "text": await hall.prompts.read(caller, name, which)})


@router.post("/{name}/promote")
async def promote(name: Name, body: MoveRequest, hall: Hall, caller: Caller) -> Response:
    return told(await hall.prompts.promote(name, body.version, body.label, body.note, caller))
