"""A reranker behind an address, in the shape that Jina, Cohere, vLLM and Text Embeddings Inference share."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.core.errors import InvalidSettings, RerankerUnavailable
from app.core.settings.address import leaves
from app.core.settings.models import RerankingSettings

if TYPE_CHECKING:
    import aiohttp

LARGEST = 4 * 2**20  # bytes of an answer


@dataclass(slots=True)
class RemoteReranker:
    url: str
    model: str = ""
    key: str = field(default="", repr=False)
    texts_as: str = "documents"
    timeout_s: float = 2.0
    name: str = "remote"
    _session: "aiohttp.ClientSession | None" = None

    @property
    def remote(self) -> bool:
        return leaves(self.url)

    async def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        import aiohttp

        body = {"query": question, self.texts_as: list(texts), **({"model": self.model} if self.model else {})}
        try:
            async with self._connected().post(self.url, json=body, allow_redirects=False) as response:
                answer = await response.content.read(LARGEST)
                if response.status != 200:
                    raise RerankerUnavailable(f"{self.url} answered {response.status}.")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise RerankerUnavailable(f"{self.url} cannot be asked: {error or type(error).__name__}.") from error
        try:
            return _scores(json.loads(answer), len(texts))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise RerankerUnavailable(f"{self.url} gave no ranking: {error!r}.") from error

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _connected(self) -> "aiohttp.ClientSession":
        """Made inside the loop that uses it."""
        import aiohttp

        if self._session is None:
            headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
            timeout = aiohttp.ClientTimeout(total=self.timeout_s)
            self._session = aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=self.remote)
        return self._session


def _scores(answer: Any, count: int) -> list[float]:
    """`results` of places with a score, or those places bare. Raises what a malformed answer makes of it."""
    places: Sequence[Mapping[str, Any]] = answer["results"] if isinstance(answer, dict) else answer
    scores: dict[int, float] = {}
    for place in places:
        scores[int(place["index"])] = float(place.get("relevance_score", place.get("score")))
    if set(scores) != set(range(count)):
        raise ValueError(f"{len(scores)} places for {count} passages")
    return [scores[number] for number in range(count)]


def remote(settings: RerankingSettings, pool: Executor) -> RemoteReranker:
    if settings.url is None:
        raise InvalidSettings("retrieval.reranking.url: the remote reranker needs an address.")
    key = settings.key.get_secret_value() if settings.key else ""
    return RemoteReranker(settings.url, settings.model, key, settings.texts_as, settings.timeout_s)
