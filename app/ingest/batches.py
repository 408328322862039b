"""How much is read and written at once: memory stays bounded, and a document is never divided."""

from collections.abc import Iterator, Sequence

from app.ingest.base import Outcome
from app.ingest.reading import Reading
from app.ingest.walk import Found

BATCH_BYTES = 16 * 2**20  # of files that are held in memory at once
Batch = list[Found | Outcome]


def batches(entries: Batch, documents: int) -> Iterator[Batch]:
    batch: Batch = []
    size = 0
    for entry in entries:
        weight = entry.size if isinstance(entry, Found) else 0
        if batch and (len(batch) == documents or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += weight
    if batch:
        yield batch


def parts(readings: Sequence[Reading], chunks: int) -> Iterator[list[Reading]]:
    """What was read, in transactions of about so many chunks; a document is never divided."""
    part: list[Reading] = []
    size = 0
    for reading in readings:
        if reading.document is None:
            continue
        if part and size + len(reading.chunks) > chunks:
            yield part
            part, size = [], 0
        part.append(reading)
        size += len(reading.chunks)
    if part:
        yield part
