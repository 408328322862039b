"""A knowledge base from one store into another. Both are made from the records, so those are what is read."""

from collections.abc import Callable

from app.core.errors import StoreUnavailable
from app.retrieval.base import Filling
from app.retrieval.stores.table import STORES
from app.services.hall import Services
from app.services.parts import row

__all__ = ["Filling", "carry"]


async def carry(services: Services, source: str, told: Callable[[int, int], None]) -> Filling:
    """Into the store that the services were built with. What an earlier attempt has written is not written again."""
    row(STORES, "store", source)
    try:
        return await services.store.fill(services.settings.kb, told)
    except StoreUnavailable as error:
        raise StoreUnavailable(error.message, hint="Run it again when the store is there; it goes on.") from error
