"""The operator's documents: bring one, list them, read the text a citation points into, remove one."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response, UploadFile

from app.api.deps import Caller, Hall
from app.api.problems import RESPONSES
from app.api.responses import told
from app.core.ids import kb_slug

router = APIRouter(prefix="/documents", responses=RESPONSES)
KnowledgeBase = Annotated[str | None, Query(description="Default: the configured one.")]


@router.post("", status_code=201)
async def upload(
    file: UploadFile,
    hall: Hall,
    caller: Caller,
    path: Annotated[str | None, Form(description="Path on the shelf; default: the file's name.")] = None,
    knowledge_base: Annotated[str | None, Form()] = None,
) -> Response:
    kb = kb_slug(knowledge_base or hall.settings.kb)
    outcome = await hall.pipeline.upload(caller, kb, path or file.filename or "", await file.read())
    return told(outcome, status=201)


@router.get("")
async def listing(hall: Hall, caller: Caller, knowledge_base: KnowledgeBase = None) -> Response:
    rows = await hall.documents.list(caller, kb_slug(knowledge_base or hall.settings.kb))
    return told({"documents": rows})


@router.get("/{document_id:path}/diff")
async def difference(
    document_id: str,
    hall: Hall,
    caller: Caller,
    against: Annotated[str | None, Query(description="Id or path; default: the revision that it replaced.")] = None,
    knowledge_base: KnowledgeBase = None,
) -> Response:
    kb = kb_slug(knowledge_base or hall.settings.kb)
    return told(await hall.compare(document_id, kb, against, caller))


@router.get("/{document_id:path}")
async def read(document_id: str, hall: Hall, caller: Caller) -> Response:
    return told(await hall.documents.get(caller, document_id))


@router.delete("/{document_id:path}", status_code=204)
async def remove(document_id: str, hall: Hall, caller: Caller) -> None:
    await hall.remove_document(document_id, caller)
