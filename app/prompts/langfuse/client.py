"""Langfuse's public API, as far as it is used here: the one file that calls it. Calls block; threads make them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.core.errors import MissingExtra, NotFound, PromptError, PromptStoreUnavailable
from app.core.settings.prompts import LangfuseSettings

ONCE: Any = {"max_retries": 0}  # whoever asks knows better when to ask again
PAGE = 50


@dataclass(frozen=True, slots=True)
class Fetched:
    """One version. `name` is ours, without the prefix."""

    name: str
    version: int
    text: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """`id` makes sending twice the same as sending once."""

    id: str
    trace_id: str
    name: str
    value: float
    comment: str = ""
    metadata: tuple[tuple[str, str], ...] = ()


class Langfuse:
    """The import is heavy and waits for `load`. Raises `PromptStoreUnavailable`, and `NotFound` where told."""

    def __init__(self, settings: LangfuseSettings, keys: tuple[str, str]) -> None:
        self._settings = settings
        self._keys = keys
        self._http: Any = None
        self._api: Any = None

    def load(self) -> None:
        """Makes no call. Raises `MissingExtra`."""
        if self._api is not None:
            return
        try:
            import httpx
            from langfuse.api import LangfuseAPI
        except ImportError as error:
            raise MissingExtra("The Langfuse client", "langfuse") from error
        public, secret = self._keys
        # Of the client proper nothing is used: it would add its own processor to our traces.
        self._http = httpx.Client(
            timeout=self._settings.timeout_s, follow_redirects=True, trust_env=self._settings.trust_env
        )
        self._api = LangfuseAPI(base_url=self._settings.host, username=public, password=secret, httpx_client=self._http)

    def close(self) -> None:
        """Calls under way fail."""
        if self._http is not None:
            self._http.close()

    def get(self, name: str, *, label: str | None = None, version: int | None = None) -> Fetched:
        """Raises `NotFound`, and `PromptError` for a prompt that is no text."""
        with self._speaking(f"prompt {name!r}"):
            found = self._api.prompts.get(
                self._settings.prefix + name, label=label, version=version, request_options=ONCE
            )
        return self._ours(found)

    def create(self, name: str, text: str, labels: Sequence[str], note: str, digest: str) -> Fetched:
        from langfuse.api.prompts.types import CreateTextPromptRequest

        request = CreateTextPromptRequest(
            name=self._settings.prefix + name,
            prompt=text,
            type="text",
            labels=[label for label in labels if label != "latest"],  # which Langfuse keeps itself
            tags=["rail-debug"],
            config={"sha256": digest},
            commit_message=note or None,
        )
        with self._speaking(f"prompt {name!r}"):
            return self._ours(self._api.prompts.create(request=request, request_options=ONCE))

    def relabel(self, name: str, version: int, labels: Sequence[str]) -> None:
        """A label leaves the version that had it. Raises `NotFound`."""
        with self._speaking(f"prompt {name!r}"):
            self._api.prompt_version.update(
                self._settings.prefix + name, version, new_labels=list(labels), request_options=ONCE
            )

    def versions(self) -> dict[str, tuple[int, ...]]:
        """Our prompts by name."""
        found: dict[str, tuple[int, ...]] = {}
        with self._speaking("the list of prompts"):
            page = pages = 1
            while page <= pages:
                told = self._api.prompts.list(page=page, limit=PAGE, request_options=ONCE)
                found |= {meta.name: tuple(meta.versions) for meta in told.data}
                page, pages = page + 1, told.meta.total_pages
        prefix = self._settings.prefix
        return {name.removeprefix(prefix): numbers for name, numbers in found.items() if name.startswith(prefix)}

    def score(self, scores: Sequence[Score]) -> None:
        from langfuse.api.scores.types import CreateScoreRequest

        batch = [
            CreateScoreRequest(
                id=score.id,
                trace_id=score.trace_id,
                name=score.name,
                value=score.value,
                comment=score.comment or None,
                metadata=dict(score.metadata),
                data_type="NUMERIC",
            )
            for score in scores
        ]
        with self._speaking("scores"):
            self._api.scores.create(request=batch, request_options=ONCE)

    def _ours(self, prompt: Any) -> Fetched:
        name = prompt.name.removeprefix(self._settings.prefix)
        if not isinstance(prompt.prompt, str):
            raise PromptError(
                f"{name}@{prompt.version} in Langfuse is a chat prompt.", hint="Push it as a text prompt."
            )
        return Fetched(name, prompt.version, prompt.prompt, tuple(prompt.labels))

    @contextmanager
    def _speaking(self, of: str) -> Iterator[None]:
        self.load()
        import httpx
        from langfuse.api.core.api_error import ApiError
        from pydantic import ValidationError

        try:
            yield
        except ApiError as error:
            if error.status_code == 404:
                raise NotFound(f"Langfuse has no such {of}.", hint="Check its name, label or version.") from error
            if error.status_code and error.status_code < 300:  # how its client tells what is no JSON
                raise PromptStoreUnavailable(f"What Langfuse says of {of} cannot be read.") from error
            raise PromptStoreUnavailable(f"Langfuse says {error.status_code} to {of}.") from error
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError) as error:  # RuntimeError: the client was closed
            raise PromptStoreUnavailable(
                f"Langfuse cannot be reached for {of}: {error or type(error).__name__}."
            ) from error
        except (ValidationError, ValueError, AttributeError, KeyError, TypeError) as error:
            raise PromptStoreUnavailable(f"What Langfuse says of {of} cannot be read.") from error
