"""The connection to Weaviate: every call has its time, the first one that fails cuts it, and it mends itself.

The client would wait 63 seconds for a server that is gone, at each question. So a call that takes too long ends the
connection: those after it are told so at once, while a task tries to connect again.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from typing import TYPE_CHECKING, TypeVar

from app.core.errors import StoreMissing, StoreRefused, StoreUnavailable
from app.core.settings.weaviate import WeaviateSettings
from app.retrieval.stores.weaviate.traced import traced

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient

log = logging.getLogger(__name__)
T = TypeVar("T")
Work = Callable[["WeaviateAsyncClient"], Awaitable[T]]

PAUSES = (0.5, 1.0, 2.0, 4.0, 5.0)  # seconds between attempts; the last one is kept
BROKEN = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "CANCELLED", "UNIMPLEMENTED", "DATA_LOSS"}  # of gRPC

# Channels share their connections, and with them the pause after a failure, which grows to two minutes. Not these.
CHANNEL = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_reconnect_backoff_ms", 1000)]
GONE = re.compile(r"could not find class|(class|collection|tenant)\b.{0,120}?\bnot found", re.IGNORECASE)


class Link:
    """`session` grows with each connection: what was learned of a server is worth nothing after the next.

    `prepare` is run on every new connection before it is used.
    """

    def __init__(self, settings: WeaviateSettings, prepare: Work[object]) -> None:
        self.session = 0
        self.trouble = "not connected yet"
        self._settings = settings
        self._prepare = prepare
        self._client: WeaviateAsyncClient | None = None
        self._mending: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Tries once; a server that is not there is looked for in the background."""
        if not await self._connect():
            self._mend()

    async def close(self) -> None:
        if self._mending:
            self._mending.cancel()
            await asyncio.gather(self._mending, return_exceptions=True)
            self._mending = None
        if self._client:
            client, self._client, self.trouble = self._client, None, "closed"
            await _shut(client)
        await asyncio.gather(*self._closing)

    async def call(self, work: Work[T], seconds: float | None = None, *, cuts: bool = True) -> T:
        """Raises `StoreRefused` when the server answers with an error, else `StoreUnavailable`.

        `cuts` False is for what the server asks of another: that it takes too long says nothing of the server.
        """
        client = self._client
        if client is None:
            raise StoreUnavailable(f"Weaviate at {self._settings.url} is not there: {self.trouble}.")
        limit = seconds or self._settings.query_s
        try:
            return await _within(limit, work(client))
        except StoreUnavailable as error:
            if isinstance(error, StoreRefused):
                raise
            if not cuts:
                raise StoreRefused(error.message) from error
            self._lost(client, error.message)
            raise

    def _lost(self, client: "WeaviateAsyncClient", why: str) -> None:
        if client is not self._client:
            return  # another call has seen it first
        log.warning("Weaviate at %s: %s", self._settings.url, why)
        self._client, self.trouble = None, why
        task = asyncio.ensure_future(_shut(client))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        self._mend()

    def _mend(self) -> None:
        if self._mending is None or self._mending.done():
            self._mending = asyncio.create_task(self._again())

    async def _again(self) -> None:
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            await asyncio.sleep(pause)
            if await self._connect():
                log.warning("Weaviate at %s is back", self._settings.url)
                return

    async def _connect(self) -> bool:
        client = make(self._settings)
        try:
            await _within(self._settings.connect_s, client.connect())
            await _within(self._settings.query_s, _breathes(client, self._settings))
            await _within(self._settings.write_s, self._prepare(client))
        except StoreUnavailable as error:
            self.trouble = error.message
            await _shut(client)
            return False
        except BaseException:  # a cancelled connecting leaves no open client
            await _shut(client)
            raise
        self._client, self.trouble = client, ""
        self.session += 1
        return True


def make(settings: WeaviateSettings) -> "WeaviateAsyncClient":
    import weaviate
    from weaviate.classes.init import AdditionalConfig, Auth, GrpcConfig, Timeout
    from weaviate.connect import ConnectionParams

    key = settings.key()
    timeout = Timeout(init=settings.connect_s, query=settings.write_s, insert=settings.write_s)
    client = weaviate.WeaviateAsyncClient(
        connection_params=ConnectionParams.from_params(
            http_host=settings.host,
            http_port=settings.port,
            http_secure=settings.secure,
            grpc_host=settings.grpc_host or settings.host,
            grpc_port=settings.grpc_port,
            grpc_secure=settings.secure,
        ),
        auth_client_secret=Auth.api_key(key) if key else None,
        additional_config=AdditionalConfig(
            timeout=timeout, trust_env=settings.trust_env, grpc_config=GrpcConfig(channel_options=CHANNEL)
        ),
        skip_init_checks=True,  # or it asks PyPI for its own version
    )
    return traced(client)


async def _breathes(client: "WeaviateAsyncClient", settings: WeaviateSettings) -> None:
    """The client connects by REST alone. Whatever the gRPC side answers, it answers."""
    from weaviate.exceptions import WeaviateBaseError

    try:
        await client.collections.use(settings.collection).query.fetch_objects(limit=1)
    except WeaviateBaseError as error:
        if _is_broken(error):
            raise


async def _within(seconds: float, work: Awaitable[T]) -> T:
    """The one place where the vendor's errors become ours."""
    import httpx
    from grpc import RpcError
    from weaviate.exceptions import WeaviateBaseError

    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError as error:
        raise StoreUnavailable(f"no answer within {seconds:g} s") from error
    except WeaviateBaseError as error:
        raise _ours(error)(told(error)) from error
    except (httpx.HTTPError, RpcError, OSError) as error:
        raise StoreUnavailable(told(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        raise StoreUnavailable(f"what it answered makes no sense ({type(error).__name__})") from error


def _ours(error: Exception) -> type[StoreUnavailable]:
    if _is_broken(error):
        return StoreUnavailable
    return StoreMissing if GONE.search(told(error)) else StoreRefused


def _is_broken(error: Exception) -> bool:
    from weaviate import exceptions as theirs

    gone = (
        theirs.WeaviateConnectionError,
        theirs.WeaviateClosedClientError,
        theirs.WeaviateGRPCUnavailableError,
        theirs.WeaviateRetryError,
        theirs.WeaviateStartUpError,
        theirs.WeaviateTimeoutError,
        theirs.ResponseCannotBeDecodedError,
        theirs.EmptyResponseError,
    )
    if isinstance(error, gone):
        return True
    below = error.__cause__ or error.__context__
    code = getattr(below, "code", None)
    if callable(code):
        return getattr(code(), "name", "") in BROKEN
    return isinstance(below, gone) or getattr(error, "status_code", 0) >= 500


def told(error: BaseException) -> str:
    """One line, for a log and for `/readyz`."""
    text = str(getattr(error, "message", "") or error) or type(error).__name__
    return " ".join(text.split())[:300]


async def _shut(client: "WeaviateAsyncClient") -> None:
    """A client that is not closed warns when it is collected; closing one whose server is gone may fail."""
    import httpx
    from grpc import RpcError

    try:
        async with asyncio.timeout(2):
            await client.close()
    except (TimeoutError, httpx.HTTPError, RpcError, OSError):
        log.debug("the connection to Weaviate did not close in order")
