"""Tracing switched on, by settings. Nothing global is touched, and OpenTelemetry comes in with an exporter only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.core.settings.telemetry import TelemetrySettings
from app.telemetry import masking, semconv, spans
from app.telemetry.personal import NONE, Personal, patterns
from app.telemetry.recorder import Recorder, Sink
from app.telemetry.ring import Ring

if TYPE_CHECKING:
    from app.telemetry.export import Exports
    from app.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Tracing:
    ring: Ring = field(default_factory=lambda: Ring(0))
    exports: "Exports | None" = None
    metrics: "Metrics | None" = None
    before: spans.Tracer | None = None
    personal: Personal = NONE  # of the set-up before

    @property
    def lost(self) -> Mapping[str, int]:
        return self.exports.lost if self.exports else {}

    def close(self) -> None:
        """Flush the exporters; spans go again where they went before."""
        spans.switch(self.before)
        masking.configure(self.personal)
        if self.exports is not None:
            self.exports.close()
        if self.metrics is not None:
            self.metrics.close()


def configure(settings: TelemetrySettings, *, metrics: bool = False) -> Tracing:
    """`metrics`: this process serves, so that somebody may ask for them. Raises `MissingExtra`."""
    ring, sinks = Ring(settings.ring), list[Sink]()
    exports = _exports(settings) if settings.tracing else None
    counted = _metrics(settings) if metrics and settings.metrics else None
    if settings.tracing and settings.ring:
        sinks.append(ring.add)
    if exports:
        sinks.append(exports)
    if counted:
        sinks.append(counted.observe)
    personal = masking.configure(Personal(patterns(settings.mask, settings.mask_patterns), settings.mask_remote))
    content = settings.content and exports is not None
    on = Recorder(sinks, content=content, shown=settings.tracing) if settings.tracing or counted else None
    return Tracing(ring, exports, counted, spans.switch(on), personal)


def _exports(settings: TelemetrySettings) -> "Exports | None":
    collectors = {name: collector for name, collector in settings.otlp.items() if collector.traces}
    if not collectors and not settings.console:
        return None
    from opentelemetry.sdk.resources import Resource

    from app.telemetry.export import Exports, spans_to, to_console

    outlets = [spans_to(name, collector, settings.queue) for name, collector in collectors.items()]
    console = [to_console()] if settings.console else []
    return Exports([*outlets, *console], Resource(resource()))


def _metrics(settings: TelemetrySettings) -> "Metrics":
    from app.telemetry.metrics import Metrics

    return Metrics([collector for collector in settings.otlp.values() if collector.metrics])


def resource() -> Mapping[str, str]:
    return {semconv.SERVICE_NAME: semconv.HOUSE, semconv.SERVICE_VERSION: _version()}


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(semconv.HOUSE)
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0"
