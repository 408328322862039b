"""A row's options, checked by the model of its backend; what is wrong names the row and the option."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from app.core.errors import InvalidSettings
from app.core.settings.analyzers import AnalyzerSpec
from app.core.settings.lines import place

T = TypeVar("T", bound=BaseModel)


def options(name: str, model: type[T], spec: AnalyzerSpec) -> T:
    """Raises `InvalidSettings`; values are left out of its message, since one may be a key."""
    try:
        return model.model_validate(spec.options)
    except ValidationError as error:
        wrong = "; ".join(_told(("analyzers", name, *e["loc"]), e["msg"]) for e in error.errors())
        raise InvalidSettings(f"Analyzer {name!r} is not configured well: {wrong}.") from None


def _told(path: tuple[str | int, ...], message: str) -> str:
    return f"{'.'.join(map(str, path))}: {message}{place(path)}"
