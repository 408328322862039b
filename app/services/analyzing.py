"""The analyzers, joined: the table of the settings, the memory of this machine, and what the records know of trust."""

from collections.abc import Callable

from app.analyzers.agreement import ThroughRecords, ThroughRedis
from app.analyzers.base import Agreement, Standings
from app.analyzers.manager import Manager
from app.analyzers.memory import Machine, Memory
from app.analyzers.pool import Pool
from app.analyzers.trust import Trust
from app.core.brief import PromptSet
from app.core.cache import Cache
from app.core.settings import Settings


def manager(
    settings: Settings,
    standings: Standings,
    prompts: Callable[[], PromptSet | None],
    memory: Memory | None = None,
    cache: Cache | None = None,
) -> Manager:
    """Raises `InvalidSettings` with row, option and place."""
    return Manager(
        settings.analyzer_table,
        pool=Pool(settings.pool, memory or Machine()),
        trust=Trust(standings),
        agreement=agreement(settings, standings),
        prompts=prompts,
        qualify=settings.qualify,
        cache=cache,
    )


def agreement(settings: Settings, standings: Standings) -> Agreement:
    if settings.redis_url is None:
        return ThroughRecords(standings, settings.pool.follow_s)
    return ThroughRedis(settings.redis_url.get_secret_value(), settings.kb, settings.pool.follow_s)
