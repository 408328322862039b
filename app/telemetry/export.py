"""Spans on their way out, by OpenTelemetry's exporters: each collector has a queue and a thread of its own."""

import base64
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from app.core.errors import MissingExtra
from app.core.settings.telemetry import Collector
from app.telemetry import semconv
from app.telemetry.context import Place
from app.telemetry.ring import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricExporter

log = logging.getLogger(__name__)

KINDS = {"internal": SpanKind.INTERNAL, "server": SpanKind.SERVER, "client": SpanKind.CLIENT}
SCOPE = InstrumentationScope(semconv.HOUSE)
DELAY_MS, BATCH = 1000, 256
QUIET_S = 60.0  # between two lines about a collector that is not there
NOISY = ("opentelemetry.exporter", "opentelemetry.sdk._shared_internal")  # several lines a batch

logging.getLogger(NOISY[0]).setLevel(logging.CRITICAL)
logging.getLogger(NOISY[1]).setLevel(logging.CRITICAL)


class Outlet:
    """One collector. `lost` counts the spans that it did not take."""

    def __init__(self, name: str, exporter: SpanExporter, queue: int, clock: Callable[[], float] = time.monotonic):
        self.name, self.lost = name, 0
        self._courier = Courier(name, exporter, self, clock)
        self._processor = BatchSpanProcessor(
            self._courier, max_queue_size=queue, schedule_delay_millis=DELAY_MS, max_export_batch_size=BATCH
        )

    def __call__(self, span: ReadableSpan) -> None:
        self._processor.on_end(span)

    def close(self) -> None:
        """What is queued goes out if the collector takes it; one that takes nothing is not tried again."""
        self._courier.leaving = True
        self._processor.shutdown()  # type: ignore[no-untyped-call]


class Courier(SpanExporter):
    """Tells of a collector's failure once a minute."""

    def __init__(self, name: str, exporter: SpanExporter, outlet: Outlet, clock: Callable[[], float]) -> None:
        self._name, self._exporter, self._outlet, self._clock = name, exporter, outlet, clock
        self._told = float("-inf")
        self._failing = False
        self.leaving = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self.leaving and self._failing:
            self._outlet.lost += len(spans)
            return SpanExportResult.FAILURE
        result = self._exporter.export(spans)
        self._failing = result is not SpanExportResult.SUCCESS
        if self._failing:
            self._outlet.lost += len(spans)
            self._tell()
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True

    def _tell(self) -> None:
        if self._clock() - self._told >= QUIET_S:
            self._told = self._clock()
            log.warning("the collector %r takes no spans; %d were lost", self._name, self._outlet.lost)


class Exports:
    """The sink of finished spans: spelled once in OpenTelemetry's form, handed to every outlet."""

    def __init__(self, outlets: Sequence[Callable[[ReadableSpan], None]], resource: Resource) -> None:
        self.outlets = tuple(outlets)
        self._resource = resource

    def __call__(self, span: Span) -> None:
        if not span.sampled:
            return
        spelled = readable(span, self._resource)
        for outlet in self.outlets:
            outlet(spelled)

    @property
    def lost(self) -> Mapping[str, int]:
        return {outlet.name: outlet.lost for outlet in self._batched}

    @property
    def _batched(self) -> Sequence[Outlet]:
        return [outlet for outlet in self.outlets if isinstance(outlet, Outlet)]

    def close(self) -> None:
        """All at once: each may take as long as one call to it."""
        closing = [threading.Thread(target=outlet.close, daemon=True) for outlet in self._batched]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()


def readable(span: Span, resource: Resource) -> ReadableSpan:
    here = Place(span.trace_id, span.span_id, span.sampled)
    above = Place(span.trace_id, span.parent_id) if span.parent_id else None
    return ReadableSpan(
        name=span.name,
        context=_context(here),
        parent=_context(above, remote=span.remote) if above else None,
        resource=resource,
        attributes=span.attributes,  # type: ignore[arg-type]
        links=[Link(_context(link)) for link in span.links],
        kind=KINDS[span.kind],
        status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.UNSET),
        start_time=span.started_ns,
        end_time=span.ended_ns,
        instrumentation_scope=SCOPE,
    )


def _context(place: Place, *, remote: bool = False) -> SpanContext:
    return SpanContext(int(place.trace_id, 16), int(place.span_id, 16), remote, TraceFlags(int(place.sampled)))


def to_console(stream: TextIO | None = None) -> Callable[[ReadableSpan], None]:
    out = stream or sys.stderr
    return lambda span: print(span.to_json(indent=None), file=out)


def spans_to(name: str, collector: Collector, queue: int) -> Outlet:
    """Raises `MissingExtra`."""
    return Outlet(name, _exporter(collector, "traces"), queue)


def metrics_to(collector: Collector) -> "MetricExporter":
    """Raises `MissingExtra`."""
    return _exporter(collector, "metrics")  # type: ignore[no-any-return]


def _exporter(collector: Collector, signal: str) -> Any:
    made = _grpc(signal) if collector.protocol == "grpc" else _http(signal)
    headers = _headers(collector)
    if collector.protocol == "grpc":
        insecure = collector.endpoint.startswith("http://")
        return made(endpoint=collector.endpoint, insecure=insecure, headers=headers, timeout=collector.timeout_s)
    path = f"/v1/{signal}"
    endpoint = collector.endpoint.rstrip("/").removesuffix(path) + path
    return made(endpoint=endpoint, headers=headers, timeout=collector.timeout_s)


def _http(signal: str) -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise MissingExtra("OTLP over HTTP", "otlp") from error
    return OTLPSpanExporter if signal == "traces" else OTLPMetricExporter


def _grpc(signal: str) -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise MissingExtra("OTLP over gRPC", "otlp-grpc") from error
    return OTLPSpanExporter if signal == "traces" else OTLPMetricExporter


def _headers(collector: Collector) -> Mapping[str, str]:
    """Names in small letters, which is what gRPC takes."""
    headers = {name.lower(): value.get_secret_value() for name, value in collector.headers.items()}
    if collector.public_key:
        pair = f"{collector.public_key}:{collector.secret_key.get_secret_value()}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return headers
