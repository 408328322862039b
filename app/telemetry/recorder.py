"""An open span on OpenTelemetry's tracer. Loaded only when tracing is on."""

from types import TracebackType
from typing import Self

from opentelemetry.context import Context, attach, get_current
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context
from opentelemetry.trace import Tracer as OtelTracer

from app.core.errors import RailDebugError
from app.telemetry import masking, ring, semconv
from app.telemetry.semconv import Attributes
from app.telemetry.spans import OPEN, Active


class Recorder:
    """What `spans` opens its spans with."""

    def __init__(self, tracer: OtelTracer) -> None:
        self._tracer = tracer

    def open(self, name: str, attributes: Attributes) -> Active:
        return Recording(self._tracer, name, attributes)


class Recording(Active):
    """No exception text is ever recorded: it may hold what a person typed or a key. Its stable code is enough."""

    __slots__ = ("_attributes", "_before", "_name", "_notes", "_outer", "_span", "_tracer", "trace_id")
    _span: Span
    _outer: Context
    _before: "Active | None"

    def __init__(self, tracer: OtelTracer, name: str, attributes: Attributes) -> None:
        self._tracer, self._name, self._attributes = tracer, name, attributes
        self._notes: tuple[str, ...] = ()

    def found(self, count: int) -> None:
        self._span.set_attribute(semconv.DB_ROWS, count)

    def used(self, tokens_in: int, tokens_out: int) -> None:
        self._span.set_attributes({semconv.TOKENS_IN: tokens_in, semconv.TOKENS_OUT: tokens_out})

    def note(self, reason: str) -> None:
        self._notes += (masking.text(reason),)
        self._span.set_attribute(semconv.DEGRADED, self._notes)

    def __enter__(self) -> Self:
        self._outer = get_current()
        self._span = self._tracer.start_span(
            self._name,
            self._outer,
            attributes=self._attributes,
            record_exception=False,
            set_status_on_exception=False,
        )
        context = self._span.get_span_context()
        self.trace_id = f"{context.trace_id:032x}" if context.is_valid else ""
        self._before = OPEN.get()
        OPEN.set(self)
        attach(set_span_in_context(self._span, self._outer))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_open_here():
            OPEN.set(self._before)
            attach(self._outer)  # not detach(token): a stream may be closed by another task than the one that began it
        if error is not None:
            self._fail(error)
        self._span.end()

    def _is_open_here(self) -> bool:
        """Whether this task still stands inside this span, be it below one that was never closed."""
        span = OPEN.get()
        while isinstance(span, Recording) and span is not self:
            span = span._before
        return span is self

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, Exception):  # cancelled, or a stream whose reader left
            self._span.set_attribute(semconv.CANCELLED, True)
        elif type(error).__name__ not in semconv.PAUSES:
            code = error.code if isinstance(error, RailDebugError) else type(error).__name__
            self._span.set_attribute(semconv.ERROR_TYPE, code)
            self._span.set_status(Status(StatusCode.ERROR, code))


class IntoRing(SpanProcessor):
    """Each finished span is copied at once, in the thread that ends it: no queue, no thread, nothing to flush."""

    def __init__(self, spans: ring.Ring) -> None:
        self._ring = spans

    def on_end(self, span: ReadableSpan) -> None:
        context, parent = span.get_span_context(), span.parent
        started, ended = span.start_time or 0, span.end_time or 0
        if context is None:
            return
        self._ring.add(
            ring.Span(
                trace_id=f"{context.trace_id:032x}",
                span_id=f"{context.span_id:016x}",
                parent_id=f"{parent.span_id:016x}" if parent else "",
                name=span.name,
                started_at=started / 1e9,
                milliseconds=(ended - started) / 1e6,
                attributes=dict(span.attributes or {}),
                error=span.status.description or "",
            )
        )
