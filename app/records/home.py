"""The records of one home, opened together and closed together."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import RecordsUnavailable
from app.records.audit import SqlAudit
from app.records.benchmarks import SqlBenchmarks
from app.records.documents import SqlDocuments
from app.records.experiments import SqlExperiments
from app.records.feedback import SqlFeedback
from app.records.gaps import SqlGaps
from app.records.keys import SqlKeys
from app.records.lock import FileLock
from app.records.promptlog import SqlPromptLog
from app.records.runs import SqlRuns
from app.records.spool import Spool
from app.records.sqlite import Database
from app.records.standings import SqlStandings
from app.records.truth import SqlTruth
from app.records.vectors import SqlVectors

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Records:
    """Two processes may write one home, since SQLite lets them take turns; only one may be its service.

    The service alone knows that nobody else answers questions here, so it alone drains and recovers.
    """

    folder: Path
    db: Database
    documents: SqlDocuments
    truth: SqlTruth
    vectors: SqlVectors
    runs: SqlRuns
    gaps: SqlGaps
    keys: SqlKeys
    feedback: SqlFeedback
    prompts: SqlPromptLog
    experiments: SqlExperiments
    standings: SqlStandings
    audit: SqlAudit
    benchmarks: SqlBenchmarks
    service: FileLock  # held for as long as a service lives
    opening: FileLock  # held for a moment: making the file and its tables is no matter of turns

    async def open(self, *, serve: bool = False) -> None:
        """Raises `RecordsUnavailable`, and with `serve` `Conflict` when the home has a service already."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise RecordsUnavailable(f"{self.folder}: {error}.") from error
        if serve:
            self.service.take()
        try:
            await self._migrate()
            if serve:
                await self._tidy()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """What was handed in is written first."""
        await self.db.close()
        self.service.release()

    async def _migrate(self) -> None:
        await asyncio.to_thread(self.opening.take, wait=True)
        try:
            await self.db.open()
        finally:
            self.opening.release()

    async def _tidy(self) -> None:
        drained, interrupted = await self.runs.drain(), await self.runs.recover()
        if drained or interrupted:
            log.warning("%d spooled packs were taken, %d runs had been interrupted", drained, interrupted)


def open_records(folder: Path) -> Records:
    """Joins the parts; the disk is touched by `open()`."""
    db = Database(folder / "records.db")
    return Records(
        folder=folder,
        db=db,
        documents=SqlDocuments(db),
        truth=SqlTruth(db),
        vectors=SqlVectors(db),
        runs=SqlRuns(db, Spool(folder / "spool")),
        gaps=SqlGaps(db),
        keys=SqlKeys(db),
        feedback=SqlFeedback(db),
        prompts=SqlPromptLog(db),
        experiments=SqlExperiments(db),
        standings=SqlStandings(db),
        audit=SqlAudit(db),
        benchmarks=SqlBenchmarks(db),
        service=FileLock(folder / "service.lock"),
        opening=FileLock(folder / "open.lock"),
    )
