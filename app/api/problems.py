"""Errors as RFC 9457 problem details, whatever raised them."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.api import openai_error
from app.core.errors import InvalidInput, NotFound, RailDebugError
from app.gate.base import problem

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)

RESPONSES: dict[int | str, dict[str, object]] = {
    code: {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for code, text in {400: "Not acceptable", 401: "No key", 403: "Not allowed", 413: "Too large"}.items()
}


def respond(request: Request, error: RailDebugError, **more: object) -> JSONResponse:
    after = getattr(error, "after", None)
    return shaped(request, {**problem(error), **more}, {"retry-after": str(int(after))} if after else None)


def shaped(request: Request, told: dict[str, Any], headers: Mapping[str, str] | None) -> JSONResponse:
    """The one place where the door decides how an error looks."""
    if openai_error.spoken_at(request.url.path):
        return JSONResponse(openai_error.error_object(told), openai_error.status_of(told), headers)
    return JSONResponse(told, told["status"], headers, MEDIA_TYPE)


async def ours(request: Request, error: Exception) -> JSONResponse:
    return respond(request, error if isinstance(error, RailDebugError) else RailDebugError("The service failed."))


async def invalid(request: Request, error: Exception) -> JSONResponse:
    """Says where in the request each wrong value stands, and never repeats the value."""
    wrong = error.errors() if isinstance(error, RequestValidationError) else []
    places = [{"at": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in wrong]
    told = "; ".join(f"{place['at']}: {place['message']}" for place in places)
    return respond(request, InvalidInput(f"The request is not valid: {told}."), errors=places)


async def http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    known = NotFound(f"Nothing is at {request.url.path}.", hint="See /docs.") if status == 404 else InvalidInput(detail)
    headers = error.headers if isinstance(error, HTTPException) else None
    return shaped(request, {**problem(known), "status": status}, headers)


async def unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error at %s", request.url.path, exc_info=error)
    return respond(request, RailDebugError("The service failed while it worked on this request."))


def add_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(RailDebugError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)
