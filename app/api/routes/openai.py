"""OpenAI's protocol: each configured analyzer is a model, and `rail-debug` is whichever is active."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from app.api import chat
from app.api.chat_request import ACTIVE, ChatRequest
from app.api.deps import Hall, admit
from app.api.gone import unless_gone
from app.api.responses import told
from app.api.routes.debug import CLIENT_CLOSED
from app.core.principal import Principal
from app.services import models

ERRORS: dict[int | str, dict[str, object]] = {
    code: {"description": f"{text}; OpenAI's error object, with our code and hint"}
    for code, text in {400: "Not acceptable", 401: "No key", 403: "Not allowed", 404: "No such model"}.items()
}
router = APIRouter(responses=ERRORS)
OUR_KEY = "bearer rd_"


async def admitted(request: Request) -> Principal:
    """These clients cannot be without a key: one that is none of ours counts as none."""
    sent = request.headers.get("authorization", "")
    return await admit(request, sent if sent.lower().startswith(OUR_KEY) else None)


Caller = Annotated[Principal, Depends(admitted)]


@router.post("/chat/completions", response_class=Response)
async def completions(
    body: ChatRequest,
    request: Request,
    hall: Hall,
    caller: Caller,
    x_knowledge_base: Annotated[str | None, Header()] = None,
) -> Response:
    question = body.to_question(x_knowledge_base or hall.settings.kb)
    if body.stream:
        return chat.stream(hall, body, await hall.agent.start(question, caller), caller)
    diagnosis = await unless_gone(request, hall.agent.ask(question, caller))
    if diagnosis is None:
        return Response(status_code=CLIENT_CLOSED)
    return told(chat.completion(body, diagnosis), headers={chat.RUN_ID: diagnosis.run_id})


@router.get("/models")
async def listing(hall: Hall, caller: Caller) -> Response:
    found = (await models.report(hall, caller)).models
    active = [card(model, ACTIVE) for model in found if model.active]
    return told({"object": "list", "data": [*active, *(card(model, model.name) for model in found)]})


@router.get("/models/{name}")
async def show(name: str, hall: Hall, caller: Caller) -> Response:
    asked = hall.analyzers.active if name == ACTIVE else name
    return told(card(await models.one(hall, caller, asked), name))


def card(model: models.Model, name: str) -> dict[str, object]:
    """OpenAI's four fields, of which nobody knows when a model was made, and how it stands."""
    own = {"id": name, "object": "model", "created": 0, "owned_by": ACTIVE}
    return {**own, "state": model.state, "active": model.active, "analyzer": model.label, "context": model.context}
