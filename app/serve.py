"""`rail-debug serve`: on the top floor, since from the shell it opens the other doors."""

import shutil
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import guarded
from app.core.errors import Conflict

if TYPE_CHECKING:
    import uvicorn

    from app.core.settings import Settings

TRY = """
Rail Debug answers on http://{address}   (Ctrl-C ends it)

  curl -s http://{address}/api/v1/debug -H 'content-type: application/json' \\
       -d '{{"question": "E73-B after the brake test, what do I check first?"}}'
  {command} ask "the compressor oil gets far too hot"
  {command} ingest FOLDER      your own documents
  http://{address}/docs        every route
"""
OPEN = "Callers on other machines need an API key: `rail-debug keys create NAME` makes one."


@click.command()
@click.option("--host", help="Default 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="Default 8000.")
@click.option("--home", type=click.Path(path_type=Path), help="Folder of the database; default ~/.rail-debug.")
def serve(host: str | None, port: int | None, home: Path | None) -> None:
    """Start the service."""
    sys.exit(guarded(lambda: _serve(host, port, home), as_json=False))


def command() -> str:
    """As it can be typed here: in a checkout the verb stands in an environment that is not on the path."""
    return "rail-debug" if shutil.which("rail-debug") else sys.argv[0]


def _serve(host: str | None, port: int | None, home: Path | None) -> int:
    from app.core.settings import load
    from app.core.settings.threads import one_each

    one_each()
    settings = load(home=home)
    service = settings.service.model_copy(update={k: v for k, v in (("host", host), ("port", port)) if v})
    must_be_free(service.host, service.port)
    server = _server(settings.model_copy(update={"service": service}))
    server.run()
    return exits.ANSWERED if server.started else exits.FAILED


def _server(settings: "Settings") -> "uvicorn.Server":
    import uvicorn

    from app.api.app import build_app
    from app.services.build import build

    app, service = build_app(settings), settings.service

    class Server(uvicorn.Server):
        """Opens the hall itself, so that what cannot be opened is told as every verb tells it."""

        async def startup(self, sockets: object = None) -> None:
            self.hall = AsyncExitStack()
            app.state.services = await self.hall.enter_async_context(build(settings, serve=True))
            try:
                await super().startup(sockets)  # type: ignore[arg-type]
            except SystemExit:
                await self.hall.aclose()
                raise
            click.echo(TRY.format(address=f"{service.host}:{service.port}", command=command()))
            if service.host not in ("127.0.0.1", "localhost", "::1"):
                click.echo(OPEN, err=True)

        async def shutdown(self, sockets: object = None) -> None:
            await super().shutdown(sockets)  # type: ignore[arg-type]
            await self.hall.aclose()

    config = uvicorn.Config(
        app,
        host=service.host,
        port=service.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=75,  # longer than clients keep idle connections, or a question meets one as it is closed
        timeout_graceful_shutdown=20,
    )
    return Server(config)


def must_be_free(host: str, port: int) -> None:
    """Said before anything is opened, and in one line."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        raise Conflict(
            f"{host}:{port} cannot be listened on: {error.strerror}.",
            hint="Stop what listens there, or choose another --host or --port.",
        ) from error
