"""Spans, one function per kind of work; switched off they cost nothing."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import Protocol, Self

from app.core.brief import Identity
from app.telemetry import context, masking, semconv
from app.telemetry.context import Place
from app.telemetry.semconv import Attributes, Kind

RUN: ContextVar[str] = ContextVar("rail_debug_run", default="")
OPEN: "ContextVar[Active | None]" = ContextVar("rail_debug_span", default=None)


class Active:
    """The span that is open. `trace_id` is 32 hex digits, empty when tracing is off.

    This very class is the span that is switched off: it does nothing, and one instance serves everybody.
    """

    __slots__ = ()
    trace_id: str = ""

    @property
    def curious(self) -> bool:
        """Whether it keeps what was asked and said."""
        return False

    def put(self, attributes: Attributes) -> None:
        """By name: for the methods below, since a room names no attribute."""

    def note(self, reason: str) -> None:
        """Something was less than whole: a fallback, a degraded lane."""

    def led(self, route: str, status: int) -> None:
        """A request found its route, and its answer has this status."""

    def found(self, count: int) -> None:
        self.put({semconv.DB_ROWS: count})

    def fused(self, *, code: int, dense: int, sparse: int) -> None:
        """How many candidates each lane brought to the fusion."""
        self.put({semconv.FUSED_CODE: code, semconv.FUSED_DENSE: dense, semconv.FUSED_SPARSE: sparse})

    def used(self, tokens_in: int, tokens_out: int) -> None:
        self.put({semconv.TOKENS_IN: tokens_in, semconv.TOKENS_OUT: tokens_out, semconv.TOKENS: tokens_in + tokens_out})

    def ended(self, finish: str) -> None:
        self.put({semconv.FINISH: (finish,)})

    def cost(self, amount: float, currency: str) -> None:
        self.put({semconv.COST: amount, semconv.CURRENCY: currency})

    def prompted(self, label: str) -> None:
        if label:
            self.put(semconv.prompted(label))

    def decided(self, verdict: str, analyzer: str, cached: bool = False, degraded: Sequence[str] = ()) -> None:
        self.put({semconv.VERDICT: verdict, semconv.ANALYZER: analyzer, semconv.CACHED: cached})
        for reason in degraded:
            self.note(reason)

    def queried(self, text: str) -> None:
        if self.curious:
            self.put({semconv.QUERY_TEXT: masking.text(text)})

    def asked(self, messages: Sequence[tuple[str, str]]) -> None:
        if self.curious:
            self.put({semconv.MESSAGES_IN: semconv.messages((role, masking.text(text)) for role, text in messages)})

    def said(self, text: str) -> None:
        if self.curious:
            self.put({semconv.MESSAGES_OUT: semconv.messages([("assistant", masking.text(text))])})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Tracer(Protocol):
    def open(
        self,
        name: str,
        attributes: Attributes,
        *,
        kind: Kind = "internal",
        parent: Place | None = None,
        span_id: str = "",
        links: tuple[Place, ...] = (),
        apart: bool = False,
    ) -> Active: ...


class Off(Active):
    __slots__ = ()

    def found(self, count: int) -> None: ...
    def fused(self, *, code: int, dense: int, sparse: int) -> None: ...
    def used(self, tokens_in: int, tokens_out: int) -> None: ...
    def ended(self, finish: str) -> None: ...
    def cost(self, amount: float, currency: str) -> None: ...
    def prompted(self, label: str) -> None: ...
    def decided(self, verdict: str, analyzer: str, cached: bool = False, degraded: Sequence[str] = ()) -> None: ...


OFF = Off()
_tracer: Tracer | None = None


def switch(tracer: Tracer | None) -> Tracer | None:
    """Spans go to this tracer from now on; None switches them off. -> the tracer before it."""
    global _tracer  # the one switch: a span is opened where no service is at hand
    before, _tracer = _tracer, tracer
    return before


def request(method: str, traceparent: str | None = None) -> AbstractContextManager[Active]:
    """One request at a door; a caller that tells its own place gets the spans below it."""
    if _tracer is None:
        return OFF
    return _tracer.open(*semconv.request(method), kind="server", parent=context.read(traceparent))


def agent(run_id: str, kb: str, resumed: str = "") -> AbstractContextManager[Active]:
    """Also tells the log which run the current task works for. `resumed`: the trace in which the run began."""
    if _tracer is None:
        return _Run(run_id, OFF)
    own = context.span_id_of(run_id)
    if resumed:
        links = (Place(resumed, own),) if own else ()
        return _Run(run_id, _tracer.open(*semconv.agent(run_id, kb), links=links))
    return _Run(run_id, _tracer.open(*semconv.agent(run_id, kb), span_id=own))


def node(name: str) -> AbstractContextManager[Active]:
    return _tracer.open(*semconv.node(name)) if _tracer else OFF


def retrieval(store: str, k: int) -> AbstractContextManager[Active]:
    return _tracer.open(*semconv.retrieval(store, k)) if _tracer else OFF


def lane(name: str, store: str, kb: str, alpha: float | None = None) -> AbstractContextManager[Active]:
    """One search of a store: `dense`, `sparse`, `code`, `rerank`. `alpha` is of a hybrid call of Weaviate's only."""
    return _tracer.open(*semconv.lane(name, store, kb, alpha), kind="client") if _tracer else OFF


def prompt() -> AbstractContextManager[Active]:
    return _tracer.open(*semconv.prompt()) if _tracer else OFF


def inference(identity: Identity) -> AbstractContextManager[Active]:
    return _tracer.open(*semconv.inference(identity), kind="client") if _tracer else OFF


def ingest(kb: str, path: str) -> AbstractContextManager[Active]:
    return _tracer.open(*semconv.ingest(kb, masking.text(path))) if _tracer else OFF


def feedback(trace_id: str, score: float, run_id: str = "", name: str = "thumbs") -> AbstractContextManager[Active]:
    """What a person thinks of an answer, in that answer's trace, below its agent span."""
    if _tracer is None:
        return OFF
    parent = context.read(f"00-{trace_id}-{context.span_id_of(run_id) or context.new_span_id()}-01")
    return _tracer.open(*semconv.feedback(run_id, name, score), parent=parent)


def here() -> Place | None:
    """The span that is open, for `beside` at another time."""
    return getattr(OPEN.get(), "place", None)


def beside(kind: str, name: str, of: Place | None = None) -> AbstractContextManager[Active]:
    """Work that no answer waits for, `shadow` or `benchmark`: a trace of its own, linked to the one it is for."""
    links = (of,) if of and of.trace_id else ()
    return _tracer.open(*semconv.beside(kind, name), links=links, apart=True) if _tracer else OFF


def headers() -> Mapping[str, str]:
    """What a call to another service takes along, so that its spans hang below ours."""
    place = here()
    return {"traceparent": context.written(place)} if place and place.trace_id else {}


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
