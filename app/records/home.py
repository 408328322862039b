"""The records of one home, opened together and closed together."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Conflict, RecordsUnavailable
from app.records import sql
from app.records.audit import SqlAudit
from app.records.benchmarks import SqlBenchmarks
from app.records.documents import SqlDocuments
from app.records.experiments import SqlExperiments
from app.records.expiry import SqlExpiry
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
    """Two processes may write one home, since the database lets them take turns; with SQLite only one may serve it.

    A service drains what was spooled here; runs are recovered by one that knows that nobody else answers.
    """

    folder: Path
    db: sql.Database
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
    expiry: SqlExpiry
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
            self._take()
        try:
            await self._migrate()
            if serve:
                await self._tidy()
        except BaseException:  # a cancelled opening leaves no lock and no thread behind
            await self.close()
            raise

    async def close(self) -> None:
        """What was handed in is written first."""
        await self.db.close()
        self.service.release()

    async def trouble(self) -> str:
        """Why records are not written as they come, for `/readyz`; empty when they are."""
        waiting = await asyncio.to_thread(self.runs.spooled)
        told = f"{waiting} evidence packs wait in the spool" if waiting else ""
        return "; ".join(filter(None, (self.db.trouble or self.runs.why_spooled, told)))

    async def _migrate(self) -> None:
        await asyncio.to_thread(self.opening.take, wait=True)
        try:
            await self.db.open()
        finally:
            self.opening.release()

    def _take(self) -> None:
        """Of several services on one home the first holds the lock; only Postgres allows more than that one."""
        try:
            self.service.take()
        except Conflict:
            if not self.db.several:
                raise

    async def _tidy(self) -> None:
        """Runs are given up only by who knows that nobody else answers."""
        drained = await self.runs.drain()
        interrupted = await self.runs.recover() if await asyncio.to_thread(self.db.serve) else 0
        if drained or interrupted:
            log.warning("%d spooled packs were taken, %d runs had been interrupted", drained, interrupted)


def database(folder: Path, url: str | None) -> sql.Database:
    if url is None:
        return Database(folder / "records.db")
    from app.records import postgres

    return postgres.Database(url)


def open_records(folder: Path, url: str | None = None, spool: Path | None = None) -> Records:
    """Joins the parts; disk and network are touched by `open()`. With a `url` rows are kept in Postgres."""
    db = database(folder, url)
    return Records(
        folder=folder,
        db=db,
        documents=SqlDocuments(db),
        truth=SqlTruth(db),
        vectors=SqlVectors(db),
        runs=SqlRuns(db, Spool(spool or folder / "spool")),
        gaps=SqlGaps(db),
        keys=SqlKeys(db),
        feedback=SqlFeedback(db),
        prompts=SqlPromptLog(db),
        experiments=SqlExperiments(db),
        standings=SqlStandings(db),
        audit=SqlAudit(db),
        expiry=SqlExpiry(db),
        benchmarks=SqlBenchmarks(db),
        service=FileLock(folder / "service.lock"),
        opening=FileLock(folder / "open.lock"),
    )
