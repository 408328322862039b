"""An open span. It is made here and not by OpenTelemetry's tracer, which takes several times as long for each."""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from app.core.errors import RailDebugError
from app.telemetry import context, masking, semconv
from app.telemetry.context import Place
from app.telemetry.ring import Span
from app.telemetry.semconv import Attributes, Kind
from app.telemetry.spans import OPEN, Active

Sink = Callable[[Span], None]


class Recorder:
    """What `spans` opens its spans with. Each finished one goes to every sink, in the thread that ends it."""

    def __init__(self, sinks: Sequence[Sink], *, content: bool = False, shown: bool = True) -> None:
        """`shown`: whether anybody can look at a trace; without, spans are only counted and told by no id."""
        self.sinks = tuple(sinks)
        self.content = content
        self.shown = shown

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
    ) -> Active:
        return Recording(self, name, attributes, kind=kind, parent=parent, span_id=span_id, links=links, apart=apart)


class Recording(Active):
    """No exception text is ever recorded: it may hold what a person typed or a key. Its stable code is enough."""

    __slots__ = (
        "_apart",
        "_at",
        "_attributes",
        "_before",
        "_began",
        "_error",
        "_given",
        "_kind",
        "_links",
        "_name",
        "_own",
        "_parent_id",
        "_recorder",
        "_remote",
        "_sampled",
        "_told",
        "span_id",
        "trace_id",
    )

    _sampled: bool

    def __init__(
        self,
        recorder: Recorder,
        name: str,
        attributes: Attributes,
        *,
        kind: Kind,
        parent: Place | None,
        span_id: str,
        links: tuple[Place, ...],
        apart: bool,
    ) -> None:
        self._recorder, self._name, self._kind, self._given, self._links = recorder, name, kind, parent, links
        self._attributes, self._own, self._apart = attributes, False, apart
        self._error, self.span_id = "", span_id
        self._before: Active | None = None
        self._told: BaseException | None = None

    @property
    def curious(self) -> bool:
        return self._recorder.content

    @property
    def place(self) -> Place:
        return Place(self.trace_id, self.span_id, self._sampled)

    def put(self, attributes: Attributes) -> None:
        """The attributes handed in are shared by many spans, so that the first of its own makes them the span's."""
        if self._own:
            self._attributes |= attributes  # type: ignore[operator]
        else:
            self._attributes, self._own = {**self._attributes, **attributes}, True

    def note(self, reason: str) -> None:
        before = self._attributes.get(semconv.DEGRADED, ())
        self.put({semconv.DEGRADED: (*before, masking.text(reason))})  # type: ignore[misc]

    def led(self, route: str, status: int) -> None:
        self._name = f"{self._attributes[semconv.METHOD]} {route}"
        self.put({semconv.ROUTE: route, semconv.STATUS: status})
        if status >= 500:
            self._error = self._error or str(status)

    def __enter__(self) -> Self:
        self._before = before = OPEN.get()
        parent = self._given
        if isinstance(before, Recording) and parent is None and not self._apart:
            self.trace_id, self._parent_id, self._sampled = before.trace_id, before.span_id, before._sampled
            self._remote = False
        else:
            self._begin(parent if parent or self._apart else context.of_others())
            if self._apart and not self._links and isinstance(before, Recording) and before.trace_id:
                self._links = (*self._links, before.place)
        self.span_id = self.span_id or context.new_span_id()
        OPEN.set(self)
        self._at, self._began = time.time_ns(), time.perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        took = time.perf_counter_ns() - self._began
        # not by a token: a stream may be closed by another task than the one that began it
        if self._is_open_here():
            OPEN.set(self._before)
        if error is not None:
            self._fail(error)
        self._before = self._told = None  # both would keep more alive than this span
        span = Span(
            self.trace_id,
            self.span_id,
            self._parent_id,
            self._name,
            self._at,
            self._at + took,
            self._attributes,
            self._error,
            self._kind,
            self._links,
            self._remote,
            self._sampled,
        )
        for sink in self._recorder.sinks:
            sink(span)

    def _begin(self, parent: Place | None) -> None:
        self._remote = parent is not None
        made = context.new_trace_id() if self._recorder.shown else ""
        self.trace_id = parent.trace_id if parent and made else made
        self._parent_id = parent.span_id if parent else ""
        self._sampled = parent.sampled if parent else True

    def _is_open_here(self) -> bool:
        """Whether this task still stands inside this span, be it below one that was never closed."""
        span = OPEN.get()
        while isinstance(span, Recording) and span is not self:
            span = span._before
        return span is self

    def _fail(self, error: BaseException) -> None:
        """Once, where it happened: a span that the same error only passes through says nothing of it."""
        if isinstance(self._before, Recording):
            self._before._told = error
        if not isinstance(error, Exception):  # cancelled, or a stream whose reader left
            self.put({semconv.CANCELLED: True})
        elif type(error).__name__ not in semconv.PAUSES and self._told is not error:
            self._error = error.code if isinstance(error, RailDebugError) else type(error).__name__
            self.put({semconv.ERROR_TYPE: self._error})
