"""Any server that speaks OpenAI's embeddings protocol, by the official client."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.core.errors import EmbedderUnavailable, InvalidSettings
from app.core.settings.address import leaves
from app.core.settings.models import EmbeddingSettings

if TYPE_CHECKING:
    from openai import OpenAI

RETRIES = 2  # the client's own, with its pauses; beyond them the embedder counts as gone


@dataclass(slots=True)
class OpenAIEmbedder:
    """One client for all threads; the client's pool of connections may be shared."""

    url: str
    name: str
    dimensions: int
    key: str = field(default="none", repr=False)
    timeout_s: float = 5.0
    batch: int = 64
    _client: "OpenAI | None" = field(default=None, repr=False)
    _loading: Lock = field(default_factory=Lock, repr=False)

    @property
    def model(self) -> str:
        return f"{self.name}@{self.url.partition('//')[2]}/{self.dimensions}"

    @property
    def remote(self) -> bool:
        return leaves(self.url)

    def load(self) -> None:
        """One short text, so that a wrong address, key or size is told at the start."""
        self.encode(["load"])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        parts = [self._batch(list(texts[start : start + self.batch])) for start in range(0, len(texts), self.batch)]
        return np.concatenate(parts) if parts else np.empty((0, self.dimensions), dtype=np.float32)

    def _batch(self, texts: list[str]) -> NDArray[np.float32]:
        client = self._connected()
        from openai import OpenAIError

        blank = [text or " " for text in texts]  # an empty text is refused by most servers
        try:
            rows = client.embeddings.create(model=self.name, input=blank, encoding_format="float").data
        except (OpenAIError, ValueError, TypeError, AttributeError) as error:
            raise EmbedderUnavailable(f"{self.name!r} at {self.url} gave no vectors: {error}.") from error
        if len(rows or ()) != len(texts):
            raise EmbedderUnavailable(f"{self.url} gave {len(rows or ())} vectors for {len(texts)} texts.")
        widths = {len(row.embedding) for row in rows}
        if widths != {self.dimensions}:
            told = ", ".join(map(str, sorted(widths)))
            raise EmbedderUnavailable(f"{self.name!r} gives vectors of {told} numbers; {self.dimensions} are set.")
        vectors = np.array([row.embedding for row in sorted(rows, key=lambda row: row.index)], dtype=np.float32)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))

    def _connected(self) -> "OpenAI":
        with self._loading:
            if self._client is None:
                import httpx
                from openai import DefaultHttpxClient, OpenAI

                http = DefaultHttpxClient(
                    timeout=httpx.Timeout(self.timeout_s),
                    follow_redirects=False,  # a local server must not be able to send a text elsewhere
                    trust_env=self.remote,
                )
                self._client = OpenAI(base_url=self.url, api_key=self.key, max_retries=RETRIES, http_client=http)
            return self._client


def openai(settings: EmbeddingSettings) -> OpenAIEmbedder:
    if settings.url is None or not settings.model or not settings.dimensions:
        raise InvalidSettings("retrieval.embedding: the embedder `openai` needs url, model and dimensions.")
    key = (
        settings.key.get_secret_value() if settings.key else "none"
    )  # a local server asks for none, the client for any
    return OpenAIEmbedder(settings.url, settings.model, settings.dimensions, key, settings.timeout_s, settings.batch)
