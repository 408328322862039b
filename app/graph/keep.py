"""The evidence pack: durable before anybody is told `answered`."""

import asyncio
import hashlib
import logging
from dataclasses import replace

from app.core.code import code_label
from app.core.diagnosis import Diagnosis, Verdict
from app.core.document import Passage
from app.core.errors import RecordsUnavailable
from app.graph import words
from app.graph.run import Run
from app.graph.state import Answer, State
from app.records.base import Pack, Runs, Source, Status
from app.retrieval.base import Retrieved

log = logging.getLogger(__name__)

STATUS: dict[Verdict, Status] = {"awaiting_approval": "awaiting_approval", "rejected": "rejected"}


def status_of(diagnosis: Diagnosis) -> Status:
    return STATUS.get(diagnosis.verdict, "answered")


def source(passage: Passage) -> Source:
    digest = hashlib.sha256(passage.text.encode("utf-8", "surrogatepass")).hexdigest()
    return Source(passage.id, passage.document_id, passage.revision, passage.score, digest)


def pack_of(run: Run, diagnosis: Diagnosis, state: State) -> Pack:
    """With all that is known of the run by now: what was degraded, and where the time went."""
    usage = replace(diagnosis.usage, milliseconds=dict(run.milliseconds))
    diagnosis = replace(diagnosis, degraded=tuple(run.degraded), usage=usage)
    found, answer = state.get("retrieved", Retrieved()), state.get("answer", Answer())
    shown = {passage.id for passage in diagnosis.passages}
    return Pack(
        run.id,
        run.question,
        diagnosis,
        found.index_version,
        decisions=run.decisions,
        sources=tuple(map(source, found.passages)),
        unshown=tuple(passage for passage in found.passages if passage.id not in shown),
        relevance=found.relevance,
        differs=found.differs,
        statements=answer.statements,
        voided=answer.voided,
        identity=answer.identity,
        dropped=answer.dropped,
        seed=answer.seed,
        prompt_digest=answer.prompt_digest,
        approval=run.approval,
        code=code_label(),
    )


async def keep(runs: Runs, run: Run, diagnosis: Diagnosis, state: State) -> Diagnosis:
    """-> the diagnosis as it was kept. Raises `RecordsUnavailable`."""
    pack = pack_of(run, diagnosis, state)
    await runs.commit(run.decider or run.principal, run.id, status_of(diagnosis), pack)
    return pack.diagnosis


async def spool(runs: Runs, run: Run, diagnosis: Diagnosis, state: State) -> Diagnosis:
    """The database takes nothing: the answer goes out with a warning, and its pack waits in a file."""
    run.degrade("record_spooled")
    diagnosis = replace(diagnosis, warnings=(*diagnosis.warnings, words.SPOOLED))
    pack = pack_of(run, diagnosis, state)
    try:
        await asyncio.to_thread(runs.spool, run.principal, run.id, status_of(diagnosis), pack)
    except RecordsUnavailable:
        log.exception("the pack of run %s could not even be spooled", run.id)
        run.degrade("record_lost")
        pack = pack_of(run, diagnosis, state)
    return pack.diagnosis
