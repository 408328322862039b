"""The sample shelf and the vectors that travel with it."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from app.core.ids import text_hash
from app.core.principal import LOCAL
from app.core.settings import Settings, load
from app.records.home import open_records
from app.retrieval.embedders.table import EMBEDDERS
from app.retrieval.seeds import SHIPPED, seeds
from app.services.build import build
from app.services.shelf import sample_shelf
from tests.retrieval.fakes import HashEmbedder


async def rows(settings: Settings, model: str) -> list:
    records = open_records(settings.folder)
    await records.open()
    try:
        return list(records.truth.changes(settings.kb, 0, model).rows)
    finally:
        await records.close()


async def test_every_chunk_of_the_shelf_has_a_shipped_vector(settings: Settings) -> None:
    model = EMBEDDERS["minilm"](settings).model
    hashes = [text_hash(row.indexed) for row in await rows(settings, model)]
    missing = set(hashes) - set(seeds(model, hashes))
    assert not missing, f"{len(missing)} of {len(hashes)}: run `python training/ship_vectors.py`"
    assert SHIPPED.stat().st_size < 1_000_000


@pytest.mark.slow
async def test_a_shipped_vector_is_what_the_encoder_makes_of_its_text(settings: Settings) -> None:
    embedder = EMBEDDERS["minilm"](settings)
    texts = [row.indexed for row in await rows(settings, embedder.model)][::17]
    await asyncio.to_thread(embedder.load)
    shipped = seeds(embedder.model, [text_hash(text) for text in texts])
    for text, made in zip(texts, embedder.encode(texts), strict=True):
        assert float(made @ np.frombuffer(shipped[text_hash(text)], "<f4")) > 0.9999


async def test_a_new_home_gets_the_whole_shelf_and_what_was_removed_stays_removed(settings: Settings) -> None:
    async with build(settings, embedder=HashEmbedder()) as services:
        rows = await services.documents.list(LOCAL, "main")
        files = [file for file in sample_shelf().rglob("*") if file.is_file()]
        assert len(rows) == len(files) - 1  # the manifest is no document
        for row in rows:
            await services.remove_document(row.id, LOCAL)
    async with build(settings, embedder=HashEmbedder()) as services:
        assert await services.documents.list(LOCAL, "main") == []


async def test_the_shelf_can_be_left_out(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "home", service={"sample_shelf": False})
    async with build(settings, embedder=HashEmbedder()) as services:
        assert await services.documents.list(LOCAL, "main") == []
        assert (await services.readiness()).ready
