"""An encoder from a folder, by transformers on the processor: another language, another size, one's own training."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.errors import EmbedderUnavailable, InvalidSettings

TOKENS = 512  # read of a text, if the model reads that many
BATCH = 8
POOLING = "1_Pooling/config.json"  # where sentence-transformers says how tokens become one vector
WEIGHTS = ("model.safetensors", "pytorch_model.bin")


@dataclass(slots=True)
class FolderEmbedder:
    """Tokens are averaged, unless the folder says that the first one speaks for all."""

    folder: Path
    model: str
    dimensions: int
    first_token: bool = False
    remote: bool = False
    _loading: Lock = field(default_factory=Lock, repr=False)
    _parts: tuple[Any, Any, Any] | None = field(default=None, repr=False)  # torch, tokenizer, model

    def load(self) -> None:
        """Offline: nothing is fetched, and no code of the folder is run."""
        with self._loading:
            if self._parts is not None:
                return
            try:
                import torch
                from transformers import AutoModel, AutoTokenizer

                tokenizer = AutoTokenizer.from_pretrained(self.folder, local_files_only=True)
                model = AutoModel.from_pretrained(self.folder, local_files_only=True)
            except ImportError as error:
                hint = "pip install 'rail-debug[transformers]'"
                raise EmbedderUnavailable(f"The encoder cannot run here: {error}.", hint=hint) from error
            except (OSError, ValueError, KeyError) as error:
                raise EmbedderUnavailable(f"{self.folder} holds no encoder: {error}.") from error
            self._parts = torch, tokenizer, model.eval()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self._parts is None:
            raise EmbedderUnavailable(f"{self.model} is not loaded.")
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))  # like lengths need little padding
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            vectors[batch] = self._batch([texts[number] for number in batch])
        return vectors

    def _batch(self, texts: list[str]) -> NDArray[np.float32]:
        assert self._parts is not None
        torch, tokenizer, model = self._parts
        longest = min(TOKENS, model.config.max_position_embeddings, tokenizer.model_max_length)
        read = tokenizer(texts, padding=True, truncation=True, max_length=longest, return_tensors="pt")
        with torch.inference_mode():
            states = model(**read).last_hidden_state  # (texts, tokens, dimensions)
        mask = read["attention_mask"].unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        pooled = states[:, 0] if self.first_token else mean
        return np.asarray(torch.nn.functional.normalize(pooled, dim=-1).float().numpy())


def folder(path: Path | None) -> FolderEmbedder:
    """The model's name has a digest of its weights: other weights, other vectors."""
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8")) if path else {}
        weights = next(path / name for name in WEIGHTS if (path / name).is_file()) if path else Path()
        with weights.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        pooling = path / POOLING if path else Path()
        how = json.loads(pooling.read_text(encoding="utf-8")) if pooling.is_file() else {}
        first = bool(how.get("pooling_mode_cls_token"))
        return FolderEmbedder(weights.parent, f"{weights.parent.name}@{digest[:8]}", int(config["hidden_size"]), first)
    except (OSError, ValueError, KeyError, StopIteration) as error:
        raise InvalidSettings(f"retrieval.embedding.path: {path} is no folder with an encoder.") from error
