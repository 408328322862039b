"""`.env.example`, written from the settings: what can be set, its default, and what it is for."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from app.core.settings import Settings

PREFIX = "RAIL_DEBUG_"
HEAD = """\
# Copy to `.env` and take away the `#` where you want something else: everything has a default.
# A variable of the environment wins over this file, this file over `rail-debug.yaml`. Keep keys out of version control.
# Written by `make env`.
"""


def render() -> str:
    return "\n".join([HEAD, *_lines(Settings, PREFIX)])


def _lines(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield f"# --- {_opening(kind)}\n"
            yield from _lines(kind, f"{prefix}{name.upper()}__")
        else:
            yield f"# {field.description}\n# {_variable(name, field, prefix)}={_value(field)}\n"


def _variable(name: str, field: FieldInfo, prefix: str) -> str:
    alias = field.validation_alias
    first = alias.choices[0] if isinstance(alias, AliasChoices) else alias
    return first if isinstance(first, str) else f"{prefix}{name.upper()}"


def _value(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None:
        return ""
    return str(default) if isinstance(default, str | Path) else json.dumps(default)


def _opening(model: type[BaseModel]) -> str:
    return (sys.modules[model.__module__].__doc__ or "").splitlines()[0]


if __name__ == "__main__":
    sys.stdout.write(render())
