"""How tuples of codes and parts lie in a column: compact JSON, read back fast."""

import json
from datetime import date
from functools import lru_cache

from jiter import from_json

from app.core import wire
from app.core.document import Applicability, Part

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def words_in(words: tuple[str, ...]) -> str:
    return _encode(words) if words else "[]"


@lru_cache(maxsize=4096)  # what comes out is frozen, so passages that are found again share it
def words_out(text: str) -> tuple[str, ...]:
    return () if text == "[]" else tuple(from_json(text.encode()))


def parts_in(parts: tuple[Part, ...]) -> str:
    return _encode([(part.role, part.start, part.end) for part in parts]) if parts else "[]"


@lru_cache(maxsize=4096)
def parts_out(text: str) -> tuple[Part, ...]:
    return () if text == "[]" else tuple(Part(*part) for part in from_json(text.encode()))


@lru_cache(maxsize=256)  # documents of one shelf apply to few distinct sets of assets
def applicability_out(text: str) -> Applicability:
    return wire.from_json(Applicability, text)


@lru_cache(maxsize=1024)
def day_out(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
