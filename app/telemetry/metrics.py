"""What is counted: read off the finished spans by OpenTelemetry's meter, told to Prometheus and by OTLP."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Final

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from app.core.settings.telemetry import Collector
from app.telemetry import semconv
from app.telemetry.ring import Span

Labels = tuple[tuple[str, str], ...]
Gauge = Callable[[], Iterable[tuple[float, Mapping[str, str]]]]
EVERY_MS = 15_000
LEAVING_MS = 1_000
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

# name -> (unit, what it is)
COUNTERS: Final[Mapping[str, tuple[str, str]]] = {
    "rail_debug.requests": ("1", "Requests by route, method and status."),
    "rail_debug.runs": ("1", "Questions by verdict and by the analyzer that answered."),
    "rail_debug.retrievals": ("1", "Searches by what they were answered from: a store, or the cache."),
    "rail_debug.tokens": ("1", "Tokens by analyzer and direction."),
    "rail_debug.cost": ("1", "Cost by analyzer and currency."),
    "rail_debug.degraded": ("1", "Times that less than everything worked, by reason."),
    "rail_debug.errors": ("1", "Errors by the place where they happened and their code."),
    "rail_debug.feedback": ("1", "Scores that people gave, by name and sign."),
}
HISTOGRAMS: Final[Mapping[str, tuple[str, str]]] = {
    "rail_debug.request.duration": ("s", "From a request's first byte to its answer's last."),
    "rail_debug.run.duration": ("s", "From the question to the recorded answer."),
    "rail_debug.stage.duration": ("s", "Of one stage of a run: a node, a lane of the search, the prompt, the model."),
}
GAUGES: Final[Mapping[str, tuple[str, str]]] = {
    "rail_debug.analyzer.state": ("1", "1 for the state that each analyzer is in."),
    "rail_debug.analyzer.active": ("1", "1 for the analyzer that questions go to."),
    "rail_debug.analyzer.leases": ("1", "Questions that analyzers work on now."),
    "rail_debug.analyzer.memory": ("By", "Memory that loaded analyzers hold, by kind."),
    "rail_debug.breaker.open": ("1", "1 while an analyzer has failed and is left alone."),
    "rail_debug.cache.size": ("By", "Memory that the cache of this process holds."),
    "rail_debug.part.up": ("1", "1 while a part works whole: store, embedder, cache."),
    "rail_debug.queue": ("1", "What waits: for a worker thread."),
    "rail_debug.spans.lost": ("1", "Spans that a collector did not take."),
}


@dataclass(frozen=True, slots=True)
class Text:
    """As Prometheus reads it."""

    media_type = "text/plain; version=0.0.4; charset=utf-8"
    content: bytes


class Metrics:
    """A provider of its own: no global one is set, none of somebody else's is used."""

    def __init__(self, collectors: Sequence[Collector] = ()) -> None:
        """Raises `MissingExtra`."""
        self._registry = CollectorRegistry()
        readers: list[MetricReader] = [PrometheusMetricReader(True, scope_info_enabled=False, registry=self._registry)]
        readers += [PeriodicExportingMetricReader(_exporter(each), EVERY_MS, LEAVING_MS) for each in collectors]
        resource = Resource({semconv.SERVICE_NAME: semconv.HOUSE})
        self._provider = MeterProvider(readers, resource, shutdown_on_exit=False)
        self._meter = self._provider.get_meter(semconv.HOUSE)
        self._totals: dict[str, dict[Labels, float]] = {name: {} for name in COUNTERS}
        self._adding = Lock()
        for name, told in COUNTERS.items():
            self._meter.create_observable_counter(name, [partial(self._counted, name)], *told)
        self._record = {
            name: self._meter.create_histogram(name, *told, explicit_bucket_boundaries_advisory=SECONDS).record
            for name, told in HISTOGRAMS.items()
        }

    def watch(self, name: str, gauge: Gauge) -> None:
        """`gauge` is asked whenever somebody reads, in the reader's thread."""

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(value, labels) for value, labels in gauge()]

        self._meter.create_observable_gauge(name, [observe], *GAUGES[name])

    def _add(self, name: str, amount: float, labels: Mapping[str, str]) -> None:
        """Summed up here and read off by the meter: an instrument of its own takes ten times as long."""
        key, totals = tuple(labels.items()), self._totals[name]
        with self._adding:
            totals[key] = totals.get(key, 0) + amount

    def _counted(self, name: str, _: CallbackOptions) -> Iterable[Observation]:
        with self._adding:
            return [Observation(total, dict(labels)) for labels, total in self._totals[name].items()]

    def text(self) -> Text:
        return Text(generate_latest(self._registry))

    def close(self) -> None:
        self._provider.shutdown(timeout_millis=LEAVING_MS)

    def observe(self, span: Span) -> None:
        """The sink of finished spans."""
        told: Mapping[str, Any] = span.attributes
        seconds = span.milliseconds / 1000
        if semconv.NODE in told:
            self._record["rail_debug.stage.duration"](seconds, {"stage": told[semconv.NODE]})
        elif semconv.LANE in told:
            self._record["rail_debug.stage.duration"](seconds, {"stage": told[semconv.LANE]})
        elif semconv.METHOD in told:
            self._request(told, seconds)
        elif semconv.FEEDBACK in told:
            sign = "up" if told[semconv.FEEDBACK] > 0 else "down"
            self._add("rail_debug.feedback", 1, {"name": told[semconv.SCORE_NAME], "sign": sign})
        elif count := OPERATIONS.get(told.get(semconv.OPERATION, "")):
            count(self, told, seconds)
        for reason in told.get(semconv.DEGRADED, ()) if semconv.RUN_ID in told else ():
            self._add("rail_debug.degraded", 1, {"reason": reason.partition(":")[0]})
        if span.error:
            self._add("rail_debug.errors", 1, {"place": span.name.partition(" ")[0], "error": span.error})

    def _request(self, told: Mapping[str, Any], seconds: float) -> None:
        route = {"route": told.get(semconv.ROUTE, "none"), "method": told[semconv.METHOD]}
        self._add("rail_debug.requests", 1, {**route, "status": str(told.get(semconv.STATUS, 0))})
        self._record["rail_debug.request.duration"](seconds, route)

    def _run(self, told: Mapping[str, Any], seconds: float) -> None:
        verdict = told.get(semconv.VERDICT, "failed")
        cached = "yes" if told.get(semconv.CACHED) else "no"
        analyzer = told.get(semconv.ANALYZER, "").partition("@")[0] or "none"
        self._add("rail_debug.runs", 1, {"verdict": verdict, "analyzer": analyzer, "cached": cached})
        self._record["rail_debug.run.duration"](seconds, {"verdict": verdict})

    def _retrieval(self, told: Mapping[str, Any], seconds: float) -> None:
        self._add("rail_debug.retrievals", 1, {"source": told[semconv.DB_SYSTEM]})

    def _chat(self, told: Mapping[str, Any], seconds: float) -> None:
        analyzer = told[semconv.PROVIDER]
        self._record["rail_debug.stage.duration"](seconds, {"stage": "chat"})
        for name, direction in ((semconv.TOKENS_IN, "in"), (semconv.TOKENS_OUT, "out")):
            if tokens := told.get(name):
                self._add("rail_debug.tokens", tokens, {"analyzer": analyzer, "direction": direction})
        if cost := told.get(semconv.COST):
            self._add("rail_debug.cost", cost, {"analyzer": analyzer, "currency": told[semconv.CURRENCY]})


OPERATIONS: Final[Mapping[str, Callable[[Metrics, Mapping[str, Any], float], None]]] = {
    "invoke_agent": Metrics._run,
    "retrieval": Metrics._retrieval,
    "chat": Metrics._chat,
}


def _exporter(collector: Collector) -> Any:
    from app.telemetry.export import metrics_to

    return metrics_to(collector)
