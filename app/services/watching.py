"""`.env` and `rail-debug.yaml` are watched: a right change of the analyzers takes effect, a wrong one is told."""

import asyncio
import logging
from pathlib import Path

from app.analyzers.manager import Manager
from app.core.errors import RailDebugError
from app.core.settings import Settings, load
from app.core.settings.lines import ENV_FILE, YAML_FILE

log = logging.getLogger(__name__)
SETTLE_MS = 200  # a program that saves a file writes it in several goes


async def watch(settings: Settings, manager: Manager) -> None:
    """Until it is cancelled. The folder is watched, since `cp` and editors put another file in the old one's place."""
    from watchfiles import awatch

    folder, stop = Path.cwd(), asyncio.Event()
    names = {ENV_FILE, YAML_FILE}
    try:
        async for _ in awatch(
            folder,
            watch_filter=lambda _, path: Path(path).name in names,
            debounce=SETTLE_MS,
            step=50,
            stop_event=stop,
            recursive=False,
        ):
            await take(settings, manager)
    finally:
        stop.set()


async def take(settings: Settings, manager: Manager) -> None:
    """Read the settings anew, and their analyzers where they have changed."""
    try:
        fresh = await asyncio.to_thread(load, home=settings.home, kb=settings.kb)
        if fresh.analyzer_table != manager.table:
            await manager.apply(fresh.analyzer_table)
            log.info("the analyzers are those of the changed settings; %s is active", manager.active)
        manager.table_error = ""
    except RailDebugError as error:
        manager.table_error = f"{error.message} {error.hint}"
        log.error("the changed settings are not taken, the old analyzers stay: %s", manager.table_error)
        return
    if rest(fresh) != rest(settings):
        log.warning("settings besides the analyzers have changed; they take effect with the next start")


def rest(settings: Settings) -> Settings:
    table = {"analyzer", "analyzers", "fallback", "routes", "allow_remote"}
    return settings.model_copy(update={name: type(settings).model_fields[name].get_default() for name in table})
