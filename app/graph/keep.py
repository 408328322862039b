"""The evidence pack: durable before anybody is told `answered`."""

import asyncio
import logging
from dataclasses import replace

from app.core.diagnosis import Diagnosis, Verdict
from app.core.errors import RecordsUnavailable
from app.graph import words
from app.graph.run import Run
from app.records.base import Pack, Runs, Status

log = logging.getLogger(__name__)

STATUS: dict[Verdict, Status] = {"awaiting_approval": "awaiting_approval", "rejected": "rejected"}


def status_of(diagnosis: Diagnosis) -> Status:
    return STATUS.get(diagnosis.verdict, "answered")


def pack_of(run: Run, diagnosis: Diagnosis, index_version: int) -> Pack:
    """With all that is known of the run by now: what was degraded, and where the time went."""
    usage = replace(diagnosis.usage, milliseconds=dict(run.milliseconds))
    diagnosis = replace(diagnosis, degraded=tuple(run.degraded), usage=usage)
    return Pack(run.id, run.question, diagnosis, index_version, decisions=run.decisions)


async def keep(runs: Runs, run: Run, diagnosis: Diagnosis, index_version: int) -> Diagnosis:
    """-> the diagnosis as it was kept. Raises `RecordsUnavailable`."""
    pack = pack_of(run, diagnosis, index_version)
    await runs.commit(run.decider or run.principal, run.id, status_of(diagnosis), pack)
    return pack.diagnosis


async def spool(runs: Runs, run: Run, diagnosis: Diagnosis, index_version: int) -> Diagnosis:
    """The database takes nothing: the answer goes out with a warning, and its pack waits in a file."""
    run.degrade("record_spooled")
    diagnosis = replace(diagnosis, warnings=(*diagnosis.warnings, words.SPOOLED))
    pack = pack_of(run, diagnosis, index_version)
    try:
        await asyncio.to_thread(runs.spool, run.principal, run.id, status_of(diagnosis), pack)
    except RecordsUnavailable:
        log.exception("the pack of run %s could not even be spooled", run.id)
        run.degrade("record_lost")
        pack = pack_of(run, diagnosis, index_version)
    return pack.diagnosis
