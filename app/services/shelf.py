"""The sample shelf: what a new home holds, so that the first question has an answer at once."""

import asyncio
import logging
from importlib.resources import files
from pathlib import Path

from app.core.ids import text_hash
from app.core.principal import LOCAL
from app.core.settings import Settings
from app.ingest.base import Pipeline
from app.records.home import open_records
from app.records.truth import SqlTruth
from app.retrieval.seeds import SHIPPED, write

log = logging.getLogger(__name__)


def sample_shelf() -> Path:
    return Path(str(files("app") / "knowledge"))


async def stock(truth: SqlTruth, pipeline: Pipeline, kb: str) -> None:
    """Ingest the sample shelf into a home that never held a document: a mistyped name gets no made-up railway."""
    if not await asyncio.to_thread(truth.untouched):
        return
    report = await pipeline.folder(LOCAL, kb, sample_shelf())
    log.info("sample shelf: %d documents read, %d refused", report.count("read"), report.count("refused"))


async def ship(settings: Settings) -> int:
    """Write the vectors of the sample shelf to where the package carries them -> how many. `settings.home` is new."""
    from app.services.build import build

    async with build(settings) as services:
        model = services.health.encoder.model
    records = open_records(settings.folder)
    await records.open()
    try:
        rows = records.truth.changes(settings.kb, 0, model).rows
    finally:
        await records.close()
    vectors = {text_hash(row.indexed): row.vector for row in rows if row.vector}
    write(SHIPPED, model, vectors)
    return len(vectors)
