"""The embedders that can be named in the settings."""

from collections.abc import Callable, Mapping

from app.core.settings import Settings
from app.retrieval.base import Embedder
from app.retrieval.embedders.folder import folder
from app.retrieval.embedders.minilm import MiniLM
from app.retrieval.embedders.openai import openai
from app.retrieval.embedders.weights import Weights


def minilm(settings: Settings) -> Embedder:
    fetched = settings.folder / "weights" / "all-MiniLM-L6-v2"
    return MiniLM(Weights(fetched, given=settings.embedder_path, online=settings.online).find)


EMBEDDERS: Mapping[str, Callable[[Settings], Embedder]] = {
    "minilm": minilm,
    "folder": lambda settings: folder(settings.retrieval.embedding.path),
    "openai": lambda settings: openai(settings.retrieval.embedding),
}
