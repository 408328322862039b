"""The records of a service, tidied while it serves: what was spooled is brought in, what is too old goes."""

import asyncio
import logging
import time

from app.core.errors import RecordsUnavailable
from app.core.settings.records import RecordsSettings
from app.records.home import Records
from app.records.sql import Connection

log = logging.getLogger(__name__)

DRAIN_S = 5.0  # between two looks into the spool; an empty one costs a look at a folder


def touched(connection: Connection) -> int:
    """Writes, and changes nothing."""
    return connection.execute("UPDATE schema_version SET version = version").rowcount


async def tidy(records: Records, settings: RecordsSettings) -> None:
    """For as long as the service lives. What cannot be done now is done later."""
    due = 0.0
    while True:
        try:
            if records.db.trouble:
                await records.db.write(touched)  # takes the trouble back, where it is over
            if drained := await records.runs.drain_live():
                log.warning("%d spooled packs were taken", drained)
            if time.monotonic() >= due:
                due = time.monotonic() + settings.sweep_s
                swept = await records.expiry.sweep(settings)
                if swept.any:
                    log.info("retention: %s", swept)
        except RecordsUnavailable as error:
            log.info("the records are tidied later: %s", error.message)
        await asyncio.sleep(min(DRAIN_S, settings.sweep_s))
