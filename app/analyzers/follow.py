"""Following what other processes of the service have chosen, and whom they have qualified."""

import logging
from typing import Protocol

from app.analyzers.base import Agreement
from app.analyzers.trust import Trust
from app.core.errors import RailDebugError, RecordsUnavailable
from app.core.standing import Choice

log = logging.getLogger(__name__)


class Led(Protocol):
    """What follows: the manager of this process."""

    active: str
    follow_error: str

    async def join(self, choice: Choice) -> None:
        """Take the analyzer that was chosen, unless it leads already or the settings have a later word."""
        ...

    def trusts_anew(self) -> None: ...


async def chosen(agreement: Agreement, trust: Trust) -> Choice | None:
    """What was chosen before this process began."""
    try:
        await trust.refresh()
        return await agreement.read() or await trust.standings.chosen()
    except RecordsUnavailable as error:
        log.warning("which analyzer was active is not known: %s", error.message)
        return None


async def follow(led: Led, agreement: Agreement, trust: Trust) -> None:
    """Until it is cancelled. A choice that cannot be followed here is not tried again at every look."""
    refused = ""
    async for choice in agreement.changes():
        try:
            if await trust.refresh():
                led.trusts_anew()
        except RecordsUnavailable as error:
            log.warning("how far analyzers are trusted is not known anew: %s", error.message)
        if choice is None or choice.id == refused:
            continue
        try:
            await led.join(choice)
        except RailDebugError as error:
            refused = choice.id
            led.follow_error = f"{led.active} stays, {choice.active} was chosen: {error.message}"
            log.warning("%s", led.follow_error)
