"""Tracing switched on, by settings: an own provider, so that a global one of somebody else is left alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.settings.telemetry import TelemetrySettings
from app.telemetry import semconv, spans
from app.telemetry.ring import Ring

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider


@dataclass(frozen=True, slots=True)
class Tracing:
    """`provider` is where exporters are added; None when tracing is off."""

    ring: Ring
    provider: "TracerProvider | None" = None
    before: spans.Tracer | None = None

    def close(self) -> None:
        """Flush the exporters; spans go again where they went before."""
        if self.provider is not None:
            spans.switch(self.before)
            self.provider.shutdown()


def configure(settings: TelemetrySettings) -> Tracing:
    ring = Ring(settings.ring)
    if not settings.tracing:
        return Tracing(ring)
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    from app.telemetry.recorder import IntoRing, Recorder

    resource = Resource({semconv.SERVICE_NAME: semconv.HOUSE, semconv.SERVICE_VERSION: _version()})
    provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(IntoRing(ring))
    return Tracing(ring, provider, spans.switch(Recorder(provider.get_tracer(semconv.HOUSE))))


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(semconv.HOUSE)
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0"
