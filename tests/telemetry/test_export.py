"""Spans as collectors get them, over real connections and with the official messages."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc")

from app.core.brief import Identity
from app.core.errors import AnalyzerTimeout
from app.core.settings.telemetry import Collector, TelemetrySettings
from app.telemetry import spans
from app.telemetry.setup import Tracing, configure
from tests.otlp_server import RECEIVERS, Received, attributes, grpc_receiver, http_receiver

MODEL = Identity("openai", "small", "0123456789abcdef", remote=True)
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RUN = "019aa0c4-0000-7000-8000-00000000abcd"

Receive = Callable[[], AbstractContextManager[Received]]


@contextmanager
def exporting(**otlp: Collector) -> Iterator[Tracing]:
    tracing = configure(TelemetrySettings(otlp=otlp))
    try:
        yield tracing
    finally:
        tracing.close()


def work() -> str:
    with spans.request("POST", CALLER) as request, spans.agent(RUN, "main") as run:
        with spans.node("retrieve"), spans.retrieval("embedded", 8) as found:
            found.found(5)
            found.note("dense_down")
        with spans.node("analyze"), pytest.raises(AnalyzerTimeout), spans.inference(MODEL) as used:
            used.prompted("analyze@2/default")
            used.used(700, 110)
            raise AnalyzerTimeout("late")
        run.decided("answered", MODEL.label)
        request.led("/api/v1/debug", 200)
    with spans.beside("shadow", "scratch"):
        pass
    return run.trace_id


@pytest.mark.parametrize(("protocol", "receiver"), RECEIVERS)
def test_spans_received_equal_spans_made(protocol: str, receiver: Receive) -> None:
    with receiver() as received:
        collector = Collector(endpoint=received.endpoint, protocol=protocol)
        with exporting(jaeger=collector) as tracing:
            work()
            made = {span.span_id: span for span in tracing.ring._spans}
    got = {span.span_id.hex(): span for span in received.spans}
    assert len(received.spans) == len(made) == 7
    assert got.keys() == made.keys()
    assert received.services == {"rail-debug"}
    for span_id, span in made.items():
        came = got[span_id]
        assert (came.trace_id.hex(), came.parent_span_id.hex(), came.name) == (
            span.trace_id,
            span.parent_id,
            span.name,
        )
        assert (came.start_time_unix_nano, came.end_time_unix_nano) == (span.started_ns, span.ended_ns)
        assert attributes(came) == dict(span.attributes)
        assert came.status.message == span.error
        assert (came.status.code == 2) is bool(span.error)
        assert [link.trace_id.hex() for link in came.links] == [link.trace_id for link in span.links]


def test_the_caller_s_trace_goes_on_and_kinds_are_told() -> None:
    with http_receiver() as received, exporting(jaeger=Collector(endpoint=received.endpoint)):
        trace_id = work()
    request, chat = received.named("POST /api/v1/debug"), received.named("chat openai@small")
    assert trace_id == request.trace_id.hex() == CALLER[3:35]
    assert request.parent_span_id.hex() == CALLER[36:52]
    assert (request.kind, chat.kind) == (request.SPAN_KIND_SERVER, request.SPAN_KIND_CLIENT)


def test_two_collectors_get_each_span_once_and_each_its_own_key() -> None:
    with grpc_receiver() as jaeger, http_receiver() as langfuse:
        both = {
            "jaeger": Collector(endpoint=jaeger.endpoint, protocol="grpc", headers={"X-Key": "j"}),
            "langfuse": Collector(
                endpoint=f"{langfuse.endpoint}/api/public/otel", public_key="pk-lf-1", secret_key="sk-lf-2"
            ),
        }
        with exporting(**both):
            work()
    for received in (jaeger, langfuse):
        assert len(received.spans) == len({span.span_id for span in received.spans}) == 7
    assert jaeger.headers[0]["x-key"] == "j"
    assert langfuse.headers[0]["authorization"] == "Basic cGstbGYtMTpzay1sZi0y"
    assert attributes(langfuse.named("chat openai@small"))["langfuse.observation.prompt.version"] == 2


def test_a_caller_that_samples_nothing_is_exported_nothing() -> None:
    with http_receiver() as received, exporting(jaeger=Collector(endpoint=received.endpoint)) as tracing:
        with spans.request("GET", CALLER[:-1] + "0"), spans.node("x"):
            pass
        assert len(tracing.ring) == 2
    assert received.spans == []


def test_metrics_go_to_those_that_want_them() -> None:
    with http_receiver() as received:
        collector = Collector(endpoint=received.endpoint, metrics=True, traces=False)
        tracing = configure(TelemetrySettings(otlp={"collector": collector}), metrics=True)
        work()
        tracing.close()
    assert {"rail_debug.runs", "rail_debug.tokens", "rail_debug.stage.duration"} <= received.metrics
    assert received.spans == []


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where connections are taken and never answered."""
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(64)
        yield f"http://127.0.0.1:{hole.getsockname()[1]}"


def closed_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("kind", ["closed", "black hole", "both dead"])
def test_a_dead_collector_costs_one_line_no_memory_and_no_long_farewell(
    kind: str, protocol: str, nobody: str, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = closed_port() if kind == "closed" else nobody
    names = ["a", "b"] if kind == "both dead" else ["a"]
    caplog.set_level(logging.WARNING)
    with exporting(**{name: Collector(endpoint=endpoint, protocol=protocol) for name in names}) as tracing:
        for _ in range(6_000):
            with spans.node("x"):
                pass
        time.sleep(2.5)  # several batches fail
        began = time.monotonic()
        tracing.close()
        left = time.monotonic() - began
    assert left < 2.0
    assert all(lost >= 2_000 for lost in tracing.lost.values())
    assert len(caplog.records) <= 2 * len(names)  # that it is dead, and that its queue was full


def test_a_collector_that_refuses_is_told_of_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    from app.telemetry.export import Outlet

    class Refusing(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            return SpanExportResult.FAILURE

    now = [1000.0]
    outlet = Outlet("jaeger", Refusing(), 512, clock=lambda: now[0])
    for second in (0, 1, 59, 60, 61, 125):
        now[0] = 1000.0 + second
        outlet._courier.export([object()])  # type: ignore[list-item]
    outlet.close()
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 3
    assert "'jaeger' takes no spans; 6 were lost" in told[-1]
