"""Feedback on an answer: thumbs, the cause that it really was, words, and whether the case is closed."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import StringConstraints

from app.api.deps import Caller, Hall
from app.api.problems import RESPONSES
from app.api.requests import Short, Strict
from app.api.responses import told
from app.core.feedback import Feedback

router = APIRouter(prefix="/feedback", responses=RESPONSES)


class FeedbackRequest(Strict):
    run_id: Short
    thumbs: Literal["up", "down"] | None = None
    corrected_cause: Annotated[str, StringConstraints(max_length=2_000)] = ""
    text: Annotated[str, StringConstraints(max_length=4_000)] = ""
    closed_case: bool = False


@router.post("", status_code=201)
async def give(body: FeedbackRequest, hall: Hall, caller: Caller) -> Response:
    credit = await hall.feedback.give(Feedback(**body.model_dump()), caller)
    return told({"run_id": body.run_id, "prompt": credit.prompt, "analyzer": credit.analyzer}, status=201)
