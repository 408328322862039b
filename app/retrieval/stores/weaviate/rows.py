"""A row of the index as Weaviate holds it, and back: deterministic ids, whole codes, the house's own words."""

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.retrieval.base import Active, Changes, IndexRow, Standing
from app.retrieval.words import analyzer, sound

ANY = "*"  # in place of an empty list, which Weaviate cannot look for
SPACE = uuid.UUID("6f1c8d0a-3b0e-5c6e-9b7a-52a1c2d0e7b4")


@dataclass(frozen=True, slots=True)
class Entry:
    """One object: the same row of the same generation has the same id, so writing it twice is writing it once."""

    id: uuid.UUID
    digest: str
    properties: Mapping[str, Any]
    vector: Sequence[float] | None


def entries(kb: str, model: str, changes: Changes, active: Active) -> list[Entry]:
    """Those whose document is still active; `active` is of the changes' version."""
    counted: dict[str, int] = {}
    made = []
    for row in changes.rows:
        standing = active.documents.get(row.document_id)
        if standing is None:
            continue
        ordinal = counted[row.document_id] = counted.get(row.document_id, -1) + 1
        made.append(_entry(kb, model, row, ordinal, standing))
    return made


def entry_id(kb: str, chunk_id: str, generation: int) -> uuid.UUID:
    return uuid.uuid5(SPACE, f"{kb}\x1f{chunk_id}\x1f{generation}")


def _entry(kb: str, model: str, row: IndexRow, ordinal: int, standing: Standing) -> Entry:
    codes = list(dict.fromkeys((*row.defines, *row.codes)))
    properties = {
        "chunk": row.chunk_id,
        "document": row.document_id,
        "generation": standing.generation,
        "ordinal": ordinal,
        "text": sound(row.indexed),
        "words": spoken(row.indexed, codes),
        "codes": codes,
        "defines": list(row.defines),
        "vehicle_classes": applied(standing.applicability.vehicle_classes),
        "baselines": applied(standing.applicability.baselines),
        "blind": row.vector is None,
    }
    seal = hashlib.sha256(repr((model, sorted(properties.items()))).encode() + (row.vector or b"")).hexdigest()[:16]
    vector = np.frombuffer(row.vector, dtype="<f4").tolist() if row.vector else None
    return Entry(entry_id(kb, row.chunk_id, standing.generation), seal, properties | {"digest": seal}, vector)


def spoken(text: str, codes: Iterable[str]) -> str:
    """What BM25 reads: stems as often as they are said, so that passages and questions meet as in the other store."""
    return " ".join((*analyzer().analyze(sound(text)), *(token(code) for code in codes)))


def token(code: str) -> str:
    """A whole code as one word. No stem has a capital, a hyphen or this mark, so none is taken for it."""
    return "§" + re.sub(r"\s+", "_", code)


def applied(names: Sequence[str]) -> list[str]:
    return [plain(name) for name in names] or [ANY]


def plain(name: str) -> str:
    """`Class 442`, `class-442` and `442` are one."""
    return re.sub(r"[\W_]+", "", name.casefold()).removeprefix("class").removeprefix("baseline")


def total(active: Active) -> str:
    """A digest of every active generation: two indexes that have it in common hold the same documents."""
    lines = sorted(f"{id_}\x1f{it.generation}\x1f{it.digest}\x1f{it.chunks}" for id_, it in active.documents.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
