"""The house's dataclasses as JSON and back: one spelling for every door, pack and table."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")


def _make(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


_adapter: Callable[[Any], Any] = lru_cache(maxsize=64)(_make)


def to_json(value: object) -> bytes:
    """A checkpoint brings tuples back as lists: they are written alike, and are nothing to warn of."""
    return bytes(_adapter(type(value)).dump_json(value, warnings=False))


def to_data(value: object) -> Any:
    """-> what `json.loads(to_json(value))` would give."""
    return _adapter(type(value)).dump_python(value, mode="json", warnings=False)


def from_json(kind: type[T], text: str | bytes) -> T:
    result: T = _adapter(kind).validate_json(text)
    return result
