"""The HTTP service in process, over a home with the sample shelf."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest

from app.api.app import build_app
from app.core.settings import Settings
from tests.retrieval.fakes import HashEmbedder

Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def serving(settings: Settings) -> Client:
    @asynccontextmanager
    async def client(address: str = "127.0.0.1", **changes: object) -> AsyncIterator[httpx.AsyncClient]:
        app = build_app(settings.model_copy(update=changes), embedder=HashEmbedder())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 5000))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as made,
        ):
            made.services = app.state.services  # type: ignore[attr-defined]
            yield made

    return client


@pytest.fixture
async def client(serving: Client) -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as made:
        yield made
