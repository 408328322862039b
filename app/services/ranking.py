"""Retrieval evaluations, from end to end: ours beside plain searches over the same passages of the same home."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from app.core.document import Passage
from app.core.question import Question
from app.core.settings import Settings
from app.evaluate import beir
from app.evaluate.base import Search
from app.evaluate.bm25 import BM25
from app.evaluate.cases import read
from app.evaluate.plain import Plain
from app.evaluate.ranking import rank_cases, rank_set
from app.evaluate.standing import OURS, Part, parts
from app.evaluate.table import lines, write
from app.evaluate.told import Ranking
from app.graph.understand import mentions, search_text
from app.records.home import open_records
from app.records.sql import slices
from app.retrieval.base import Query
from app.services.build import Embedder
from app.services.evaluation import Job, furnished
from app.services.hall import Services

__all__ = ["Job", "Part", "Ranking", "lines", "retrieval", "write"]


async def retrieval(settings: Settings, job: Job, embedder: Embedder | None = None) -> Ranking:
    """Rank passages for the cases of a file, or the entries of a folder in BEIR form."""
    if beir.is_beir(job.cases):
        return await _set(settings, job, embedder)
    cases = [case for case in read(job.cases) if job.split in (None, case.split)]
    async with furnished(settings, job, embedder) as services:
        return Ranking(job.cases.stem, parts(await rank_cases(cases, await searches(services))))


async def _set(settings: Settings, job: Job, embedder: Embedder | None) -> Ranking:
    given = beir.read(job.cases)
    with tempfile.TemporaryDirectory() as folder:
        files = {f"{number}.md": name for number, name in enumerate(given.corpus)}
        for file, name in files.items():
            (Path(folder) / file).write_text(given.corpus[name], encoding="utf-8")
        async with furnished(settings, Job(job.cases, Path(folder), job.home), embedder) as services:
            return Ranking(job.cases.name, parts(await rank_set(given, await searches(services), files)))


async def searches(services: Services) -> Mapping[str, Search]:
    """Ours first; a plain search reads the question as ours does."""
    return {OURS: partial(_ours, services), **(await plain(services)).searches(search_text)}


async def plain(services: Services) -> Plain:
    kb, encoder = services.settings.kb, services.health.encoder
    records = open_records(services.settings.folder, services.settings.database)
    await records.open()
    try:
        rows = records.truth.changes(kb, 0, encoder.model).rows
        ids = [row.chunk_id for row in rows]
        passages = [passage for part in slices(ids) for passage in records.truth.passages(kb, part)]
    finally:
        await records.close()
    blank = bytes(4 * encoder.dimensions)
    vectors = np.frombuffer(b"".join(row.vector or blank for row in rows), dtype="<f4").reshape(len(rows), -1)
    return Plain(passages, BM25(row.indexed for row in rows), vectors, lambda text: encoder.encode([text])[0])


async def _ours(services: Services, question: Question, k: int) -> Sequence[Passage]:
    query = Query(search_text(question), services.settings.kb, mentions(question), question.asset, question.at, k)
    return (await services.retriever.retrieve(query)).passages
