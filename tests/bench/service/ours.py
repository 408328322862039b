"""Rail Debug with all that it does by default, but for the embedding, which is the benchmark's own."""

import argparse
import asyncio
import tempfile
from pathlib import Path

import uvicorn

from app.api.app import build_app
from app.core.settings import Settings, load
from app.services.build import build
from tests.bench.service import shelf


def settings(home: Path, model_url: str) -> Settings:
    stub = {"kind": "openai", "base_url": model_url, "model": "bench", "api_key": "none"}
    return load(
        home=home, analyzer="bench", analyzers={"bench": stub}, retrieval={"k": 5}, service={"sample_shelf": False}
    )


async def stock(chosen: Settings, chunks: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shelf.write(Path(folder), chunks)
        async with build(chosen, embedder=shelf.HashEmbedder()) as services:
            await services.ingest(Path(folder), chosen.kb)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--model-url", required=True)
    options.add_argument("--chunks", type=int, required=True)
    options.add_argument("--home", type=Path, required=True)
    options.add_argument("--stock", action="store_true", help="fill the home and end")
    given = options.parse_args()
    made = settings(given.home, given.model_url)
    if given.stock:
        asyncio.run(stock(made, given.chunks))
    else:
        app = build_app(made, embedder=shelf.HashEmbedder())
        uvicorn.run(app, port=given.port, log_level="warning", access_log=False)
