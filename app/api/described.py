"""The OpenAPI document as the service really answers: problem details instead of FastAPI's own validation errors."""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

FOREIGN = ("HTTPValidationError", "ValidationError")


@dataclass(frozen=True, slots=True)
class Problem:
    """RFC 9457 problem details. `code` is stable; `hint` says what to do; `retry` whether the same call may succeed."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    retry: bool


def describe(app: FastAPI) -> None:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it


def document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for path in made["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    schemas = made["components"]["schemas"]
    for name in FOREIGN:
        schemas.pop(name, None)
    schemas["Problem"] = TypeAdapter(Problem).json_schema()
    return made
