"""Spans, one function per kind of work; switched off they cost nothing."""

from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import Protocol, Self

from app.core.brief import Identity
from app.telemetry import semconv
from app.telemetry.semconv import Attributes

RUN: ContextVar[str] = ContextVar("rail_debug_run", default="")
OPEN: "ContextVar[Active | None]" = ContextVar("rail_debug_span", default=None)


class Active:
    """The span that is open. `trace_id` is 32 hex digits, empty when tracing is off.

    This very class is the span that is switched off: it does nothing, and one instance serves everybody.
    """

    __slots__ = ()
    trace_id: str = ""

    def found(self, count: int) -> None: ...
    def used(self, tokens_in: int, tokens_out: int) -> None: ...
    def note(self, reason: str) -> None:
        """Something was less than whole: a fallback, a degraded lane."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Tracer(Protocol):
    def open(self, name: str, attributes: Attributes) -> Active: ...


OFF = Active()
_tracer: Tracer | None = None


def switch(tracer: Tracer | None) -> Tracer | None:
    """Spans go to this tracer from now on; None switches them off. -> the tracer before it."""
    global _tracer  # the one switch: a span is opened where no service is at hand
    before, _tracer = _tracer, tracer
    return before


def agent(run_id: str, kb: str) -> AbstractContextManager[Active]:
    """Also tells the log which run the current task works for."""
    return _Run(run_id, _tracer.open(*semconv.agent(run_id, kb)) if _tracer else OFF)


def node(name: str) -> AbstractContextManager[Active]:
    return _tracer.open(*semconv.node(name)) if _tracer else OFF


def retrieval(store: str, k: int) -> AbstractContextManager[Active]:
    return _tracer.open(*semconv.retrieval(store, k)) if _tracer else OFF


def inference(identity: Identity) -> AbstractContextManager[Active]:
    return _tracer.open(*semconv.inference(identity)) if _tracer else OFF


def ingest(kb: str, path: str) -> AbstractContextManager[Active]:
    return _tracer.open(*semconv.ingest(kb, path)) if _tracer else OFF


class _Run(AbstractContextManager[Active]):
    __slots__ = ("_before", "_run_id", "_span")

    def __init__(self, run_id: str, span: Active) -> None:
        self._run_id, self._span, self._before = run_id, span, ""

    def __enter__(self) -> Active:
        self._before = RUN.get()
        RUN.set(self._run_id)
        return self._span.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if RUN.get() == self._run_id:  # a stream that is closed from elsewhere leaves that task's run alone
            RUN.set(self._before)
        self._span.__exit__(kind, error, trace)
