"""Evaluations, from end to end: a home with the documents, the agent that users have, the cases, the figures."""

import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from app.analyzers.manager import Manager
from app.core.errors import InvalidInput
from app.core.principal import EVALUATION
from app.core.settings import Settings
from app.evaluate.asking import Examiner
from app.evaluate.base import Paste
from app.evaluate.baseline import Regression, key, load, regressions, save
from app.evaluate.bm25 import BM25
from app.evaluate.cases import read
from app.evaluate.report import lines, worked_out, write
from app.evaluate.summary import Summary, summarize
from app.evaluate.told import Evaluation
from app.records.home import open_records
from app.records.sql import slices
from app.services.build import Embedder, build
from app.services.hall import Services

__all__ = ["Evaluation", "Job", "Regression", "Summary", "answers", "compare", "keep", "lines", "worked_out", "write"]


@dataclass(frozen=True, slots=True)
class Job:
    """Cases, and the documents to ask them about: a folder of its own, else what the home holds.

    `home` None is a scratch home, gone afterwards, with the sample shelf where no folder is named. `quoted` False keeps
    the questions of somebody else's cases out of the report.
    """

    cases: Path
    documents: Path | None = None
    home: Path | None = None
    split: str | None = None
    quoted: bool = True


async def answers(settings: Settings, job: Job, embedder: Embedder | None = None) -> Evaluation:
    """Ask every case. Raises `InvalidInput` for cases that cannot be read."""
    cases = [case for case in read(job.cases) if job.split in (None, case.split)]
    async with furnished(settings, job, embedder) as services:
        kb, documents = services.settings.kb, services.documents

        async def text(document_id: str) -> str:
            return (await documents.get(EVALUATION, document_id)).text

        held = {row.path: row.id for row in await documents.list(EVALUATION, kb)}
        paste = await pasting(services)
        started = time.perf_counter()
        outcomes = await Examiner(services.agent, EVALUATION, text, paste, held).ask(cases)
        seconds = time.perf_counter() - started
        analyzer = next((o.diagnosis.analyzer for o in outcomes if o.diagnosis and o.diagnosis.analyzer), "")
        model = services.health.encoder.model
    return Evaluation(job.cases.stem, summarize(outcomes), round(seconds, 1), len(held), analyzer, model, job.quoted)


@asynccontextmanager
async def furnished(
    settings: Settings, job: Job, embedder: Embedder | None, analyzers: Manager | None = None
) -> AsyncIterator[Services]:
    """The hall over the job's home, with its documents taken in; with the analyzers of another hall, where given."""
    place: AbstractContextManager[str | Path] = (
        tempfile.TemporaryDirectory() if job.home is None else nullcontext(job.home)
    )
    with place as home:
        shelf = settings.service.model_copy(update={"sample_shelf": job.documents is None})
        own = settings.model_copy(update={"home": Path(home), "service": shelf, "grammars": own_grammars(settings)})
        async with build(own, embedder=embedder, analyzers=analyzers) as services:
            if job.documents is not None:
                report = await services.ingest(job.documents, own.kb, EVALUATION)
                if not report.count("read") + report.count("unchanged"):
                    raise InvalidInput(f"{job.documents}: no document could be read.")
            yield services


def own_grammars(settings: Settings) -> Path | None:
    """Those of the home that the settings name, not of the scratch home."""
    return settings.own_grammars if settings.own_grammars.exists() else None


async def pasting(services: Services) -> Paste:
    """BM25 over the passages that the agent has; its best ones, pasted."""
    kb = services.settings.kb
    records = open_records(services.settings.folder)
    await records.open()
    try:
        rows = records.truth.changes(kb, 0, "").rows
        ids = [row.chunk_id for row in rows]
        texts = [passage.text for part in slices(ids) for passage in records.truth.passages(kb, part)]
    finally:
        await records.close()
    plain = BM25(row.indexed for row in rows)
    return lambda question: "\n\n".join(texts[number] for number in plain.best(question.material))


def compare(evaluation: Evaluation, baseline: Path) -> list[Regression]:
    before = load(baseline).get(key(evaluation.name, evaluation.embedder), {})
    return list(regressions(before, evaluation.summary))


def keep(evaluation: Evaluation, baseline: Path) -> None:
    save(baseline, key(evaluation.name, evaluation.embedder), evaluation.summary)
