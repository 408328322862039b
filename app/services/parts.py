"""Parts by the names that the settings give them, and which of them may be sent what was asked."""

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import TypeVar

from app.core.errors import InvalidSettings
from app.core.settings.retrieval import RetrievalSettings
from app.retrieval.rerankers.table import RERANKERS
from app.retrieval.reranking import Reranking

T = TypeVar("T")


def row(table: Mapping[str, T], setting: str, name: str) -> T:
    if name not in table:
        there = ", ".join(sorted(table))
        raise InvalidSettings(f"retrieval.{setting}: {name!r} is none of them.", hint=f"There are: {there}.")
    return table[name]


def stays(remote: bool, settings: RetrievalSettings, part: str) -> None:
    """Raises `InvalidSettings` for a part that sends text off this machine without leave."""
    if remote and not settings.allow_remote:
        hint = "Set RAIL_DEBUG_RETRIEVAL__ALLOW_REMOTE=true if questions and passages may leave this machine."
        raise InvalidSettings(f"retrieval.{part}: it is not on this machine.", hint=hint)


def reread(settings: RetrievalSettings, pool: Executor) -> Reranking:
    own = settings.reranking
    reranker = row(RERANKERS, "reranker", settings.reranker)(own, pool)
    if reranker is None:
        return Reranking()
    stays(reranker.remote, settings, "reranker")
    return Reranking(reranker, own.depth, own.timeout_s)
