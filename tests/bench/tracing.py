"""What being watched costs a question, on and off in one run: `python -m tests.bench.tracing --report …`.

One service answers the same questions in turns: unwatched, with the ring, with metrics, with a collector that is there
and with one that is dead. Its CPU time is read around each turn; the collector is a process of its own.
"""

import argparse
import asyncio
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from app.api.app import build_app
from app.core.brief import Identity
from app.core.settings import load
from app.core.settings.cache import CacheSettings
from app.core.settings.telemetry import Collector, TelemetrySettings
from app.telemetry import semconv, spans
from app.telemetry.recorder import Recorder
from app.telemetry.ring import Ring
from app.telemetry.setup import configure
from tests.retrieval.fakes import HashEmbedder

MODEL = Identity("openai", "small", "0123456789abcdef", remote=True)
OFF = TelemetrySettings(tracing=False, metrics=False)
CODES = ("E73-B", "E43-A", "E21-C", "E12-A")
ASKED = [f"{code}: what do I check first, case {number}?" for number in range(5) for code in CODES]
RECEIVER = (
    "import sys, time\n"
    "from tests.otlp_server import http_receiver\n"
    "with http_receiver() as received:\n"
    "    print(received.endpoint, flush=True)\n"
    "    sys.stdin.read()\n"
)


@contextmanager
def collector() -> Iterator[str]:
    command = [sys.executable, "-c", RECEIVER]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert child.stdout
        yield child.stdout.readline().strip()
    finally:
        assert child.stdin
        child.stdin.close()
        child.wait(10)


async def turn(client: httpx.AsyncClient) -> float:
    """-> CPU milliseconds a question."""
    began = time.process_time()
    for question in ASKED:
        reply = await client.post("/api/v1/debug", json={"question": question})
        assert reply.status_code == 200
    return (time.process_time() - began) / len(ASKED) * 1000


async def measure(rounds: int) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as home, collector() as endpoint:
        dead = {"dead": Collector(endpoint="http://127.0.0.1:9")}
        ways = {
            "unwatched": (OFF, False),
            "spans in the ring": (TelemetrySettings(), False),
            "ring and metrics (default)": (TelemetrySettings(), True),
            "and a collector": (TelemetrySettings(otlp={"jaeger": Collector(endpoint=endpoint)}), True),
            "and a dead collector": (TelemetrySettings(otlp=dead), True),
        }
        settings = load(home=Path(home)).model_copy(
            update={"telemetry": OFF, "cache": CacheSettings(memory_mb=0, search_ttl_s=0, vector_ttl_s=0)}
        )
        app = build_app(settings, embedder=HashEmbedder())
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
        ):
            logging.getLogger().setLevel(logging.ERROR)
            await turn(client)
            spent: dict[str, list[float]] = {way: [] for way in ways}
            for number in range(rounds):
                order = list(ways) if number % 2 else list(reversed(ways))
                for way in order:
                    telemetry, metrics = ways[way]
                    tracing = configure(telemetry, metrics=metrics)
                    try:
                        spent[way].append(await turn(client))
                    finally:
                        tracing.close()
            return spent


def per_call(work: Callable[[], None], times: int = 20_000) -> float:
    """-> microseconds of CPU."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(times):
            work()
        best = min(best, time.process_time() - began)
    return best / times * 1e6


def one_span() -> tuple[float, float]:
    """-> ours, OpenTelemetry's tracer's: a child span with two attributes of its own, handed to a ring."""
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

    ring = Ring(2048)

    class IntoRing(SpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            ring.add(span)  # type: ignore[arg-type]

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(IntoRing())
    tracer = provider.get_tracer("bench")
    name, shared = semconv.retrieval("embedded", 8)

    def theirs() -> None:
        with tracer.start_as_current_span(name, attributes=shared) as span:
            span.set_attribute(semconv.DB_ROWS, 8)

    def ours() -> None:
        with spans.retrieval("embedded", 8) as span:
            span.found(8)

    before = spans.switch(Recorder([ring.add]))
    try:
        with spans.node("outer"):
            mine = per_call(ours)
    finally:
        spans.switch(before)
    with tracer.start_as_current_span("outer"):
        return mine, per_call(theirs)


def whole_question() -> None:
    """The spans of one question to a model, without the question."""
    with spans.request("POST") as request, spans.agent("019aa0c4-0000-7000-8000-00000000abcd", "main") as run:
        with spans.node("understand"):
            pass
        with spans.node("retrieve"), spans.retrieval("embedded", 8) as found:
            for lane in ("dense", "sparse", "code"):
                with spans.lane(lane, "embedded", "main") as hits:
                    hits.found(50)
            found.found(8)
            found.fused(code=3, dense=50, sparse=50)
        with spans.node("analyze"), spans.inference(MODEL) as chat:
            with spans.prompt() as prompt:
                prompt.prompted("analyze@1/default")
            chat.used(700, 110)
            chat.ended("stop")
        for node in ("verify", "record"):
            with spans.node(node):
                pass
        run.decided("answered", MODEL.label)
        request.led("/api/v1/debug", 200)


def watching() -> tuple[float, float, float]:
    """-> switched off, into the ring, and counted too."""
    costs = []
    for telemetry, metrics in ((OFF, False), (TelemetrySettings(), False), (TelemetrySettings(), True)):
        tracing = configure(telemetry, metrics=metrics)
        try:
            costs.append(per_call(whole_question, 2_000))
        finally:
            tracing.close()
    return costs[0], costs[1], costs[2]


def report(spent: dict[str, list[float]], rounds: int) -> str:
    (mine, theirs), (off, ring, counted) = one_span(), watching()
    base = spent["unwatched"]
    rows = [f"| {way} | {statistics.median(values):.2f} | {ratio(values, base)} |" for way, values in spent.items()]
    return "\n".join(
        [
            "# What being watched costs",
            "",
            f"`python -m tests.bench.tracing`: one process, {rounds} rounds of {len(ASKED)} questions each way,",
            "in turns; `evidence` over the sample shelf with a hash embedder and no cache. The machine was shared with",
            "other work, so read ratios. A model or the real embedder makes a question dearer, not its watching.",
            "",
            "| way | CPU ms a question, median | to unwatched in the same round: median [quartiles] |",
            "|---|---|---|",
            *rows,
            "",
            "| one child span with an attribute | CPU µs |",
            "|---|---|",
            f"| ours, into the ring | {mine:.1f} |",
            f"| OpenTelemetry's tracer, into the same ring | {theirs:.1f} |",
            "",
            "| the 13 spans of a question to a model, by themselves | CPU µs |",
            "|---|---|",
            f"| switched off | {off:.0f} |",
            f"| into the ring | {ring:.0f} |",
            f"| and counted (default) | {counted:.0f} |",
            "",
        ]
    )


def ratio(values: Sequence[float], base: Sequence[float]) -> str:
    low, middle, high = statistics.quantiles([value / of for value, of in zip(values, base, strict=True)], n=4)
    return f"{middle:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    text = report(asyncio.run(measure(options.rounds)), options.rounds)
    print(text)
    if options.report:
        options.report.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
