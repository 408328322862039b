"""The rerankers that can be named in the settings."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor

from app.core.settings.models import RerankingSettings
from app.retrieval.base import Reranker
from app.retrieval.rerankers.cross_encoder import cross_encoder
from app.retrieval.rerankers.remote import remote

Make = Callable[[RerankingSettings, Executor], Reranker | None]  # builds, loads nothing; raises `InvalidSettings`


def none(settings: RerankingSettings, pool: Executor) -> None:
    """What fusion found stays as it is: on two cores nothing that was tried paid; see docs/reports/retrieval.md."""


RERANKERS: Mapping[str, Make] = {"none": none, "cross-encoder": cross_encoder, "remote": remote}
