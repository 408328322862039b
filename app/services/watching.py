"""`.env` and `rail-debug.yaml` are watched: a right change of the analyzers takes effect, a wrong one is told."""

import asyncio
import logging
from contextlib import suppress
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

    folder, stop, seen = Path.cwd(), asyncio.Event(), settings
    with suppress(RailDebugError):  # spoiled since the start: the next change may mend it
        seen = await read(settings)
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
            seen = await take(settings, seen, manager)
    finally:
        stop.set()


async def read(settings: Settings) -> Settings:
    """As the files say, and what was given as a flag for all that follows."""
    return await asyncio.to_thread(load, home=settings.home, kb=settings.kb)


async def take(settings: Settings, seen: Settings, manager: Manager) -> Settings:
    """Read the settings anew, and take their analyzers where they have changed -> what was read last."""
    try:
        fresh = await read(settings)
        if fresh.analyzer_table != manager.table:
            await manager.apply(fresh.analyzer_table)
            log.info("the analyzers are those of the changed settings; %s is active", manager.active)
        manager.table_error = ""
    except RailDebugError as error:
        manager.table_error = f"{error.message} {error.hint}"
        log.error("the changed settings are not taken, the old analyzers stay: %s", manager.table_error)
        return seen
    if rest(fresh) != rest(seen):
        log.warning("settings besides the analyzers have changed; they take effect with the next start")
    return fresh


def rest(settings: Settings) -> Settings:
    table = {"analyzer", "analyzers", "fallback", "routes", "allow_remote"}
    return settings.model_copy(update={name: type(settings).model_fields[name].get_default() for name in table})
