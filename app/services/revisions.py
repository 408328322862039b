"""Two revisions of a document beside each other: the ones named, or a document and the one it replaced."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.errors import NotFound
from app.core.ids import document_id
from app.core.principal import Principal
from app.core.revision import Change
from app.faults.difference import difference
from app.records.base import DocumentRow, Documents


@dataclass(frozen=True, slots=True)
class Comparison:
    """`before` is the older one."""

    before: DocumentRow
    after: DocumentRow
    changes: tuple[Change, ...]


async def compare(
    documents: Documents, principal: Principal, kb: str, name: str, against: str | None = None
) -> Comparison:
    """Documents by id or path. Raises `NotFound`, also when nothing says what to compare with."""
    rows = await documents.list(principal, kb)
    one = _named(rows, kb, name)
    other = _named(rows, kb, against) if against else _neighbour(rows, one)
    before, after = (one, other) if one.superseded_by == other.id else (other, one)
    texts = [(await documents.get(principal, row.id)).text for row in (before, after)]
    return Comparison(before, after, await asyncio.to_thread(difference, *texts))


def _named(rows: Sequence[DocumentRow], kb: str, name: str) -> DocumentRow:
    row = next((row for row in rows if name in (row.id, row.path) or row.id == document_id(kb, name)), None)
    if row is None:
        raise NotFound(f"There is no document {name!r} in knowledge base {kb!r}.")
    return row


def _neighbour(rows: Sequence[DocumentRow], one: DocumentRow) -> DocumentRow:
    """What it replaced, else what replaced it."""
    found = next((row for row in rows if row.superseded_by == one.id), None)
    found = found or next((row for row in rows if row.id == one.superseded_by), None)
    if found is None:
        raise NotFound(
            f"{one.path!r} replaces no document and is replaced by none.",
            hint="Name the other one, or say `superseded_by` in the older document or the manifest.",
        )
    return found
