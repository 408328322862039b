"""Spans, one function per kind of work; switched off they cost nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.core.brief import Identity


class Active:
    """The span that is open. `trace_id` is 32 hex digits, empty when tracing is off."""

    trace_id: str = ""

    def found(self, count: int) -> None: ...
    def used(self, tokens_in: int, tokens_out: int) -> None: ...
    def note(self, reason: str) -> None:
        """Something was less than whole: a fallback, a degraded lane."""


@contextmanager
def agent(run_id: str, kb: str) -> Iterator[Active]:
    yield Active()


@contextmanager
def node(name: str) -> Iterator[Active]:
    yield Active()


@contextmanager
def retrieval(store: str, k: int) -> Iterator[Active]:
    yield Active()


@contextmanager
def inference(identity: Identity) -> Iterator[Active]:
    yield Active()


@contextmanager
def ingest(kb: str, path: str) -> Iterator[Active]:
    yield Active()
