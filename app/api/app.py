"""The HTTP service: routes, the shape of errors, and the hall that lives as long as the process serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from app.api.described import describe
from app.api.limits import BodyLimit
from app.api.problems import add_problem_handlers
from app.api.router import router
from app.api.watched import Watched
from app.core.settings import Settings, load
from app.services.build import Embedder, build

DESCRIPTION = "Diagnoses of railway control-system faults; every statement has a receipt in the operator's documents."


def build_app(settings: Settings | None = None, embedder: Embedder | None = None) -> FastAPI:
    """`embedder` takes the place of the configured one: in a benchmark, in a test."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with build(settings or load(), serve=True, embedder=embedder) as services:
            app.state.services = services
            yield

    # its page of routes loads nothing from elsewhere
    app = FastAPIOffline(title="Rail Debug", version="0.1.0", description=DESCRIPTION, lifespan=lifespan)
    app.include_router(router)
    app.add_middleware(BodyLimit)
    app.add_middleware(Watched)  # outermost, so that a refusal is counted too
    add_problem_handlers(app)
    describe(app)
    return app
