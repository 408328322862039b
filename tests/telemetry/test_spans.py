import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.brief import Identity
from app.core.errors import AnalyzerTimeout
from app.core.settings.telemetry import TelemetrySettings
from app.telemetry import context, semconv, spans
from app.telemetry.ring import Span
from app.telemetry.setup import Tracing, configure
from app.telemetry.threads import Threads

ROOT = Path(__file__).parents[2]
RUN = "019aa0c4-0000-7000-8000-00000000abcd"
MODEL = Identity("openai", "small", "0123456789abcdef", remote=True)


def named(tracing: Tracing, name: str) -> Span:
    return next(span for span in tracing.ring.newest(99) if span.name == name)


def test_a_run_is_one_trace_whose_spans_know_their_parents(tracing: Tracing) -> None:
    with spans.agent("run-1", "main") as run:
        with spans.node("retrieve"), spans.retrieval("embedded", 8) as found:
            found.found(5)
        with spans.node("analyze"), spans.inference(MODEL) as used:
            used.used(700, 110)
    trace = tracing.ring.trace(run.trace_id)
    assert [span.name for span in trace] == [
        "invoke_agent rail-debug",
        "node retrieve",
        "retrieval embedded",
        "node analyze",
        "chat openai@small",
    ]
    root, retrieve, lanes, analyze, chat = trace
    assert [root.parent_id, retrieve.parent_id, analyze.parent_id] == ["", root.span_id, root.span_id]
    assert [lanes.parent_id, chat.parent_id] == [retrieve.span_id, analyze.span_id]
    assert len(run.trace_id) == 32
    assert all(span.milliseconds >= 0 and not span.error for span in trace)


def test_attributes_bear_the_genai_names(tracing: Tracing) -> None:
    with spans.agent("run-1", "main") as run, spans.retrieval("embedded", 8) as found, spans.inference(MODEL) as used:
        found.found(5)
        used.used(700, 110)
    agent, retrieval, chat = tracing.ring.trace(run.trace_id)
    assert agent.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert agent.attributes["rail_debug.run.id"] == "run-1"
    assert agent.attributes["gen_ai.data_source.id"] == "main"
    assert retrieval.attributes["gen_ai.operation.name"] == "retrieval"
    assert retrieval.attributes["db.system.name"] == "embedded"
    assert retrieval.attributes["db.response.returned_rows"] == 5
    assert chat.attributes["gen_ai.operation.name"] == "chat"
    assert chat.attributes["gen_ai.response.model"] == "openai@small#01234567"
    assert (chat.attributes["gen_ai.usage.input_tokens"], chat.attributes["gen_ai.usage.output_tokens"]) == (700, 110)
    assert chat.attributes["rail_debug.analyzer.remote"] is True
    assert all("gen_ai.provider.name" in span.attributes for span in (agent, retrieval, chat))


def test_an_ingest_is_a_workflow_of_its_own(tracing: Tracing) -> None:
    with spans.ingest("main", "brakes/E73.md"):
        pass
    span = named(tracing, "invoke_workflow ingest")
    assert span.attributes["rail_debug.document.path"] == "brakes/E73.md"


def test_notes_add_up_and_hold_no_secret(tracing: Tracing) -> None:
    with spans.node("analyze") as span:
        span.note("analyzer_fallback: bad key sk-proj-abcdefgh12345678")
        span.note("dense_down")
    assert named(tracing, "node analyze").attributes["rail_debug.degraded"] == (
        "analyzer_fallback: bad key ***",
        "dense_down",
    )


def test_an_exception_marks_its_span_by_code_and_leaves_its_text_behind(tracing: Tracing) -> None:
    with pytest.raises(AnalyzerTimeout), spans.agent("run-1", "main"), spans.inference(MODEL):
        raise AnalyzerTimeout("no answer to 'who is max@example.com', key sk-abcdefgh12345678")
    with pytest.raises(KeyError), spans.node("verify"):
        raise KeyError("hunter2")
    run = named(tracing, "invoke_agent rail-debug")
    trace = tracing.ring.trace(run.trace_id)
    assert [span.error for span in trace] == ["", "analyzer_timeout"]  # once, where it happened
    assert named(tracing, "node verify").error == "KeyError"
    assert "sk-abc" not in repr(trace)
    assert "example.com" not in repr(trace)
    assert "hunter2" not in repr(tracing.ring.newest())


def test_a_pause_for_approval_is_no_error(tracing: Tracing) -> None:
    from langgraph.errors import GraphInterrupt

    with pytest.raises(GraphInterrupt), spans.node("approve"):
        raise GraphInterrupt
    assert named(tracing, "node approve").error == ""


async def test_a_cancelled_span_is_closed_and_says_so(tracing: Tracing) -> None:
    async def wait() -> None:
        with spans.node("analyze"):
            await asyncio.sleep(60)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    span = named(tracing, "node analyze")
    assert (span.error, span.attributes["rail_debug.cancelled"]) == ("", True)


async def test_runs_side_by_side_do_not_mix(tracing: Tracing) -> None:
    async def run(number: int) -> str:
        with spans.agent(f"run-{number}", "main") as agent:
            await asyncio.sleep(0)
            with spans.node("retrieve"):
                await asyncio.sleep(0)
            return agent.trace_id

    ids = await asyncio.gather(*(run(number) for number in range(20)))
    assert len(set(ids)) == 20
    for number, trace_id in enumerate(ids):
        agent, node = tracing.ring.trace(trace_id)
        assert (agent.attributes["rail_debug.run.id"], node.parent_id) == (f"run-{number}", agent.span_id)


async def deltas() -> AsyncIterator[int]:
    with spans.inference(MODEL):
        yield 1
        yield 2


async def test_a_stream_that_is_dropped_inside_a_node_does_not_swallow_the_spans_after_it(tracing: Tracing) -> None:
    with spans.agent("run-1", "main") as run:
        with spans.node("analyze"):
            stream = deltas()
            await anext(stream)  # and never read to the end
        with spans.node("verify"):
            pass
        await stream.aclose()
        with spans.node("record"):
            pass
    trace = {span.name: span for span in tracing.ring.trace(run.trace_id)}
    root = trace["invoke_agent rail-debug"]
    assert trace["node verify"].parent_id == root.span_id
    assert trace["node record"].parent_id == root.span_id
    assert trace["chat openai@small"].parent_id == trace["node analyze"].span_id


async def test_a_stream_may_be_closed_by_another_task_than_the_one_that_began_it(
    tracing: Tracing, caplog: pytest.LogCaptureFixture
) -> None:
    stream = deltas()
    await asyncio.create_task(anext(stream))
    await asyncio.create_task(stream.aclose())
    with spans.node("record"):
        pass
    assert named(tracing, "chat openai@small").error == ""
    assert named(tracing, "node record").parent_id == ""
    assert caplog.records == []


def test_switched_off_nothing_is_made_and_nothing_is_imported() -> None:
    code = (
        "import sys, timeit\n"
        "from app.core.settings.telemetry import TelemetrySettings\n"
        "from app.telemetry import setup, spans\n"
        "tracing = setup.configure(TelemetrySettings(tracing=False))\n"
        "with spans.agent('r', 'main') as a, spans.node('x') as n, spans.retrieval('s', 1), spans.ingest('k', 'p'):\n"
        "    a.found(1), a.used(1, 2), a.note('x')\n"
        "assert (a.trace_id, a is n, len(tracing.ring), tracing.exports) == ('', True, 0, None)\n"
        "tracing.close()\n"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=ROOT)


def test_without_a_collector_nothing_heavy_is_imported() -> None:
    code = (
        "import sys\n"
        "from app.core.settings.telemetry import TelemetrySettings\n"
        "from app.telemetry import setup, spans\n"
        "tracing = setup.configure(TelemetrySettings())\n"
        "with spans.agent('r', 'main'), spans.node('x'):\n"
        "    pass\n"
        "assert len(tracing.ring) == 2\n"
        "assert not [m for m in sys.modules if m.split('.')[0] in ('opentelemetry', 'grpc', 'requests')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=ROOT)


def test_the_ring_is_bounded_and_keeps_the_newest() -> None:
    tracing = configure(TelemetrySettings(ring=3))
    for number in range(5):
        with spans.node(f"n{number}"):
            pass
    tracing.close()
    assert [span.name for span in tracing.ring.newest(2)] == ["node n4", "node n3"]
    assert len(tracing.ring) == 3


def test_closing_gives_the_spans_back_to_the_tracer_before(tracing: Tracing) -> None:
    inner = configure(TelemetrySettings())
    with spans.node("inner"):
        pass
    inner.close()
    with spans.node("outer"):
        pass
    assert [span.name for span in inner.ring.newest()] == ["node inner"]
    assert [span.name for span in tracing.ring.newest()] == ["node outer"]


def test_a_global_provider_of_somebody_else_is_left_alone_and_leads_the_trace(tracing: Tracing) -> None:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    other = TracerProvider(shutdown_on_exit=False).get_tracer("web server")
    before = trace.get_tracer_provider()
    with other.start_as_current_span("GET /") as request, spans.agent("run-1", "main") as run:
        assert run.trace_id == f"{request.get_span_context().trace_id:032x}"
    assert trace.get_tracer_provider() is before
    assert [span.name for span in tracing.ring.trace(run.trace_id)] == ["invoke_agent rail-debug"]


async def test_threads_of_the_pool_know_their_run(tracing: Tracing) -> None:
    def work() -> str:
        with spans.lane("dense", "embedded", "main"):
            return spans.RUN.get()

    with Threads(2) as pool:
        with spans.agent("run-1", "main") as run:
            told = await asyncio.get_running_loop().run_in_executor(pool, work)
        nobody = await asyncio.get_running_loop().run_in_executor(pool, work)
    assert (told, nobody) == ("run-1", "")
    agent, lane = tracing.ring.trace(run.trace_id)
    assert lane.parent_id == agent.span_id


def test_a_shadow_is_a_trace_of_its_own_that_is_linked_to_the_question(tracing: Tracing) -> None:
    with spans.agent(RUN, "main") as run:
        asked_at = spans.here()
    with spans.beside("shadow", "scratch", asked_at), spans.inference(MODEL):
        pass
    with spans.agent("run-2", "main") as other, spans.beside("benchmark", "scratch"):
        pass
    shadow, benchmark = named(tracing, "shadow scratch"), named(tracing, "benchmark scratch")
    assert shadow.trace_id != run.trace_id
    assert [(link.trace_id, link.span_id) for link in shadow.links] == [(run.trace_id, RUN[-17:].replace("-", ""))]
    assert [link.trace_id for link in benchmark.links] == [other.trace_id]
    assert len(tracing.ring.trace(shadow.trace_id)) == 2
    assert benchmark.parent_id == ""


def test_an_alpha_stands_on_a_hybrid_call_of_weaviate_only(tracing: Tracing) -> None:
    with spans.retrieval("weaviate", 8) as run, spans.lane("hybrid", "weaviate", "main", alpha=0.6):
        pass
    retrieval, hybrid = tracing.ring.trace(run.trace_id)
    assert hybrid.attributes["db.weaviate.search.alpha"] == 0.6
    assert "db.weaviate.search.alpha" not in retrieval.attributes


def test_every_name_of_the_conventions_is_one_of_the_pinned_release() -> None:
    from opentelemetry.semconv._incubating.attributes import (
        db_attributes,
        error_attributes,
        gen_ai_attributes,
        http_attributes,
        service_attributes,
    )

    released = {
        value
        for module in (db_attributes, error_attributes, gen_ai_attributes, http_attributes, service_attributes)
        for value in vars(module).values()
        if isinstance(value, str)
    }
    own = ("rail_debug.", "rail.", "langfuse.", "llm.", "user.", "db.weaviate.")
    names = {v for k, v in vars(semconv).items() if k.isupper() and isinstance(v, str) and "." in v}
    assert len(names) > 30
    assert {name for name in names if name not in released and not name.startswith(own)} == set()


PARENTS = {
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01": True,
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00": False,
    "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-will-be-like": True,
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more": None,
    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01": None,
    "00-00000000000000000000000000000000-b7ad6b7169203331-01": None,
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01": None,
    "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01": None,
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331": None,
    "0" * 10_000: None,
    "": None,
}


@pytest.mark.parametrize("header", PARENTS, ids=lambda header: header[:12] + header[-8:])
def test_traceparent_is_read_as_w3c_says(header: str) -> None:
    place = context.read(header)
    assert (place.sampled if place else None) is PARENTS[header]
    if place and header.startswith("00"):
        assert context.written(place) == header
