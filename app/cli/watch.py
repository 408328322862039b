"""`rail-debug ingest --watch`: what changes in a folder is taken in, until somebody says stop."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import RailDebugError

if TYPE_CHECKING:
    from app.services.hall import Report, Services

SETTLE_MS = 300  # a program that saves a file writes it in several goes


async def follow(services: "Services", root: Path, tell: Callable[["Report"], None], *, prune: bool) -> None:
    """Returns at Ctrl-C or SIGTERM, once what was begun is written."""
    import click
    from watchfiles import awatch

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    base = await asyncio.to_thread(root.resolve)
    click.echo(f"watching {root}; Ctrl-C ends it", err=True)
    offered: tuple[str, ...] = ()
    try:
        async for changes in awatch(base, stop_event=stop, debounce=SETTLE_MS, step=50):
            changed = {Path(name).relative_to(base).as_posix() for _, name in changes}
            try:
                report = await services.ingest(root, services.settings.kb, only=changed, prune=prune)
                if report.outcomes or report.vanished != offered:  # not of what an editor keeps beside a file
                    tell(report)
                offered = report.vanished
            except RailDebugError as error:  # the next change may mend it
                click.secho(f"rail-debug: {error.message}", err=True, fg="red")
    finally:
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(sign)
