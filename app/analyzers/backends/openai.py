"""Any server that speaks OpenAI's chat protocol, by the official client over its aiohttp transport."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from app.analyzers.closing import closing
from app.analyzers.fit import tokens
from app.analyzers.openai.reply import Reply
from app.analyzers.openai.request import body as request_body
from app.analyzers.openai.served import check, guided
from app.analyzers.openai.settings import OpenAIOptions, Structured
from app.analyzers.openai.structured import Modes, response_format
from app.analyzers.options import options
from app.analyzers.prompting import Asked, ask
from app.analyzers.remote.asking import digest
from app.analyzers.remote.errors import translate
from app.analyzers.retry import pause
from app.core.brief import Begin, Brief, Delta, End, Footprint, Identity, Text
from app.core.errors import AnalyzerError, AnalyzerUnreachable
from app.core.settings.analyzers import AnalyzerSpec
from app.receipts.draft import SCHEMA
from app.telemetry import spans

if TYPE_CHECKING:
    import httpx
    from openai import AsyncOpenAI

DRAIN_S = 0.05  # what a finished answer may take to end its connection, which then serves the next question


class OpenAIAnalyzer:
    """One client, and so one pool of connections, for all questions. It makes one attempt a call: retries are ours,

    since they must heed the deadline and end with the first word of an answer.
    """

    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        self.name = name
        self.budget_s = spec.budget_s
        self.options = options(name, OpenAIOptions, spec)
        own = self.options
        self.identity = Identity(name, own.served, digest(own), own.family, own.leaves, own.context)
        self._modes = Modes(self.options.structured)
        self._client: AsyncOpenAI | None = None
        self._vendor: tuple[type[BaseException], ...] = ()

    @property
    def footprint(self) -> Footprint:
        return Footprint()

    def count(self, text: str) -> int:
        return tokens(text)

    async def load(self) -> None:
        """A server that is not there is no error, since it may be there when it is asked; a missing model is one."""
        client, self._vendor = await asyncio.to_thread(_connect, self.options)
        self._client = client
        self._modes.begin(await guided(client, self.options))
        await check(client, self.options, self.name)

    async def unload(self) -> None:
        client, self._client = self._client, None
        if client:
            await client.close()

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        asked = ask(brief, self.options)
        yield Begin(self.identity, asked.prompt, asked.dropped, seed=asked.seed)
        mode, attempt = self._modes.best, 0
        refused: AnalyzerError | None = None
        while True:
            reply, spoken = Reply(self.name), False
            try:
                async with closing(self._once(asked, mode, brief, reply)) as texts:
                    async for text in texts:
                        if not spoken:
                            self._modes.learn(mode, refused)
                        spoken = True
                        yield Text(text)
                yield End(reply.tokens_in, reply.tokens_out, reply.finish or "stop")
                return
            except AnalyzerError as error:
                if spoken:
                    raise
                if lower := self._modes.lower(mode, error):
                    mode, refused = lower, error
                    continue
                wait = pause(error, attempt, self.options.retries, brief.deadline)
                if wait is None:
                    raise
                attempt, refused = attempt + 1, None
                await asyncio.sleep(wait)

    async def _once(self, asked: Asked, mode: Structured, brief: Brief, reply: Reply) -> AsyncIterator[str]:
        """One attempt; its connection is closed whichever way it ends."""
        body = {**request_body(asked, self.options), **response_format(mode, brief.schema or SCHEMA)}
        try:
            async with self._response(body, brief.deadline) as response, closing(response.aiter_bytes()) as pieces:
                if "json" in response.headers.get("content-type", ""):
                    async with self._patience(brief.deadline):
                        whole = b"".join([piece async for piece in pieces])
                    yield reply.whole(whole)
                    return
                while (piece := await self._next(pieces, brief.deadline, reply)) is not None:
                    if text := reply.feed(piece):
                        yield text
                if text := reply.close():
                    yield text
        except self._vendor as error:
            raise translate(error, self.name) from error

    @asynccontextmanager
    async def _response(self, body: dict[str, object], deadline: float) -> "AsyncIterator[httpx.Response]":
        """The raw response: the client's typed chunks take an answer of 18 from 1.0 to 3.4 ms CPU."""
        import httpx
        from openai import AsyncStream

        if self._client is None:
            raise AnalyzerUnreachable(f"{self.name!r} is not loaded.")
        async with self._patience(deadline):
            response = await self._client.post(
                "/chat/completions",
                cast_to=httpx.Response,
                body=body,
                options={"headers": spans.headers()},
                stream=True,
                stream_cls=AsyncStream[Any],
            )
        try:
            yield response  # type: ignore[misc]
        finally:
            await response.aclose()  # type: ignore[attr-defined]

    async def _next(self, pieces: AsyncIterator[bytes], deadline: float, reply: Reply) -> bytes | None:
        """The next piece, None at the end. A server that has said [DONE] is not waited for."""
        if reply.done:
            try:
                async with asyncio.timeout(DRAIN_S):
                    return await anext(pieces, None)
            except TimeoutError:
                return None
        async with self._patience(deadline):
            return await anext(pieces, None)

    def _patience(self, deadline: float) -> asyncio.Timeout:
        return asyncio.timeout(max(0.0, min(self.options.timeout_s, deadline - time.monotonic())))


def _connect(own: OpenAIOptions) -> "tuple[AsyncOpenAI, tuple[type[BaseException], ...]]":
    """In a thread: the imports take a second on a busy machine."""
    import aiohttp
    import httpx
    from openai import AsyncOpenAI, DefaultAioHttpClient, OpenAIError

    http = DefaultAioHttpClient(
        timeout=httpx.Timeout(None, connect=own.connect_s),
        follow_redirects=False,  # a local server must not be able to send a question elsewhere
        trust_env=own.leaves,  # nor may a proxy stand before it
    )
    client = AsyncOpenAI(
        base_url=own.base_url,
        api_key=own.api_key.get_secret_value(),
        max_retries=0,
        http_client=http,
        default_headers={
            "Accept-Encoding": "identity",
            **{name: value.get_secret_value() for name, value in own.headers.items()},
        },
    )
    return client, (OpenAIError, httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError)
