"""A cross-encoder from a folder, by transformers on the processor: question and passage in one reading."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from app.core.errors import InvalidSettings, RerankerUnavailable
from app.core.settings.models import RerankingSettings

TOKENS = 512  # question and passage together; what is longer is cut at the passage's end
BATCH = 8


@dataclass(slots=True)
class CrossEncoder:
    """A model with one output tells relevance by it; one with several by the last, as classifiers of pairs do."""

    folder: Path
    pool: Executor
    name: str = "cross-encoder"
    remote: bool = False
    _loading: Lock = field(default_factory=Lock, repr=False)
    _parts: tuple[Any, Any, Any] | None = field(default=None, repr=False)  # torch, tokenizer, model

    async def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        return await asyncio.get_running_loop().run_in_executor(self.pool, lambda: self._scores(question, texts))

    async def close(self) -> None:
        self._parts = None

    def _scores(self, question: str, texts: Sequence[str]) -> list[float]:
        torch, tokenizer, model = self._loaded()
        longest = min(TOKENS, model.config.max_position_embeddings, tokenizer.model_max_length)
        scores: list[float] = []
        for start in range(0, len(texts), BATCH):
            batch = list(texts[start : start + BATCH])
            pairs = tokenizer(
                [question] * len(batch),
                batch,
                padding=True,
                truncation="longest_first",
                max_length=longest,
                return_tensors="pt",
            )
            with torch.inference_mode():
                scores += model(**pairs).logits[:, -1].float().tolist()
        return scores

    def _loaded(self) -> tuple[Any, Any, Any]:
        """Offline: nothing is fetched, and no code of the folder is run."""
        with self._loading:
            if self._parts is None:
                try:
                    import torch
                    from transformers import AutoModelForSequenceClassification, AutoTokenizer

                    tokenizer = AutoTokenizer.from_pretrained(self.folder, local_files_only=True)
                    model = AutoModelForSequenceClassification.from_pretrained(self.folder, local_files_only=True)
                except ImportError as error:
                    hint = "pip install 'rail-debug[transformers]'"
                    raise RerankerUnavailable(f"The cross-encoder cannot run here: {error}.", hint=hint) from error
                except (OSError, ValueError, KeyError) as error:
                    raise RerankerUnavailable(f"{self.folder} holds no cross-encoder: {error}.") from error
                self._parts = torch, tokenizer, model.eval()
            return self._parts


def cross_encoder(settings: RerankingSettings, pool: Executor) -> CrossEncoder:
    if settings.path is None or not settings.path.is_dir():
        raise InvalidSettings(f"retrieval.reranking.path: {settings.path} is no folder with a cross-encoder.")
    return CrossEncoder(settings.path, pool)
