"""What goes out over HTTP: the house's own dataclasses, written once by the serializer of `core.wire`."""

from collections.abc import Mapping

from fastapi import Response

from app.core.wire import to_json


def told(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON without FastAPI's second pass over an object that is typed already."""
    return Response(to_json(value), status, headers, "application/json")
