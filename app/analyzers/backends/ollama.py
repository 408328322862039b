"""A model on an Ollama server, by its own protocol."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from app.analyzers.closing import closing
from app.analyzers.ollama import server
from app.analyzers.ollama.options import OllamaOptions
from app.analyzers.prompting import Asked
from app.analyzers.remote.asking import Heard, RemoteAnalyzer
from app.analyzers.remote.errors import translate
from app.core.brief import Brief, Identity
from app.core.errors import (
    AnalyzerError,
    AnalyzerRefused,
    AnalyzerTimeout,
    AnalyzerUnavailable,
    AnalyzerUnreachable,
    MissingExtra,
)
from app.core.settings.analyzers import AnalyzerSpec
from app.receipts.draft import SCHEMA

if TYPE_CHECKING:
    from ollama import AsyncClient, ChatResponse

FREE_S = 2.0  # what telling the server to free its memory may take

log = logging.getLogger(__name__)


class OllamaAnalyzer(RemoteAnalyzer[OllamaOptions]):
    OPTIONS = OllamaOptions

    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        super().__init__(name, spec)
        self._client: AsyncClient | None = None
        self._vendor: tuple[type[Exception], ...] = ()
        self._weights = ""
        self._verifying = asyncio.Lock()

    @property
    def identity(self) -> Identity:
        """With the digest of the weights, once the server has told it."""
        known = super().identity
        return replace(known, digest=self._weights) if self._weights else known

    async def load(self) -> None:
        """A server that is not there is no error, since it may be there when it is asked; a missing model is one."""
        self._client, self._vendor = await asyncio.to_thread(_connect, self.options, self.name)
        try:
            if self.options.pull:
                await self._pull(self._client)
            await self._verify(self._client)
        except (AnalyzerUnavailable, AnalyzerTimeout) as error:
            log.warning("%s It is verified when it is first asked.", error.message)

    async def unload(self) -> None:
        """The memory is the server's, and it is told to free it."""
        client, self._client = self._client, None
        if client is None:
            return
        weights, self._weights = self._weights, ""
        try:
            if weights:
                async with asyncio.timeout(FREE_S):
                    await server.free(client, self.options.model)
        except self._vendor as error:
            log.info("%r was not freed: %s", self.name, type(error).__name__)
        finally:
            await client.close()

    async def once(self, asked: Asked, brief: Brief, heard: Heard) -> AsyncIterator[str]:
        client = self._client
        if client is None:
            raise AnalyzerUnreachable(f"{self.name!r} is not loaded.")
        await self._verify(client)
        async with self._border(), closing(self._pieces(client, asked, brief)) as pieces:
            while (piece := await self.next(pieces, brief.deadline)) is not None:
                if piece.done:
                    heard.finish = piece.done_reason or "stop"
                    heard.tokens_in, heard.tokens_out = piece.prompt_eval_count or 0, piece.eval_count or 0
                if piece.message.content:
                    yield piece.message.content
        if heard.finish is None:
            raise AnalyzerUnavailable(f"{self.name!r} was cut off in the middle of its answer.")

    async def _pieces(self, client: "AsyncClient", asked: Asked, brief: Brief) -> "AsyncIterator[ChatResponse]":
        own = self.options
        sampling = {"temperature": asked.temperature, "seed": asked.seed}
        stream = await client.chat(
            own.model,
            messages=[{"role": role, "content": text} for role, text in asked.messages],
            stream=True,
            format=dict(brief.schema or SCHEMA) if own.structured else None,
            keep_alive=own.keep_alive,
            options={
                **own.extra,
                **{name: value for name, value in sampling.items() if value is not None},
                "num_ctx": own.context,
                "num_predict": asked.limit,
            },
        )
        async with closing(stream) as pieces:
            async for piece in pieces:
                yield piece

    async def _verify(self, client: "AsyncClient") -> None:
        """Once: the model is there, and reads as much as the row says."""
        own = self.options
        async with self._verifying, self._border():
            if self._weights:
                return
            async with asyncio.timeout(own.load_s):
                found = await self._found(client)
                server.enough(await server.readable(client, own.model), own.context, self.name, "its model reads")
                loaded = await server.given(client, own.model, own.context, own.keep_alive)
                server.enough(loaded, own.context, self.name, "its server gave it")
            self._weights = found.digest

    async def _pull(self, client: "AsyncClient") -> None:
        """Only while loading, and for as long as it takes."""
        async with self._border():
            if await self._listed(client):
                return
            async with closing(server.pull(client, self.options.model)) as steps:
                async for step in steps:
                    log.info("%s: %s %d/%d", self.options.model, step.status, step.done, step.total)

    async def _found(self, client: "AsyncClient") -> server.Model:
        if found := await self._listed(client):
            return found
        raise AnalyzerRefused(
            f"The server of {self.name!r} has no model {self.options.model!r}.",
            hint=f"`ollama pull {self.options.model}`, or set analyzers.{self.name}.pull to true.",
        )

    async def _listed(self, client: "AsyncClient") -> server.Model | None:
        there = await server.installed(client)
        return next((model for model in there if server.same(model.name, self.options.model)), None)

    @asynccontextmanager
    async def _border(self) -> AsyncIterator[None]:
        try:
            yield
        except AnalyzerError:
            raise
        except self._vendor as error:
            raise translate(error, self.name) from error


def _connect(own: OllamaOptions, name: str) -> "tuple[AsyncClient, tuple[type[Exception], ...]]":
    """In a thread: the import takes half a second on a busy machine."""
    try:
        import httpx
        from ollama import AsyncClient, RequestError, ResponseError
    except ImportError as error:
        raise MissingExtra(f"Ollama's client of {name!r}", "ollama") from error

    key = own.api_key.get_secret_value() if own.api_key else ""
    client = AsyncClient(
        host=own.base_url,
        timeout=httpx.Timeout(None, connect=own.connect_s),
        follow_redirects=False,  # a local server must not be able to send a question elsewhere
        trust_env=own.leaves,  # nor may a proxy stand before it
        headers={"authorization": f"Bearer {key}"} if key else {},
    )
    # a line that is no JSON, or is none of Ollama's, is a ValueError; a TimeoutError is an OSError
    return client, (ResponseError, RequestError, httpx.HTTPError, httpx.StreamError, OSError, ValueError)
