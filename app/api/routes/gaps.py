"""What the documents lack: codes that were asked and are not known, questions that found nothing."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.deps import Caller, Hall
from app.api.problems import RESPONSES
from app.api.responses import told
from app.core.ids import kb_slug

router = APIRouter(prefix="/knowledge-gaps", responses=RESPONSES)


@router.get("")
async def listing(
    hall: Hall,
    caller: Caller,
    knowledge_base: Annotated[str | None, Query(description="Default: the configured one.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    return told({"gaps": await hall.gaps.list(caller, kb_slug(knowledge_base or hall.settings.kb), limit)})
